"""When a job is due: from what the user wrote to an instant, and back to the user's own clock."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]  # a folder of data, nothing to call

from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Note

LONGEST_DELAY_SECONDS = 3_155_760_000
"""100 years of 365.25 days."""

PAST_GRACE_MS = 60_000
"""What is past by no more is taken for now: the request was on its way, or clocks differ."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)

_WRITTEN = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[Tt ]"
    r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r"(?P<offset>[Zz]|(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d))?",
    re.ASCII,
)


class WrittenTime(NamedTuple):
    """A date and time as it was written; `offset` is None for a local time, which is none before its zone is known."""

    wall: datetime
    offset: timedelta | None


class DueTime(NamedTuple):
    """An instant (epoch milliseconds), and what the user should know about how it was found."""

    ms: int
    notes: tuple[Note, ...] = ()


def read_time(text: str, *, local: bool = True) -> WrittenTime:
    """Read an RFC 3339 time, or one without offset; `T` or one space, minutes suffice, digits past the ms are cut off.

    A leap second (`:60`) is refused: none is known ahead, and UTC in milliseconds since the epoch has no place for it.
    Raises ValueRefused (`at_format`), which tells of a time without offset only where one is of use (`local`).
    """
    found = _WRITTEN.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        # Part by part: `fromisoformat` takes other forms too, and more of them with every Python version.
        year, month, day, hour, minute = map(int, found.group("year", "month", "day", "hour", "minute"))
        wall = datetime(year, month, day, hour, minute, int(found["second"] or 0))  # noqa: DTZ001  # has no zone yet
        offset = _written_offset(found)
    except ValueError:
        or_local = ", or a local one such as 2026-11-29T01:00" if local else ""
        raise ValueRefused("at_format", f"Write an RFC 3339 time such as 2026-11-29T06:00:00Z{or_local}.") from None
    return WrittenTime(wall + int((found["fraction"] or "")[:3].ljust(3, "0")) * _MS, offset)


def _written_offset(found: re.Match[str]) -> timedelta | None:
    if found["offset"] is None:
        return None
    hours, minutes = int(found["hours"] or 0), int(found["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if found["sign"] == "-" else offset


def due_at(written: WrittenTime, zone_name: str | None, *, now_ms: int) -> DueTime:
    """The instant that a user named, in `zone_name` if it is a local time.

    Of a local time that exists twice the first is meant, and a note names the other. Raises ValueRefused:
    `at_offset_required`, `at_nonexistent`, `at_past` or `at_too_far`.
    """
    if written.offset is not None:
        due = DueTime(instant_ms(written.wall, written.offset))
    elif zone_name is None:
        message = (
            "A time without offset needs a timezone such as Europe/Berlin; or add its offset, such as +01:00 or Z."
        )
        raise ValueRefused("at_offset_required", message)
    else:
        due = _local_time(written.wall, zone_name)
    if due.ms < now_ms - PAST_GRACE_MS:
        raise ValueRefused("at_past", f"The time is past; it is {rfc3339(now_ms)} now.")
    if due.ms > now_ms + LONGEST_DELAY_SECONDS * 1000:
        latest = rfc3339(now_ms + LONGEST_DELAY_SECONDS * 1000)
        raise ValueRefused("at_too_far", f"The time must be within 100 years, that is, not after {latest}.")
    return due


def due_after(delay_seconds: float, *, now_ms: int) -> DueTime:
    """The instant a delay from now. Raises ValueRefused (`range`) for one that is no whole number of milliseconds."""
    # The shortest text of a float decides: 0.1 has one decimal, whatever its binary digits are.
    if round(delay_seconds, 3) != delay_seconds:
        raise ValueRefused("range", "The delay may have at most 3 decimals.")
    return DueTime(now_ms + round(delay_seconds * 1000))


def instant_ms(wall: datetime, offset: timedelta) -> int:
    """Epoch milliseconds of a wall clock's time at an offset; may lie outside the years that a datetime can hold."""
    return (wall.replace(tzinfo=UTC) - _EPOCH) // _MS - offset // _MS


def local(due_at_ms: int, zone_name: str) -> str | None:
    """The instant on the user's clock, such as `2026-11-29T01:00:00.000-05:00`; None if the zone is known no more."""
    if zone_name not in zone_names():
        return None
    return in_zone(due_at_ms, zone_of(zone_name)).isoformat(timespec="milliseconds")


def check_zone_name(name: str) -> None:
    """Raise ValueRefused (`timezone_unknown`) unless the name is one of the IANA database, to the letter."""
    if name not in zone_names():
        message = (
            "The timezone must be an IANA name, spelled exactly so, such as Europe/Berlin, America/New_York or UTC."
        )
        raise ValueRefused("timezone_unknown", message)


@cache
def zone_names() -> frozenset[str]:
    """All zones of the database that is shipped with the service; `Factory` is a placeholder and none."""
    with open(os.path.join(os.path.dirname(tzdata.__file__), "zones"), encoding="ascii") as names:
        return frozenset(names.read().split()) - {"Factory"}


@cache
def zone_of(name: str) -> ZoneInfo:
    """A zone of the shipped database. Never the machine's own, so that a time means the same on every machine."""
    place = os.path.join(os.path.dirname(tzdata.__file__), "zoneinfo", *name.split("/"))
    with open(place, "rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _local_time(wall: datetime, zone_name: str) -> DueTime:
    zone = zone_of(zone_name)
    first, second = (_offset(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    ms = instant_ms(wall, first)
    if first == second:
        return DueTime(ms)
    # PEP 495: in a gap the first reading takes the offset before it, which is the smaller; in a fold, the larger.
    if first < second:
        raise _nonexistent(wall, zone, first, second)
    other_ms = instant_ms(wall, second)
    message = (
        f"{_text(wall)} exists twice in {zone_name}, as clocks go back; the first was taken. "
        f"For the second, name it with its offset: {local(other_ms, zone_name)}."
    )
    return DueTime(ms, (Note("at_ambiguous", message, other_ms),))


def _nonexistent(wall: datetime, zone: ZoneInfo, before: timedelta, after: timedelta) -> ValueRefused:
    """The refusal of a local time in a gap, with the seconds that end and that begin on either side of it."""
    low, high = instant_ms(wall, after) // 1000, -(-instant_ms(wall, before) // 1000)
    while high - low > 1:  # the change of clocks is after `low` and not after `high`
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(in_zone(middle * 1000, zone)) == after else (middle, high)
    begins = in_zone(high * 1000, zone).replace(tzinfo=None)
    ends = begins - (after - before) - _SECOND
    message = (
        f"{_text(wall)} does not exist in {zone.key}, as clocks go forward. "
        f"The nearest times that do are {_text(ends)} and {_text(begins)}."
    )
    return ValueRefused("at_nonexistent", message)


def in_zone(ms: int, zone: tzinfo) -> datetime:
    """What a clock in the zone shows at an instant."""
    return (_EPOCH + ms * _MS).astimezone(zone)


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


def _text(wall: datetime) -> str:
    return wall.isoformat(timespec="milliseconds" if wall.microsecond else "seconds")
