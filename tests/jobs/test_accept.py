"""From a document to a job."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.accept import new_job
from lambdas.jobs.destination import Rules
from lambdas.jobs.document import read_document
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Body, Expectation, Job, Notify, Request, RetryPolicy, Status
from lambdas.jobs.view import shown
from tests.examples import HORIZON
from tests.fakes import NOW_MS

LOCAL = Rules.from_settings(private_targets="127.0.0.1,[::1],localhost", allowed_ports="443", own_hosts="")


def accepted(rules: Rules | None = None, **fields: Any) -> Job:
    document = {"url": "https://example.com/", **({} if "at" in fields else {"delay_seconds": 60}), **fields}
    return new_job(document, owner="ada", job_id="job_1", now_ms=NOW_MS, horizon=HORIZON, rules=rules or Rules())


def test_the_least_that_can_be_asked_for_has_the_defaults_of_the_api() -> None:
    """A POST without headers and body, five attempts, 30 s, any 2xx; the operators hear of a failure."""
    assert accepted() == Job(
        id="job_1",
        owner="ada",
        request=Request("POST", "https://example.com/"),
        due_at_ms=NOW_MS + 60_000,
        fire_at_ms=NOW_MS + 60_000,
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS,
        name=None,
        status=Status.SCHEDULED,
        timezone=None,
        retry=RetryPolicy(5, 10, 3_600),
        timeout_ms=30_000,
        expect=Expectation(),
        notify=None,
        version=1,
        handoff=True,
    )


def test_all_fields_are_taken_over() -> None:
    """As they were written; the URL in canonical form."""
    job = accepted(
        url="HTTPS://B\u00fccher.de?q",
        method="DELETE",
        headers={"X-B": "2", "x-a": ""},
        secret_headers=["x-b"],
        body={"b": [1, None, "\u00e9"], "a": 1.5},
        at="2026-11-29T01:00",
        timezone="America/New_York",
        retry={"max_attempts": 1, "min_backoff_seconds": 2, "max_backoff_seconds": 3},
        timeout_seconds=1.5,
        expect={"status": [200, "4xx"], "body_contains": "ok", "json": {"a": [1]}},
        notify={"on": ["succeeded", "failed"]},
        name="n" * 200,
    )
    body = Body('{"b":[1,null,"\u00e9"],"a":1.5}'.encode(), "json")
    headers = (("X-B", "2"), ("x-a", ""))
    assert job.request == Request("DELETE", "https://xn--bcher-kva.de/?q", headers, body, ("x-b",))
    assert rfc3339(job.due_at_ms) == "2026-11-29T06:00:00.000Z"
    assert (job.fire_at_ms, job.timezone) == (job.due_at_ms, "America/New_York")
    assert job.retry == RetryPolicy(1, 2, 3)
    assert job.timeout_ms == 1_500
    assert job.expect == Expectation((200, "4xx"), "ok", '{"a":[1]}')
    assert job.notify == Notify(("succeeded", "failed"))
    assert job.name == "n" * 200


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"body": ""}, Body(b"", "text")),
        ({"body": "{}"}, Body(b"{}", "text")),
        ({"body": "\u00e9\U0001f600"}, Body("\u00e9\U0001f600".encode(), "text")),
        ({"body": {}}, Body(b"{}", "json")),
        ({"body": []}, Body(b"[]", "json")),
        ({"body": 0}, Body(b"0", "json")),
        ({"body": False}, Body(b"false", "json")),
        ({"body": 12345678901234567890}, Body(b"12345678901234567890", "json")),
        ({"body": None}, None),
        ({"body": None, "body_base64": "AP8="}, Body(b"\x00\xff", "base64")),
        ({"body_base64": ""}, Body(b"", "base64")),
        ({"body": "x" * (256 * 1024)}, Body(b"x" * (256 * 1024), "text")),
        ({"body": None, "method": "HEAD"}, None),
    ],
)
def test_a_body_is_text_json_or_bytes(fields: dict[str, Any], body: Body | None) -> None:
    """A string as it is, any other JSON value compact, base64 decoded; null is none."""
    assert accepted(**fields).request.body == body


def test_a_time_that_exists_twice_leaves_a_note() -> None:
    """The first is taken, the other told."""
    job = accepted(at="2026-11-01T01:30", timezone="America/New_York")
    assert rfc3339(job.due_at_ms) == "2026-11-01T05:30:00.000Z"
    assert [(note.code, note.other_ms) for note in job.notes] == [("at_ambiguous", job.due_at_ms + 3_600_000)]


def test_what_is_just_past_fires_now_and_says_when_it_was_due() -> None:
    """The due time is the user's, so that lateness is honest."""
    job = accepted(at=rfc3339(NOW_MS - 59_000))
    assert (job.due_at_ms, job.fire_at_ms, job.handoff) == (NOW_MS - 59_000, NOW_MS - 59_000, True)


