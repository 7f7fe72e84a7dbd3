"""Local times: read in their zone, refused in its gaps, noted in its folds; and instants on the user's clock."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.due_time import LONGEST_DELAY_SECONDS, DueTime, check_zone_name, local, zone_names
from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.instant import rfc3339
from tests.jobs.due_times import NOW_MS, due, ms, refusal

HOUR_MS = 3_600_000


@pytest.fixture(scope="module", autouse=True)
def shipped_zones() -> Iterator[None]:
    """Python's own look-ups are compared on the same database: the machine's may be years behind."""
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.parametrize(
    ("written", "zone_name", "instant"),
    [
        ("2026-11-29T01:00", "America/New_York", "2026-11-29T06:00:00.000Z"),
        ("2026-11-29 01:00", "America/New_York", "2026-11-29T06:00:00.000Z"),
        ("2099-02-01T09:00:00", "Asia/Kolkata", "2099-02-01T03:30:00.000Z"),
        ("2099-02-01T09:00:00.25", "America/Argentina/Buenos_Aires", "2099-02-01T12:00:00.250Z"),
        ("2099-07-01T09:00:00", "Europe/Berlin", "2099-07-01T07:00:00.000Z"),
        ("2099-07-01T09:00:00", "UTC", "2099-07-01T09:00:00.000Z"),
        ("2027-03-28T01:59:59.999", "Europe/Berlin", "2027-03-28T00:59:59.999Z"),
        ("2027-03-28T03:00", "Europe/Berlin", "2027-03-28T01:00:00.000Z"),
    ],
)
def test_a_local_time_is_read_in_its_zone(written: str, zone_name: str, instant: str) -> None:
    """With daylight saving as the zone has it then, also beyond 2037."""
    assert due(written, zone_name) == DueTime(ms(instant))


@pytest.mark.parametrize(
    ("written", "zone_name", "nearest"),
    [
        ("2027-03-28T02:00", "Europe/Berlin", ("2027-03-28T01:59:59", "2027-03-28T03:00:00")),
        ("2027-03-28T02:30", "Europe/Berlin", ("2027-03-28T01:59:59", "2027-03-28T03:00:00")),
        ("2027-03-28T02:59:59.999", "Europe/Berlin", ("2027-03-28T01:59:59", "2027-03-28T03:00:00")),
        ("2027-03-28T01:30", "Europe/London", ("2027-03-28T00:59:59", "2027-03-28T02:00:00")),
        ("2027-03-14T02:30", "America/New_York", ("2027-03-14T01:59:59", "2027-03-14T03:00:00")),
        ("2027-10-03T02:15", "Australia/Lord_Howe", ("2027-10-03T01:59:59", "2027-10-03T02:30:00")),
        ("2027-09-05T00:30", "America/Santiago", ("2027-09-04T23:59:59", "2027-09-05T01:00:00")),
    ],
)
def test_a_local_time_that_does_not_exist_is_refused_with_the_nearest_that_do(
    written: str, zone_name: str, nearest: tuple[str, str]
) -> None:
    """F27. Clocks go forward there; both named times exist."""
    refused = refusal(written, zone_name)
    assert refused.code == "at_nonexistent"
    assert tuple(re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?", refused.message)[1:]) == nearest
    assert due(nearest[1], zone_name).ms - due(nearest[0], zone_name).ms == 1000


def test_a_day_that_a_country_skipped_does_not_exist() -> None:
    """Samoa had no 30 December 2011."""
    with pytest.raises(ValueRefused, match="2011-12-29T23:59:59 and 2011-12-31T00:00:00"):
        due("2011-12-30T12:00", "Pacific/Apia", now_ms=ms("2011-12-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("written", "zone_name", "first", "second", "second_written"),
    [
        *[
            (
                "2026-10-25T02:30",
                "Europe/Berlin",
                "2026-10-25T00:30:00.000Z",
                "2026-10-25T01:30:00.000Z",
                "02:30:00.000+01:00",
            )
        ],
        *[
            (
                "2097-04-07T01:45",
                "Australia/Lord_Howe",
                "2097-04-06T14:45:00.000Z",
                "2097-04-06T15:15:00.000Z",
                "01:45:00.000+10:30",
            )
        ],
        *[
            (
                "2026-11-01T01:00",
                "America/New_York",
                "2026-11-01T05:00:00.000Z",
                "2026-11-01T06:00:00.000Z",
                "01:00:00.000-05:00",
            )
        ],
    ],
)
def test_of_a_local_time_that_exists_twice_the_first_is_taken_and_the_second_told(
    written: str, zone_name: str, first: str, second: str, second_written: str
) -> None:
    """F27. The note names the other instant, and how to ask for it."""
    taken = due(written, zone_name)
    (note,) = taken.notes
    assert (taken.ms, note.code, note.other_ms) == (ms(first), "at_ambiguous", ms(second))
    assert second_written in note.message
    assert due(f"{written[:11]}{second_written}") == DueTime(ms(second))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "Factory",
            "localtime",
            "posixrules",
            "europe/berlin",
            "EUROPE/BERLIN",
            "UTC+2",
            "+02:00",
            "CEST",
            "Berlin",
        ),
        *("../../etc/passwd", "/etc/localtime", "Europe/../Europe/Berlin", "Europe/", "Europe", "Europe/Berlin\n"),
        *("Europe/Berlin ", "Europe\\Berlin", "tzdata.zi", "zone.tab", "right/UTC", "posix/UTC", "\uff35TC", "\0"),
    ],
)
def test_only_known_zone_names_are_taken(name: str) -> None:
    """To the letter, whatever the machine's file system would make of them (threat T11)."""
    with pytest.raises(ValueRefused) as refused:
        check_zone_name(name)
    assert refused.value.code == "timezone_unknown"


