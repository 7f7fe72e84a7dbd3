"""Times of day: every one that can be meant by what is written, of 12 hours or of 24."""

from __future__ import annotations

from datetime import time

from punctual.cli.times.errors import TimeRefused, quoted
from punctual.cli.times.phrase import Clock, Shifted


def clock_of(
    written: str, hour: str, minute: str | None, second: str | None, fraction: str | None, half: str | None = None
) -> Clock:
    """The time of day that these digits say; `half` is am or pm. 24:00 is where the day ends. Raises TimeRefused."""
    written = written.strip(" ,")
    minutes, seconds = int(minute or 0), int(second or 0)
    # The service cuts at the millisecond, too.
    microsecond = int((fraction or "")[:3].ljust(3, "0")) * 1000
    if minutes > 59 or seconds > 59:
        raise TimeRefused(f"There is no time of day {quoted(written)}: minutes and seconds go from 00 to 59.")
    if int(hour) == 24 and minute and not half and not (minutes or seconds or microsecond):
        return Clock(written, ((1, time(0)),))
    hours = _hours(written, int(hour), half, bare=minute is None)
    return Clock(
        written,
        tuple((0, time(hour, minutes, seconds, microsecond)) for hour in hours),
        () if half else tuple((0, time(hour, minutes, seconds, microsecond)) for hour in _of_12(hours)),
    )


def named(word: str) -> Clock:
    """Noon, midday or midnight. The midnight of a day is where it begins, or where it ends."""
    return Clock(word, ((0, time(0)), (1, time(0))) if word == "midnight" else ((0, time(12)),))


def beside(written: str, minutes: int, way: str, hour: int, half: str | None) -> Clock:
    """So many minutes "past" or "to" an hour, such as "quarter to 5pm". Raises TimeRefused."""
    written = written.strip(" ,")
    if way == "past":
        return Clock(written, tuple((0, time(hour, minutes)) for hour in _hours(written, hour, half, bare=True)))
    times: list[Shifted] = []
    for one in _hours(written, hour, half, bare=True):
        # What is before the midnight of a day is in the one before, or late in it: as midnight itself is said of both.
        times += (
            [(0, time(one - 1, 60 - minutes))] if one else [(-1, time(23, 60 - minutes)), (0, time(23, 60 - minutes))]
        )
    return Clock(written, tuple(times))


def _of_12(hours: tuple[int, ...]) -> tuple[int, ...]:
    return (hours[0], hours[0] + 12) if len(hours) == 1 and 1 <= hours[0] <= 11 else hours


def _hours(written: str, hour: int, half: str | None, *, bare: bool) -> tuple[int, ...]:
    if half:
        if not 1 <= hour <= 12:
            raise TimeRefused(f"There is no time of day {quoted(written)}: before am and pm, hours go from 1 to 12.")
        return (hour % 12 + (12 if half[0] == "p" else 0),)
    if hour > 23:
        raise TimeRefused(f"There is no time of day {quoted(written)}: hours go from 0 to 23.")
    return (hour % 12, hour % 12 + 12) if bare and 1 <= hour <= 12 else (hour,)