@pytest.mark.parametrize(
    ("delay_seconds", "near"), [(0, True), (17 * 60, True), (17 * 60 + 0.001, False), (3_155_760_000, False)]
)
def test_only_a_near_job_is_handed_off_by_the_stream(delay_seconds: float, near: bool) -> None:
    """Within the horizon and its margin."""
    job = accepted(delay_seconds=delay_seconds)
    assert job.handoff is near
    assert job.due_at_ms == NOW_MS + round(delay_seconds * 1000)


def test_a_maximum_alone_lowers_the_default_minimum() -> None:
    """Nobody chose the minimum, so it gives way."""
    assert accepted(retry={"max_backoff_seconds": 4}).retry == RetryPolicy(5, 4, 4)
    assert accepted(retry={"max_backoff_seconds": 40}).retry == RetryPolicy(5, 10, 40)
    assert accepted(retry={"min_backoff_seconds": 3_600}).retry == RetryPolicy(5, 3_600, 3_600)


@pytest.mark.parametrize("status", [200, "2xx", "5XX", [200], ["2xx", 404], 100, 599])
def test_expected_statuses_are_codes_and_classes(status: Any) -> None:
    """One or a list, kept as written."""
    assert shown(accepted(expect={"status": status}), whole=True)["expect"] == {"status": status}


@pytest.mark.parametrize("url", ["http://localhost:41234/x", "http://127.0.0.1:9/", "http://[::1]:41234/"])
def test_local_targets_are_taken_where_operators_list_them(url: str) -> None:
    """As in `make run`."""
    assert accepted(LOCAL, url=url).request.url == url


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
header_values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=9)
headers = st.dictionaries(st.sampled_from(["X-A", "content-type", "Accept", "x-other"]), header_values)
documents = st.fixed_dictionaries(
    {"url": st.sampled_from(["https://example.com/a?b", "http://1.1.1.1:8080/"])},
    optional={
        "method": st.sampled_from(["GET", "POST", "PATCH"]),
        "headers": headers,
        "timezone": st.sampled_from(["UTC", "Asia/Kathmandu"]),
        "retry": st.fixed_dictionaries(
            {}, optional={"max_attempts": st.integers(1, 20), "max_backoff_seconds": st.integers(10, 86_400)}
        ),
        "timeout_seconds": st.integers(1, 60) | st.integers(1_000, 60_000).map(lambda ms: ms / 1000),
        "expect": st.fixed_dictionaries(
            {"status": st.integers(100, 599) | st.just("2xx")},
            optional={"body_contains": st.text(), "json": json_values.filter(lambda value: value is not None)},
        ),
        "notify": st.fixed_dictionaries({"on": st.lists(st.sampled_from(["failed", "succeeded"]), unique=True)}),
        "name": st.text(max_size=200),
    },
)
bodies = json_values.map(lambda value: {"body": value}) | st.binary().map(
    lambda content: {"body_base64": base64.b64encode(content).decode()}
)
times = st.integers(0, 10**12).map(lambda ms: {"delay_seconds": ms / 1000}) | st.integers(NOW_MS, NOW_MS + 10**12).map(
    lambda ms: {"at": rfc3339(ms)}
)


@given(documents, bodies, times)
def test_what_is_accepted_is_read_back_equal(
    document: dict[str, Any], body: dict[str, Any], time: dict[str, Any]
) -> None:
    """From bytes to a job and its view, with every field that the user wrote as it was written."""
    written = {**document, **body, **time}
    job = new_job(
        read_document(json.dumps(written).encode()),
        owner="ada",
        job_id="job_1",
        now_ms=NOW_MS,
        horizon=HORIZON,
        rules=Rules(),
    )
    view = json.loads(json.dumps(shown(job, whole=True)))
    for name, value in written.items():
        match name:
            case "url" | "method" | "headers" | "body" | "body_base64":
                assert view["request"][name] == value
            case "at":
                assert view["due_at"] == value
            case "delay_seconds":
                assert job.due_at_ms == NOW_MS + round(value * 1000)
            case "retry":
                assert view["retry"] == {**view["retry"], **value}
            case _:
                assert view[name] == value