def test_all_zones_of_the_database_are_known() -> None:
    """Those that Python finds in the same package, but for the placeholder."""
    assert len(zone_names()) > 500
    assert zone_names() >= zoneinfo.available_timezones() - {"Factory", "localtime"}
    for name in ("UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+12"):
        check_zone_name(name)


def test_an_instant_is_shown_on_the_users_clock() -> None:
    """RFC 3339 with milliseconds and the zone's offset at that time."""
    assert local(ms("2026-11-29T06:00:00Z"), "America/New_York") == "2026-11-29T01:00:00.000-05:00"
    assert local(ms("2026-07-01T06:00:00.123Z"), "Europe/Berlin") == "2026-07-01T08:00:00.123+02:00"
    assert local(ms("2026-07-01T06:00:00Z"), "UTC") == "2026-07-01T06:00:00.000+00:00"


def test_a_zone_that_is_known_no_more_is_not_shown() -> None:
    """The database drops a name now and then; jobs that carry it must stay readable."""
    assert local(NOW_MS, "US/Pacific-New") is None


@given(st.integers(NOW_MS, NOW_MS + LONGEST_DELAY_SECONDS * 1000 - 48 * HOUR_MS), st.sampled_from(sorted(zone_names())))
def test_what_is_shown_means_the_instant_it_was_shown_for(instant: int, zone_name: str) -> None:
    """In UTC, with the zone's offset, and as bare local time; where that exists twice, it or the note's other."""
    shown = local(instant, zone_name)
    assert shown is not None
    assert due(rfc3339(instant)).ms == instant
    assert due(shown).ms == instant
    by_wall = due(shown[:23], zone_name)
    assert instant in (by_wall.ms, *(note.other_ms for note in by_wall.notes))


@given(st.integers(1, 36_500), st.integers(0, 4 * 24), st.sampled_from(sorted(zone_names())))
def test_a_local_time_is_read_as_python_reads_it_or_refused_for_a_gap(days: int, quarters: int, zone_name: str) -> None:
    """At every quarter of an hour, where clocks change."""
    wall = datetime(2026, 9, 22) + timedelta(days=days, minutes=15 * quarters)  # noqa: DTZ001
    zone = zoneinfo.ZoneInfo(zone_name)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    try:
        read = due(wall.isoformat(timespec="minutes"), zone_name)
    except ValueRefused:
        assert instant.astimezone(zone).replace(tzinfo=None) - wall > timedelta(0)
    else:
        assert read.ms == instant.timestamp() * 1000
