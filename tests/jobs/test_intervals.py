"""Hours and days of somebody's clock, where clocks change and where they differ from UTC by odd quarters."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.counting import DAY_MS, QUARTER_MS
from lambdas.jobs.due_time import local, zone_names
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.intervals import day_of, first_instant, starts
from tests.fakes import NOW_MS

HOUR_MS = 3_600_000
ZONES = sorted(zone_names())


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def lengths(interval: str, zone: str, from_: str, to: str) -> list[float]:
    """In hours, of the intervals of a range that is given in UTC."""
    begins = starts(interval, zone, from_ms=at(from_), to_ms=at(to))
    return [(end - begin) / HOUR_MS for begin, end in zip(begins, [*begins[1:], at(to)], strict=True)]


@pytest.mark.parametrize(
    ("zone", "from_", "to", "hours"),
    [
        ("UTC", "2026-11-28", "2026-12-01", [24, 24, 24]),
        ("Europe/Berlin", "2027-03-26T23:00", "2027-03-28T22:00", [24, 23]),
        ("Europe/Berlin", "2026-10-23T22:00", "2026-10-25T23:00", [24, 25]),
        ("America/New_York", "2026-10-31T04:00", "2026-11-02T05:00", [24, 25]),
        ("Asia/Kolkata", "2026-11-27T18:30", "2026-11-29T18:30", [24, 24]),
        ("Asia/Kathmandu", "2026-11-28T00:00", "2026-11-29T18:15", [18.25, 24]),
        ("Australia/Lord_Howe", "2027-04-02T13:00", "2027-04-05T13:30", [24, 24.5, 24]),
        ("Africa/Cairo", "2027-04-28T22:00", "2027-04-30T21:00", [24, 23]),
    ],
    ids=["UTC", "23 h", "25 h", "New York", "half hours", "quarters", "half an hour", "midnight left out"],
)
def test_days_are_those_of_the_clock(zone: str, from_: str, to: str, hours: list[float]) -> None:
    """Of 23, 25 or 24½ hours where clocks change; the first may be a part of one."""
    assert lengths("day", zone, from_, to) == hours


@pytest.mark.parametrize(
    ("zone", "from_", "to", "hours"),
    [
        ("UTC", "2026-11-28T05:40", "2026-11-28T07:10", [1 / 3, 1, 1 / 6]),
        ("Europe/Berlin", "2026-10-24T23:00", "2026-10-25T03:00", [1, 1, 1, 1]),
        ("Asia/Kolkata", "2026-11-28T05:00", "2026-11-28T07:00", [0.5, 1, 0.5]),
        ("Asia/Kathmandu", "2026-11-28T05:15", "2026-11-28T07:15", [1, 1]),
        ("Australia/Lord_Howe", "2027-04-03T13:00", "2027-04-03T16:30", [1, 1.5, 1]),
    ],
    ids=["parts", "an hour twice", "half hours", "quarters", "half an hour twice"],
)
def test_hours_are_those_of_the_clock(zone: str, from_: str, to: str, hours: list[float]) -> None:
    """Each begins when the clock shows a full hour; an hour that comes twice is two."""
    assert lengths("hour", zone, from_, to) == pytest.approx(hours)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Africa/Cairo", date(2027, 4, 30), "2027-04-30T01:00:00.000+03:00"),
        ("America/Havana", date(2026, 11, 1), "2026-11-01T00:00:00.000-04:00"),
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T00:30:00.000-04:00"),
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-31T00:00:00.000+14:00"),
    ],
    ids=["no midnight", "two midnights", "a gap around midnight", "a day left out"],
)
def test_a_day_begins_with_its_first_instant(zone: str, day: date, begins: str) -> None:
    """Which is not always midnight."""
    assert local(first_instant(day, zone), zone) == begins


def test_a_day_that_was_left_out_is_no_interval() -> None:
    """Samoa went from the 29th to the 31st of December 2011."""
    begins = starts("day", "Pacific/Apia", from_ms=at("2011-12-29T10:00"), to_ms=at("2012-01-01T10:00"))
    assert [str(day_of(ms, "Pacific/Apia")) for ms in begins] == ["2011-12-29", "2011-12-31", "2012-01-01"]


def test_an_empty_range_has_no_intervals() -> None:
    """Nor has one that ends before it begins."""
    assert starts("day", "UTC", from_ms=NOW_MS, to_ms=NOW_MS) == []
    assert starts("hour", "UTC", from_ms=NOW_MS, to_ms=NOW_MS - 1) == []


@given(zone=st.sampled_from(ZONES), days=st.integers(0, 36_525), interval=st.sampled_from(["hour", "day"]))
def test_intervals_of_any_zone_begin_on_a_quarter_and_change_the_clock(zone: str, days: int, interval: str) -> None:
    """For a hundred years, in every zone: so that every interval is a sum of whole counters."""
    from_ms = NOW_MS // DAY_MS * DAY_MS + days * DAY_MS
    begins = starts(interval, zone, from_ms=from_ms, to_ms=from_ms + 3 * DAY_MS)
    assert begins == sorted(set(begins)) and begins[0] == from_ms
    assert all(ms % QUARTER_MS == 0 for ms in begins), [rfc3339(ms) for ms in begins]
    shown = [str(local(ms, zone)) for ms in begins]
    lasts = [(end - begin) / HOUR_MS for begin, end in itertools.pairwise(begins[1:])]
    if interval == "day":
        assert len({text[:10] for text in shown}) == len(shown) and all(23 <= hours <= 25 for hours in lasts)
    else:
        assert all(text[14:16] == "00" for text in shown[1:]) and all(0.5 <= hours <= 1.5 for hours in lasts)
