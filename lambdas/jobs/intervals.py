"""Hours and days of somebody's own clock, as instants. Clocks differ from UTC by whole quarters of an hour, so each
begins on a quarter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from lambdas.jobs.counting import QUARTER_MS
from lambdas.jobs.due_time import in_zone, instant_ms, zone_of


def starts(interval: str, zone_name: str, *, from_ms: int, to_ms: int) -> list[int]:
    """When the intervals of a range begin (epoch ms): the range itself, and each "hour" or "day" within it.

    A day has 23 or 25 hours when clocks change. Where they change by half an hour, the hour around has 90 minutes.
    """
    if from_ms >= to_ms:
        return []
    begins = _days(zone_name, from_ms) if interval == "day" else _hours(zone_name, from_ms)
    found = [from_ms]
    for ms in begins:
        if ms >= to_ms:
            break
        if ms > found[-1]:
            found.append(ms)
    return found


def day_of(ms: int, zone_name: str) -> date:
    """The date on that clock."""
    return in_zone(ms, zone_of(zone_name)).date()


def first_instant(day: date, zone_name: str) -> int:
    """When a day begins (epoch ms): at midnight, or where clocks go forward over midnight, right then. A day that they
    leave out altogether begins with the one after it."""
    zone = zone_of(zone_name)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)  # the first, where there are two
    ms = instant_ms(midnight.replace(tzinfo=None), midnight.utcoffset() or timedelta(0))
    while in_zone(ms - QUARTER_MS, zone).date() == day:
        ms -= QUARTER_MS
    return ms


def _days(zone_name: str, from_ms: int) -> Iterator[int]:
    day = day_of(from_ms, zone_name)
    while True:
        day += timedelta(days=1)
        yield first_instant(day, zone_name)


def _hours(zone_name: str, from_ms: int) -> Iterator[int]:
    zone, ms = zone_of(zone_name), from_ms // QUARTER_MS * QUARTER_MS
    while True:
        ms += QUARTER_MS
        if in_zone(ms, zone).minute == 0:
            yield ms
