"""Around a change of clocks each phrase is what the clock on the wall will show, and the service agrees."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.jobs import due_time
from lambdas.jobs.errors import ValueRefused
from punctual.cli.times import TimeRefused, TwoMoments, moment

CHANGES = [  # in years that are over: no government changes them any more
    *(("Europe/Berlin", "2024-03-31T01:00Z"), ("Europe/Berlin", "2024-10-27T01:00Z")),
    *(("America/New_York", "2024-03-10T07:00Z"), ("America/New_York", "2024-11-03T06:00Z")),
    *(("Australia/Lord_Howe", "2024-10-05T15:30Z"), ("Australia/Lord_Howe", "2024-04-06T15:00Z")),  # half an hour
    *(("Africa/Cairo", "2024-04-25T22:00Z"), ("America/Havana", "2024-11-03T05:00Z")),  # at midnight
    *(("Antarctica/Troll", "2024-03-31T01:00Z"), ("Antarctica/Troll", "2024-10-27T01:00Z")),  # two hours
]
changing = st.sampled_from(CHANGES).map(lambda one: (ZoneInfo(one[0]), datetime.fromisoformat(one[1])))
quarters = st.sampled_from([time(hour, minute) for hour in (0, 1, 2, 3, 12, 23) for minute in (0, 15, 30, 45)])


def shown(zone: ZoneInfo, day: date, at: time) -> list[datetime]:
    """When the clocks of the zone show this: found by looking at them every quarter of an hour."""
    wall = datetime.combine(day, at)
    around = (wall.replace(tzinfo=UTC) + timedelta(minutes=15 * step) for step in range(-56, 57))
    return [one for one in around if one.astimezone(zone).replace(tzinfo=None) == wall]


def read(text: str, now: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants that a phrase can mean; none if there is no such time."""
    try:
        return [moment(text, now=now, zone=zone.key).at.astimezone(UTC)]
    except TwoMoments as two:
        return [one.astimezone(UTC) for one in two.readings]
    except TimeRefused as error:
        if "does not exist on" not in str(error):
            raise
        return []


def read_by_the_service(text: str, now: datetime, zone: ZoneInfo) -> list[datetime]:
    now_ms = round(now.timestamp() * 1000)
    try:
        due = due_time.due_at(due_time.read_time(text), zone.key, now_ms=now_ms)
    except ValueRefused as refusal:
        if refusal.code != "at_nonexistent":
            raise
        return []
    others = [note.other_ms for note in due.notes if note.other_ms is not None]
    return [datetime.fromtimestamp(ms / 1000, UTC) for ms in (due.ms, *others)]


@settings(max_examples=200, deadline=None)
@given(changing=changing, minutes=st.integers(-1800, 360), at=quarters)
def test_a_time_of_day_is_the_next_one_that_clocks_show(
    changing: tuple[ZoneInfo, datetime], minutes: int, at: time
) -> None:
    zone, change = changing
    now = change + timedelta(minutes=minutes)
    today = now.astimezone(zone).date()
    for day in (today, today + timedelta(days=1)):
        to_come = [one for one in shown(zone, day, at) if one >= now]
        is_over = not to_come and datetime.combine(day, at) < now.astimezone(zone).replace(tzinfo=None)
        if not is_over:
            break
    assert read(f"{at:%H:%M}", now, zone) == to_come


@settings(max_examples=200, deadline=None)
@given(changing=changing, minutes=st.integers(-1800, 360), at=quarters)
def test_a_time_of_tomorrow_is_all_that_clocks_show_on_that_day(
    changing: tuple[ZoneInfo, datetime], minutes: int, at: time
) -> None:
    zone, change = changing
    now = change + timedelta(minutes=minutes)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    expected = shown(zone, tomorrow, at)
    for text in (f"tomorrow {at:%H:%M}", f"{tomorrow:%A} {at:%H:%M}", f"{tomorrow} {at:%H:%M}"):
        assert read(text, now, zone) == expected, text


@settings(max_examples=200, deadline=None)
@given(changing=changing, at=quarters, ahead=st.integers(-1, 1))
def test_the_service_reads_a_local_time_alike(changing: tuple[ZoneInfo, datetime], at: time, ahead: int) -> None:
    zone, change = changing
    now = change - timedelta(days=3)
    text = f"{change.astimezone(zone).date() + timedelta(days=ahead)}T{at:%H:%M}"
    assert read(text, now, zone) == read_by_the_service(text, now, zone)


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_these_are_changes(zone: str, change: str) -> None:
    at = datetime.fromisoformat(change)
    before, after = ((at + timedelta(seconds=seconds)).astimezone(ZoneInfo(zone)).utcoffset() for seconds in (-1, 0))
    assert before != after
