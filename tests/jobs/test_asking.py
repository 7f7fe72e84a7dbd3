"""The query of a list of jobs."""

from __future__ import annotations

import pytest

from lambdas.jobs.asking import list_query
from lambdas.jobs.errors import RequestRefused
from lambdas.jobs.job import Status
from lambdas.jobs.listing import ListQuery, Position, encode_cursor

KEY = b"k" * 32
NOON_MS = 1_798_113_600_000  # 2026-12-24T12:00:00Z


def asked(**parameters: str) -> ListQuery:
    return list_query(
        [(name.rstrip("_"), value) for name, value in parameters.items()], owner="ada", cursor_key=lambda: KEY
    )


def faults(*parameters: tuple[str, str]) -> list[tuple[str, str]]:
    with pytest.raises(RequestRefused) as refused:
        list_query(parameters, owner="ada", cursor_key=lambda: KEY)
    assert refused.value.status == 422
    return [(fault.field, fault.code) for fault in refused.value.faults]


def test_without_parameters_all_jobs_are_asked_for() -> None:
    """Ascending, 50 of them; an empty value is as good as none."""
    assert asked() == ListQuery("ada")
    assert asked(status="", from_="", to="", order="", limit="", cursor="") == ListQuery("ada")


def test_all_parameters_are_read() -> None:
    """From ≤ due < to, in one order."""
    query = asked(
        status="failed,cancelled",
        from_="2026-12-24T12:00:00Z",
        to="2026-12-25 13:00+01:00",
        order="desc",
        limit="7",
        name="purge ",
        host="shop.example.com",
    )
    assert query == ListQuery(
        "ada",
        statuses=frozenset({Status.FAILED, Status.CANCELLED}),
        from_ms=NOON_MS,
        to_ms=NOON_MS + 86_400_000,
        descending=True,
        limit=7,
        name="purge ",
        host="shop.example.com",
    )


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("Shop.EXAMPLE.com.", "shop.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("[2001:DB8:0::1]", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
    ],
)
def test_a_host_is_asked_for_in_any_of_its_spellings(written: str, host: str) -> None:
    """As a URL is: one host has one form in the store."""
    assert asked(host=written).host == host


def test_a_cursor_of_one_search_is_good_for_no_other() -> None:
    """It says where that search had come to."""
    query = asked(name="a", host="example.com")
    cursor = encode_cursor(query, {"failed": Position(NOON_MS, "job_1")}, key=KEY)
    assert asked(name="a", host="example.com", cursor=cursor).after
    for other in ({"name": "a"}, {"host": "example.com"}, {"name": "b", "host": "example.com"}, {}):
        with pytest.raises(RequestRefused) as refused:
            asked(**other, cursor=cursor)
        assert refused.value.code == "cursor_invalid"


@pytest.mark.parametrize(
    ("status", "statuses"),
    [
        ("scheduled", {Status.SCHEDULED}),
        ("upcoming", {Status.SCHEDULED, Status.RUNNING}),
        ("upcoming,running,failed", {Status.SCHEDULED, Status.RUNNING, Status.FAILED}),
        ("failed,failed", {Status.FAILED}),
    ],
)
def test_statuses_may_be_several_and_upcoming_is_two(status: str, statuses: set[Status]) -> None:
    """Separated by commas."""
    assert asked(status=status).statuses == statuses


@pytest.mark.parametrize(
    "written",
    ["2026-12-24T13:00:00 01:00", "2026-12-24T13:00 01:00", "2026-12-24 13:00:00.000 01:00", "2026-12-24 12:00Z"],
)
def test_a_plus_that_became_a_blank_is_a_plus(written: str) -> None:
    """In a query + means a blank; most people forget to write %2B."""
    assert asked(from_=written).from_ms == NOON_MS


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("status", "done", "range"),
        ("status", "Failed", "range"),
        ("status", "failed,", "range"),
        ("status", "failed, cancelled", "range"),
        ("from", "yesterday", "at_format"),
        ("name", "n" * 201, "range"),
        ("host", "https://example.com/", "range"),
        ("host", "example.com:8443", "range"),
        ("host", "a b", "range"),
        ("host", "a." * 128 + "com", "range"),
        ("host", "0x7f.1", "range"),
        ("from", "2026-12-24", "at_format"),
        ("to", "1798113600", "at_format"),
        ("to", "2026-12-24T12:00:00", "at_offset_required"),
        ("to", "2026-12-24 12:00", "at_offset_required"),
        ("order", "DESC", "range"),
        ("order", "up", "range"),
        ("limit", "0", "range"),
        ("limit", "101", "range"),
        ("limit", "-1", "range"),
        ("limit", "9" * 5000, "range"),
        ("limit", "ten", "type"),
        ("limit", "1.0", "type"),
        ("limit", "+1", "type"),
        ("limit", "\u0661", "type"),
        ("cursor", "nonsense", "cursor_invalid"),
        ("owner", "eve", "unknown_field"),
        ("Status", "failed", "unknown_field"),
        ("", "x", "unknown_field"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: str, code: str) -> None:
    """With the parameter's name as the field."""
    assert faults((name, value)) == [(name, code)]


def test_no_local_time_is_held_out_where_none_is_taken() -> None:
    """What a fault says would be right is right."""
    with pytest.raises(RequestRefused) as refused:
        asked(from_="yesterday")
    assert refused.value.detail == "Write an RFC 3339 time such as 2026-11-29T06:00:00Z."


def test_a_parameter_is_given_once() -> None:
    """Which of two was meant, nobody knows."""
    assert faults(("limit", "1"), ("limit", "2")) == [("limit", "type")]
    assert faults(("cursor", ""), ("cursor", "")) == [("cursor", "type")]


def test_a_range_does_not_end_before_it_begins() -> None:
    """An empty one is allowed."""
    assert asked(from_="2026-12-24T12:00Z", to="2026-12-24T12:00Z").to_ms == NOON_MS
    assert faults(("from", "2026-12-24T12:00:00.001Z"), ("to", "2026-12-24T12:00Z")) == [("to", "range")]


def test_all_faults_are_told_at_once() -> None:
    """And a broken bound does not also make a broken range; a cursor is not judged for a question that is none."""
    told = faults(
        ("limit", "x"), ("from", "x"), ("to", "2026-12-24T12:00Z"), ("cursor", "x"), ("status", "x"), ("y", "z")
    )
    assert sorted(told) == [("from", "at_format"), ("limit", "type"), ("status", "range"), ("y", "unknown_field")]


def test_a_cursor_goes_on_with_the_question_it_was_given_for() -> None:
    """Of the same owner; another page size is fine, another range is not."""
    query = asked(status="failed", limit="1")
    after = {"failed": Position(NOON_MS, "job_" + "0" * 32)}
    cursor = encode_cursor(query, after, key=KEY)
    assert asked(status="failed", limit="9", cursor=cursor).after == after
    assert faults(("status", "cancelled"), ("cursor", cursor)) == [("cursor", "cursor_invalid")]
    with pytest.raises(RequestRefused):
        list_query([("status", "failed"), ("cursor", cursor)], owner="eve", cursor_key=lambda: KEY)
