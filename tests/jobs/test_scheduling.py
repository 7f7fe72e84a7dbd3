"""What is wrong with a document: every fault with its code and field, all at once, none twice."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.accept import edit, new_job
from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import MOST_FAULTS_TOLD, Fault, RequestRefused
from lambdas.jobs.scheduling import FIELDS
from tests.examples import HORIZON, a_full_job
from tests.fakes import NOW_MS

SOUND = {"url": "https://example.com/", "delay_seconds": 60}


def refusal(document: dict[str, Any]) -> tuple[Fault, ...]:
    with pytest.raises(RequestRefused) as refused:
        new_job(document, owner="ada", job_id="job_1", now_ms=NOW_MS, horizon=HORIZON, rules=Rules())
    assert refused.value.status == 422
    return refused.value.faults


def faults(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in refusal(document)]


def faults_with(**fields: Any) -> list[tuple[str, str]]:
    """Of a document that is sound but for these fields."""
    return faults({**SOUND, **fields})


def test_a_job_needs_a_url_and_a_time() -> None:
    """Both are told."""
    assert faults({}) == [("url", "required"), ("at", "when_required")]


OBJECTS = ("headers", "retry", "expect", "notify")
NO_PLAIN_VALUES: tuple[Any, ...] = (None, True, [1], {})
NO_OBJECTS: tuple[Any, ...] = (None, True, 1, "x", [])

WRONG_TYPES: list[tuple[str, Any]] = [
    *[(name, value) for name in FIELDS if name not in ("body", *OBJECTS) for value in NO_PLAIN_VALUES],
    *[(name, value) for name in OBJECTS for value in NO_OBJECTS],
    *[(name, 1) for name in ("url", "method", "body_base64", "at", "timezone", "name")],
    *[("secret_headers", "x-a"), ("delay_seconds", "60"), ("timeout_seconds", "30")],
]


@pytest.mark.parametrize(("field", "value"), WRONG_TYPES)
def test_nothing_is_converted(field: str, value: object) -> None:
    """Strict: a number is no string, true is no number, null is nothing. One fault, though the field is not there."""
    assert faults_with(**{field: value}) == [(field, "type")]


@pytest.mark.parametrize(
    ("outer", "inner", "value", "code"),
    [
        ("retry", "max_attempts", 0, "range"),
        ("retry", "max_attempts", 21, "range"),
        ("retry", "max_attempts", 10**30, "range"),
        ("retry", "max_attempts", 3.0, "type"),
        ("retry", "max_attempts", "3", "type"),
        ("retry", "max_attempts", True, "type"),
        ("retry", "max_attempts", None, "type"),
        ("retry", "min_backoff_seconds", 0, "range"),
        ("retry", "min_backoff_seconds", 3_601, "range"),
        ("retry", "max_backoff_seconds", 0, "range"),
        ("retry", "max_backoff_seconds", 86_401, "range"),
        ("retry", "maxAttempts", 3, "unknown_field"),
        ("expect", "statuses", [200], "unknown_field"),
        ("expect", "body_contains", None, "type"),
        ("expect", "body_contains", 1, "type"),
        ("expect", "body_contains", "x" * 16_385, "range"),
        ("expect", "json", None, "type"),
        ("expect", "json", "é" * 8_192, "range"),
        ("notify", "on", None, "type"),
        ("notify", "on", "failed", "type"),
        ("notify", "on", [1], "type"),
        ("notify", "on", ["failed", None, 2], "type"),
        ("notify", "on", ["done"], "range"),
        ("notify", "on", ["failed", "failed"], "range"),
        ("notify", "email", None, "type"),
        ("notify", "email", "ada@example.com", "email_unconfirmed"),
        ("notify", "e-mail", "ada@example.com", "unknown_field"),
    ],
)
def test_inner_fields_are_judged_too(outer: str, inner: str, value: object, code: str) -> None:
    """With their dotted path."""
    assert faults_with(**{outer: {inner: value}}) == [(f"{outer}.{inner}", code)]


@pytest.mark.parametrize(
    "status",
    [
        *(
            None,
            True,
            "",
            "200",
            "2x",
            "2XX ",
            "3xx yes",
            "xx",
            "0xx",
            "6xx",
            "2xX",
            "ok",
            99,
            600,
            -200,
            200.0,
            {},
            [],
        ),
        *([200, None], [True], [[200]], ["2xx", "9xx"], [200] * 101, "\u0662xx"),
    ],
)
def test_any_fault_in_the_expected_status_has_one_code(status: object) -> None:
    """Types too."""
    assert faults_with(expect={"status": status}) == [("expect.status", "expect_status")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("delay_seconds", -1),
        ("delay_seconds", -0.001),
        ("delay_seconds", 3_155_760_001),
        ("delay_seconds", 1.0005),
        ("timeout_seconds", 0),
        ("timeout_seconds", 0.999),
        ("timeout_seconds", 60.001),
        ("name", "n" * 201),
        ("secret_headers", ["x-a"] * 65),
    ],
)
def test_ranges_are_kept(field: str, value: object) -> None:
    """The limits of the table."""
    assert faults_with(**{field: value}) == [(field, "range")]


@pytest.mark.parametrize(
    ("retry", "field"),
    [
        ({"min_backoff_seconds": 60, "max_backoff_seconds": 10}, "retry.min_backoff_seconds"),
        ({"min_backoff_seconds": 10, "max_backoff_seconds": 9}, "retry.min_backoff_seconds"),
    ],
)
def test_the_longest_wait_is_not_under_the_shortest(retry: dict[str, int], field: str) -> None:
    """Unless one of the two is broken already: then nothing is known of them."""
    assert faults_with(retry=retry) == [(field, "range")]
    assert faults_with(retry={**retry, "max_backoff_seconds": "9"}) == [("retry.max_backoff_seconds", "type")]
    assert faults_with(retry={**retry, "min_backoff_seconds": -1}) == [("retry.min_backoff_seconds", "range")]


def test_there_is_one_time() -> None:
    """Exactly one of at and delay_seconds, and each is judged; what is not even a time is no second one."""
    assert faults({**SOUND, "at": "2027-01-01T00:00Z"}) == [("at", "when_conflict")]
    assert faults({**SOUND, "at": "soon"}) == [("at", "when_conflict"), ("at", "at_format")]
    assert faults({**SOUND, "at": None}) == [("at", "type")]
    assert faults({**SOUND, "at": "2027-01-01T00:00Z", "delay_seconds": "60"}) == [("delay_seconds", "type")]


@pytest.mark.parametrize(
    ("at", "timezone", "told"),
    [
        ("soon", None, [("at", "at_format")]),
        ("2027-01-01T00:00", None, [("at", "at_offset_required")]),
        ("2027-01-01T00:00", "Mars/Base", [("timezone", "timezone_unknown")]),
        ("2027-01-01T00:00", 1, [("timezone", "type")]),
        ("2020-01-01T00:00Z", "Mars/Base", [("at", "at_past"), ("timezone", "timezone_unknown")]),
        ("soon", "Mars/Base", [("at", "at_format"), ("timezone", "timezone_unknown")]),
        ("2027-03-28T02:30", "Europe/Berlin", [("at", "at_nonexistent")]),
        ("2020-01-01T00:00", "Europe/Berlin", [("at", "at_past")]),
        ("2200-01-01T00:00", "Europe/Berlin", [("at", "at_too_far")]),
    ],
)
def test_time_and_zone_are_judged_together_and_apart(at: str, timezone: object, told: list[tuple[str, str]]) -> None:
    """A local time in a zone that is none is no fault of the time."""
    zone = {} if timezone is None else {"timezone": timezone}
    assert faults({"url": "https://example.com/", "at": at, **zone}) == told


def test_all_faults_are_told_in_the_order_of_the_table() -> None:
    """Whatever the order of the document, with those of inner fields; what is unknown comes last."""
    document = {
        "nam": 1,
        "retry": {"max_attempts": 0, "tries": 1, "min_backoff_seconds": 60, "max_backoff_seconds": 10},
        "name": 1,
        "notify": {"on": "x", "email": "a@example.com"},
        "expect": {"status": 1, "json": None},
        "timeout_seconds": 0,
        "timezone": "x",
        "delay_seconds": 0.0001,
        "at": "x",
        "body_base64": "?",
        "body": 1,
        "secret_headers": [""],
        "headers": {"Host": "a", "X": 1},
        "method": "x",
        "url": "x",
        "another": 1,
    }
    assert faults(document) == [
        ("url", "url_scheme"),
        ("method", "method"),
        ("headers", "header_denied"),
        ("headers", "header_type"),
        ("secret_headers", "header_name"),
        ("body", "body_conflict"),
        ("body_base64", "base64"),
        ("at", "when_conflict"),
        ("at", "at_format"),
        ("delay_seconds", "range"),
        ("timezone", "timezone_unknown"),
        ("retry.max_attempts", "range"),
        ("retry.tries", "unknown_field"),
        ("retry.min_backoff_seconds", "range"),
        ("timeout_seconds", "range"),
        ("expect.status", "expect_status"),
        ("expect.json", "type"),
        ("notify.on", "type"),
        ("notify.email", "email_unconfirmed"),
        ("name", "type"),
        ("nam", "unknown_field"),
        ("another", "unknown_field"),
    ]


def test_every_fault_says_what_would_be_right() -> None:
    """In a sentence."""
    for fault in refusal({**SOUND, "retry": {"max_attempts": 0}, "method": 1, "timeout_seconds": "1", "nam": 1}):
        assert fault.message.endswith(".")
        assert len(fault.message) > 20
    (fault,) = refusal({**SOUND, "nam": 1})
    assert "name" in fault.message


def test_no_fault_repeats_what_was_written() -> None:
    """It may be a secret (threat T7). Names of unknown fields are told, as the contract wants."""
    secret = "s3cr3t"
    document: dict[str, Any] = {name: secret for name in FIELDS if name not in ("body", "name")}
    document |= {"headers": {"X A": secret, "X-B": f"{secret}\n"}, "secret_headers": [f"{secret} "], "tenant": secret}
    document |= {"expect": {"status": secret, "json": None, "x": secret}, "notify": {"on": [secret], "email": secret}}
    document |= {"retry": {"max_attempts": secret}, "url": f"ftp://{secret}:{secret}@{secret}.com/{secret}"}
    told = refusal(document)
    assert len(told) > 12
    assert secret not in " ".join(f"{fault.field} {fault.message}" for fault in told)


def test_a_document_of_nothing_but_faults_is_answered_shortly() -> None:
    """The answer is bounded, and so is the time (threats T10, T11)."""
    document = {f"{number}" * 20: number for number in range(20_000)}
    begun = time.process_time()
    told = refusal(document)
    assert time.process_time() - begun < 2
    assert len(told) == MOST_FAULTS_TOLD
    assert all(len(fault.field) <= 200 for fault in told)
    assert [fault.code for fault in told[:3]] == ["required", "when_required", "unknown_field"]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
    | st.sampled_from(
        ["https://example.com/", "HEAD", "2027-01-01T00:00", "UTC", "YQ==", "2xx", "failed", "[redacted]"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["max_attempts", "min_backoff_seconds", "status", "json", "on", "email", "X-A"])
            | st.text(),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=9), values, max_size=8))
def test_any_object_is_a_job_or_a_refusal(document: dict[str, Any]) -> None:
    """As a new job and as a patch: never an error of another kind."""
    with contextlib.suppress(RequestRefused):
        new_job(document, owner="ada", job_id="job_1", now_ms=NOW_MS, horizon=HORIZON, rules=Rules())
    with contextlib.suppress(RequestRefused):
        edit(a_full_job(), document, now_ms=NOW_MS, horizon=HORIZON, rules=Rules())
