"""From what the user wrote to an instant."""

from __future__ import annotations

import pytest

from lambdas.jobs.due_time import LONGEST_DELAY_SECONDS, PAST_GRACE_MS, DueTime, due_after
from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.instant import rfc3339
from tests.jobs.due_times import NOW_MS, due, ms, refusal


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-11-29T06:00:00Z", "2026-11-29T06:00:00.000Z"),
        ("2026-11-29t06:00:00z", "2026-11-29T06:00:00.000Z"),
        ("2026-11-29 06:00:00Z", "2026-11-29T06:00:00.000Z"),
        ("2026-11-29T06:00Z", "2026-11-29T06:00:00.000Z"),
        ("2026-11-29 06:00-05:00", "2026-11-29T11:00:00.000Z"),
        ("2026-11-29T06:00:00+05:45", "2026-11-29T00:15:00.000Z"),
        ("2026-11-29T06:00:00-00:00", "2026-11-29T06:00:00.000Z"),
        ("2026-11-29T06:00:00+23:59", "2026-11-28T06:01:00.000Z"),
        ("2026-11-29T06:00:00.5Z", "2026-11-29T06:00:00.500Z"),
        ("2026-11-29T06:00:00.1239999999Z", "2026-11-29T06:00:00.123Z"),
        ("2026-11-29T23:59:59.999999Z", "2026-11-29T23:59:59.999Z"),
        ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"),
    ],
)
def test_a_time_with_offset_is_an_instant(written: str, instant: str) -> None:
    """RFC 3339, its letters in either case, a space for the T, minutes alone; what is finer than a ms is cut off."""
    assert due(written) == DueTime(ms(instant))
    assert rfc3339(due(written).ms) == instant


def test_the_zone_does_not_move_a_time_with_offset() -> None:
    """It then says only how to show it."""
    assert due("2026-11-29T06:00:00Z", "Asia/Tokyo") == due("2026-11-29T06:00:00Z")


@pytest.mark.parametrize(
    "written",
    [
        *("", "now", "tomorrow 9am", "1801472400", "2026-11-29", "T06:00:00Z", "06:00", "2026-11-29T06Z"),
        *("2026-11-29T06:00:00+02", "2026-11-29T06:00:00+0200", "2026-11-29T06:00:00+24:00"),
        *("2026-11-29T06:00:00+02:60", "2026-11-29T06:00:00 +02:00", "2026-11-29T06:00:00UTC", "2026-11-29T06:00:00Zz"),
        *("2026-11-29T06:00:00+02:00:00", "2026-11-29T06:00:00+02:00[Europe/Berlin]", "2026-11-29T06:00:00\u221202:00"),
        *("20261129T060000Z", "2026-W48-7T06:00:00Z", "2026-333T06:00:00Z", "26-11-29T06:00:00Z", "02026-11-29T06:00Z"),
        *("2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z", "2027-02-29T00:00:00Z"),
        *("0000-01-01T00:00:00Z", "2026-11-29T24:00:00Z", "2026-11-29T06:60:00Z", "2026-11-29T06:00:61Z"),
        *("2026-11-29T6:00:00Z", "2026-11-29T06:0:00Z", "2026-11-29T06:00:0Z", "2026-11-29T06:00:00.Z"),
        *(
            "2026-11-29T06:00:00,5Z",
            "2026-11-29T06:00.5Z",
            "2026-11-29  06:00Z",
            "2026-11-29_06:00Z",
            "2026/11/29T06:00Z",
        ),
        *(" 2026-11-29T06:00:00Z", "2026-11-29T06:00:00Z ", "2026-11-29T06:00:00Z\n", "2026-11-29\t06:00Z"),
        *("\uff12026-11-29T06:00:00Z", "2026-11-29T06:00:0\u0660Z", "-2026-11-29T06:00:00Z", "+2026-11-29T06:00Z"),
    ],
)
def test_other_forms_are_refused(written: str) -> None:
    """Also those that Python's own parser takes in one version or another."""
    assert refusal(written).code == "at_format"


@pytest.mark.parametrize("written", ["2026-12-31T23:59:60Z", "2027-01-01T08:59:60+09:00", "2026-12-31T23:59:60"])
def test_a_leap_second_is_refused(written: str) -> None:
    """None is known ahead, and UTC in milliseconds since the epoch has no place for it (fault F27)."""
    assert refusal(written, "UTC").code == "at_format"


def test_a_local_time_needs_a_zone() -> None:
    """Nobody's own zone is taken for it."""
    assert refusal("2026-11-29T01:00").code == "at_offset_required"


def test_what_is_just_past_is_taken() -> None:
    """Up to 60 s: the request was on its way, or clocks differ; it fires now, but is due when the user said."""
    assert due(rfc3339(NOW_MS - PAST_GRACE_MS)).ms == NOW_MS - 60_000
    assert refusal(rfc3339(NOW_MS - PAST_GRACE_MS - 1)).code == "at_past"


def test_a_hundred_years_are_the_limit() -> None:
    """To the millisecond, as for a delay."""
    assert due(rfc3339(NOW_MS + LONGEST_DELAY_SECONDS * 1000)).ms == NOW_MS + 3_155_760_000_000
    assert refusal(rfc3339(NOW_MS + LONGEST_DELAY_SECONDS * 1000 + 1)).code == "at_too_far"


@pytest.mark.parametrize(
    ("written", "zone_name", "code"),
    [
        ("0001-01-01T00:00:00+23:59", None, "at_past"),
        ("9999-12-31T23:59:59-23:59", None, "at_too_far"),
        ("0001-01-01T00:00", "Asia/Tokyo", "at_past"),
        ("9999-12-31T23:59", "America/New_York", "at_too_far"),
    ],
)
def test_the_ends_of_the_calendar_are_only_far(written: str, zone_name: str | None, code: str) -> None:
    """Their instants lie beyond what a datetime holds, which is no reason to fail."""
    assert refusal(written, zone_name).code == code


@pytest.mark.parametrize(
    ("delay_seconds", "ms_later"),
    [(0, 0), (60, 60_000), (0.001, 1), (1.1, 1_100), (0.29, 290), (3_155_759_999.999, 3_155_759_999_999)],
)
def test_a_delay_counts_from_now(delay_seconds: float, ms_later: int) -> None:
    """In whole milliseconds."""
    assert due_after(delay_seconds, now_ms=NOW_MS) == DueTime(NOW_MS + ms_later)


@pytest.mark.parametrize("delay_seconds", [0.0001, 1.2345, 1e-300, 0.30000000000000004])
def test_a_delay_has_at_most_3_decimals(delay_seconds: float) -> None:
    """More would be cut off silently."""
    with pytest.raises(ValueRefused) as refused:
        due_after(delay_seconds, now_ms=NOW_MS)
    assert refused.value.code == "range"
