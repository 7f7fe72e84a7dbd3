"""Which jobs the options mean: bounds are instants, also in the hour that clocks show twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from punctual.cli.errors import Misused
from punctual.cli.selecting import Selection, bounds, selected
from punctual.cli.session import Session

NOW = datetime.fromisoformat("2026-11-21T18:00Z")
CHANGES = {  # when clocks go back, in a year that is over: no government changes it any more
    "Europe/Berlin": "2024-10-27T01:00Z",
    "America/New_York": "2024-11-03T06:00Z",
    "America/Havana": "2024-11-03T05:00Z",
    "Australia/Lord_Howe": "2024-04-06T15:00Z",
}


def asked(zone: str) -> Session:
    return cast(Session, SimpleNamespace(zone=zone, now=lambda: NOW))


def chosen(zone: str, from_: str | None, to: str | None, when: str | None = None) -> Selection:
    return selected(asked(zone), statuses=(), when=when, from_=from_, to=to, name=None, host=None)


@pytest.mark.parametrize("zone", CHANGES)
def test_a_range_is_compared_by_instants_where_clocks_show_a_time_twice(zone: str) -> None:
    """By its clock on the wall it ends before it begins."""
    change, info = datetime.fromisoformat(CHANGES[zone]), ZoneInfo(zone)
    before, after = (change + timedelta(minutes=minutes) for minutes in (-10, 10))
    local = [moment.astimezone(info).isoformat() for moment in (before, after)]
    assert local[0][:19] > local[1][:19]

    selection = chosen(zone, *local)
    assert (selection.start, selection.end) == (before, after)
    with pytest.raises(Misused, match="--from must be before --to"):
        chosen(zone, *local[::-1])


seconds_from_there = st.integers(-7200, 7200)


@given(
    changing=st.sampled_from(sorted(CHANGES.items())),
    first=seconds_from_there,
    last=seconds_from_there,
    cut=seconds_from_there,
)
@example(changing=("Europe/Berlin", CHANGES["Europe/Berlin"]), first=-600, last=600, cut=300)
def test_a_range_around_a_change_of_clocks_may_be_cut_at_any_moment(
    changing: tuple[str, str], first: int, last: int, cut: int
) -> None:
    zone, change = changing
    info = ZoneInfo(zone)
    start, end, at = (datetime.fromisoformat(change) + timedelta(seconds=seconds) for seconds in (first, last, cut))
    if first >= last:
        with pytest.raises(Misused):
            chosen(zone, start.astimezone(info).isoformat(), end.astimezone(info).isoformat())
        return
    selection = chosen(zone, start.astimezone(info).isoformat(), end.astimezone(info).isoformat())
    assert (selection.start, selection.end) == (start, end)
    # In UTC: a time that clocks show twice is equal to none of another zone, not even at the same instant (PEP 495).
    ends, starts = selection.before(at.astimezone(info)).end, selection.since(at.astimezone(info)).start
    assert ends is not None and starts is not None
    assert (ends.astimezone(UTC), starts.astimezone(UTC)) == (min(end, at), max(start, at))


def test_bounds_are_in_utc_since_the_clocks_of_a_zone_once_differed_from_it_by_seconds() -> None:
    """RFC 3339, which the service reads, has no offset such as -00:44:30."""
    start, end = bounds(asked("Africa/Monrovia"), None, "1971-01-01", "1971-01-01", zone="Africa/Monrovia")
    assert start is not None and end is not None
    assert [one.isoformat() for one in (start, end)] == ["1971-01-01T00:44:30+00:00", "1971-01-02T00:44:30+00:00"]
    when = bounds(asked("Africa/Monrovia"), "1971-01-01", None, None, zone="Africa/Monrovia")
    assert when == (start, end) and when[0] is not None and when[0].tzinfo is UTC
