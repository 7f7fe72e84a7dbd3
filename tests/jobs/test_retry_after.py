"""`Retry-After`: what a target may ask for, and what is passed over (F18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.outcome import Outcome, Verdict, judge
from lambdas.jobs.retry_after import LONGEST_RETRY_AFTER_MS
from lambdas.jobs.sending import Answer
from tests.examples import a_job

JOB = a_job()
DAY_SECONDS = 86_400
ARRIVED_MS = JOB.fire_at_ms + 135.5
"""When the answer arrived; dates count from there."""

IMF_FIXDATE = "%a, %d %b %Y %H:%M:%S GMT"
FORMS = {"IMF-fixdate": IMF_FIXDATE, "RFC 850": "%A, %d-%b-%y %H:%M:%S GMT", "asctime": "%a %b %e %H:%M:%S %Y"}
PIECES = [*"0123456789,:+- .", "Sun", "Sunday", "Nov", "GMT", "-0500", "06", "1994", "08:49:37"]


def judged(*values: str, status: int = 503, name: str = "Retry-After") -> Outcome:
    """Of an answer with a header for each value."""
    headers = tuple((name, value) for value in values)
    started_at_ms = JOB.fire_at_ms + 4.9
    return judge(
        JOB, Answer(status, headers, b"", started_at_ms, duration_ms=ARRIVED_MS - started_at_ms, truncated=False)
    )


def wait_ms(*values: str) -> int | None:
    return judged(*values).retry_after_ms


def http_date(seconds: float, form: str = IMF_FIXDATE) -> str:
    """A date so many seconds after the answer's arrival, in whole seconds."""
    return (datetime.fromtimestamp(ARRIVED_MS / 1000, UTC) + timedelta(seconds=seconds)).strftime(form)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_it_counts_wherever_there_is_a_retry(status: int) -> None:
    """F18: 429 and 503, and whatever else may pass."""
    assert judged("7", status=status).retry_after_ms == 7_000


@pytest.mark.parametrize("status", [200, 301, 404])
def test_it_counts_only_where_there_is_a_retry(status: int) -> None:
    """F18: a 301 may carry it too (RFC 9110, 10.2.3), and is not tried again."""
    assert judged("7", status=status).retry_after_ms is None


@pytest.mark.parametrize("name", ["retry-after", "RETRY-AFTER"])
def test_its_name_may_be_written_in_any_case(name: str) -> None:
    """F18: as HTTP has it."""
    assert judged("7", name=name).retry_after_ms == 7_000


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1),
        ("120", 120),
        (" 120 ", 120),
        ("0120", 120),
        ("0" * 60_000 + "5", 5),
        (str(DAY_SECONDS), DAY_SECONDS),
        (str(DAY_SECONDS + 1), DAY_SECONDS),
        ("3155760000", DAY_SECONDS),
        ("9" * 5_000, DAY_SECONDS),
    ],
)
def test_seconds_are_obeyed_up_to_a_day(value: str, seconds: int) -> None:
    """F18: a century is a day; thousands of digits are not even parsed."""
    assert wait_ms(value) == seconds * 1000


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("now", ["2026-11-09T08:49:37", "2026-11-29T23:59:59", "2028-02-29T00:00:00"])
def test_a_date_in_each_form_of_http_is_obeyed(form: str, now: str) -> None:
    """F18: RFC 9110, 5.6.7: all three must be understood, and all are in GMT."""
    arrived = datetime.fromisoformat(now).replace(tzinfo=UTC)
    date = (arrived + timedelta(seconds=90)).strftime(FORMS[form])
    answer = Answer(429, (("Retry-After", date),), b"", arrived.timestamp() * 1000, 0, truncated=False)
    assert judge(JOB, answer).retry_after_ms == 90_000


def test_a_date_counts_from_the_arrival_of_the_answer() -> None:
    """F18: not from when it was asked."""
    assert wait_ms(http_date(60)) == pytest.approx(60_000 - ARRIVED_MS % 1000, abs=1)


def test_a_date_with_another_zone_means_what_it_says() -> None:
    """F18: HTTP knows only GMT, but a target that writes its own zone does not mean another instant."""
    date = http_date(60 + 7_200, "%a, %d %b %Y %H:%M:%S +0200")
    assert wait_ms(date) == wait_ms(http_date(60))


@pytest.mark.parametrize("days", [2, 400, 36_525])
def test_a_date_beyond_a_day_is_a_day(days: int) -> None:
    """F18: in a century, too."""
    assert wait_ms(http_date(days * DAY_SECONDS)) == LONGEST_RETRY_AFTER_MS


@pytest.mark.parametrize("value", ["0", "00", http_date(-60), http_date(-36_525 * DAY_SECONDS), http_date(0)])
def test_no_wait_is_no_wish(value: str) -> None:
    """F18: the job's own wait applies. A target whose clock is slow must not be called again at once, each time."""
    assert wait_ms(value) is None


@pytest.mark.parametrize(
    "value",
    [
        *[
            "",
            "soon",
            "-5",
            "-0",
            "+5",
            "1.5",
            ".5",
            "1e3",
            "0x10",
            "1_000",
            "120, 60",
            "5 s",
            "5;",
            "１２",
            "٣",
            "\x00",
        ],
        *["infinity", "nan", "Sun", "GMT", ",", ":", "- -"],
        "Sun, 99 Nov 2026 08:49:37 GMT",
        "Sun, 29 Nov 2026 25:00:00 GMT",
        "Nov 06 08:49:37 99999999999999999999 GMT",
        "Sun, 06 Nov 1994 08:49:37 +99999999",
        "Sun, 06 Nov 2036 08:49:37 +" + "9" * 60_000,
        "Sun, 06 Nov 2036 08:49:37" + " " * 60_000 + "GMT",
        "2036-11-06T08:49:37Z",
    ],
)
def test_nonsense_is_ignored(value: str) -> None:
    """F18: then the job's own backoff applies. A fraction is nonsense too: HTTP knows whole seconds."""
    outcome = judged(value)
    assert (outcome.verdict, outcome.retry_after_ms) == (Verdict.RETRYABLE, None)


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        (("60", "120"), 120),
        (("120", "60"), 120),
        (("soon", "60"), 60),
        (("60", "-5", ""), 60),
        (("0", "60"), 60),
        (("60", "9" * 100), DAY_SECONDS),
        (("60", http_date(2 * DAY_SECONDS)), DAY_SECONDS),
        (("60", http_date(-60)), 60),
    ],
)
def test_of_several_the_longest_is_obeyed(values: tuple[str, ...], seconds: int) -> None:
    """F18: what a target and the proxy before it ask for is obeyed by waiting for both; nonsense beside it is none."""
    assert wait_ms(*values) == seconds * 1000


@given(st.lists(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES)).map("".join)), max_size=3))
def test_no_value_is_a_trap(values: list[str]) -> None:
    """F18: anything a target may send gives a wait within bounds, or none."""
    waits_ms = wait_ms(*values)
    assert waits_ms is None or 0 < waits_ms <= LONGEST_RETRY_AFTER_MS
