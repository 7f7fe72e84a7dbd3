"""Time zones by name, and when a wall clock in one shows a time: once, twice (clocks go back), never (forward)."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from punctual.cli.errors import Misused
from punctual.cli.times.errors import quoted

_SECOND = timedelta(seconds=1)


def zone_named(name: str) -> str:
    """The name as the IANA database spells it ("europe/berlin" → "Europe/Berlin"). Raises Misused if there is none."""
    found = names().get(name.strip().casefold())
    if found is None:
        import difflib

        near = difflib.get_close_matches(name.strip().casefold()[:60], names(), n=1, cutoff=0.7)
        meant = f" Did you mean {names()[near[0]]}?" if near else ""
        raise Misused(
            f"There is no time zone {quoted(name)}.{meant}",
            hint="Time zones are named as in Europe/Berlin, America/New_York or UTC.",
        )
    return found


def zone_of_machine() -> str:
    """The name of the zone that the machine's clock is in: by TZ if that is set, by its settings otherwise.

    Raises Misused if it cannot be told and is not UTC. To take it for UTC would move every time that is read.
    """
    setting = os.environ.get("TZ", "").removeprefix(":")
    if not setting or setting == "/etc/localtime":
        name, what = _by_settings(), "The name of this machine's time zone is not known."
    else:
        named = setting.rpartition("zoneinfo/")[2].removeprefix("posix/").removeprefix("right/")
        name = names().get(named.casefold())
        name = name or ("UTC" if re.fullmatch(r"[A-Za-z]{3,}[+-]?0{1,2}", setting) else None)
        what = f"TZ={quoted(setting)} is no name of a time zone."
    if name is None:
        raise Misused(what, hint="Set TZ, as in TZ=Europe/Berlin, or give --timezone where there is one.")
    return "UTC" if name == "Etc/UTC" else name  # servers say it so, and nobody else


def _by_settings() -> str | None:
    from tzlocal import get_localzone_name

    try:
        name = get_localzone_name()
    except (ZoneInfoNotFoundError, OSError):  # two files of the machine that say different things
        name = None
    is_utc = time.timezone == 0 and not time.daylight  # as the C library has it, from a file without a name
    return name or ("UTC" if is_utc else None)


@cache
def names() -> dict[str, str]:
    """All names of the shipped database by their casefolded form. The service knows the same; `Factory` is none."""
    import tzdata  # type: ignore[import-untyped]  # a folder of data, nothing to call

    with open(os.path.join(os.path.dirname(tzdata.__file__), "zones"), encoding="ascii") as file:
        return {name.casefold(): name for name in file.read().split() if name != "Factory"}


def zone_of(name: str) -> ZoneInfo:
    """The rules of a zone. Raises Misused if neither the machine nor the shipped database has it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misused(f"There is no time zone {quoted(name)}.") from None


def instants(wall: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When the zone's clocks show this naive time: one instant, two (clocks go back) or none (they go forward)."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = offset(first), offset(second)
    if before == after:
        return (first,)
    # PEP 495: in a gap the first reading takes the offset before it, which is the smaller; in a fold, the larger.
    return (first, second) if before > after else ()


def around_gap(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The last second before clocks go forward over this naive time, and the first one after it."""
    low = _utc(wall.replace(tzinfo=zone, fold=1)).replace(microsecond=0)
    high = _utc(wall.replace(tzinfo=zone, fold=0)) + _SECOND
    after = offset(high.astimezone(zone))
    while high - low > _SECOND:  # the change of clocks is after `low` and not after `high`
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (low, middle) if offset(middle.astimezone(zone)) == after else (middle, high)
    return low.astimezone(zone), high.replace(microsecond=0).astimezone(zone)


def first_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at or after this naive time: where a day begins whose midnight is skipped or comes twice."""
    found = instants(wall, zone)
    return found[0] if found else around_gap(wall, zone)[1]


def offset(moment: datetime) -> timedelta:
    """What the clock is ahead of UTC."""
    return moment.utcoffset() or timedelta(0)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
