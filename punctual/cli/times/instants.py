"""The instants that a phrase can name: its wall times in the zone that it is read in, or so long from now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from punctual.cli.times.amounts import Amount
from punctual.cli.times.days import LAST_YEAR, months_on
from punctual.cli.times.errors import TimeNotUnderstood, TimeRefused, quoted
from punctual.cli.times.phrase import Phrase
from punctual.cli.times.readings import Wall, walls
from punctual.cli.times.telling import clock, day_of, told
from punctual.cli.times.zones import around_gap, instants, offset, zone_of

_DAY = timedelta(days=1)


class Instant(NamedTuple):
    """A moment in the zone to show it in, and the delay if it was named as one."""

    at: datetime
    zone: str
    delay: timedelta | None = None


def instants_of(phrase: Phrase, *, now: datetime, zone: str, ahead: bool) -> list[Instant]:
    """Every instant that a phrase can name, in order; at least one. `zone` is where it is read, unless it says another.

    Raises TimeNotUnderstood, TimeRefused.
    """
    here, zone = zone, phrase.zone or zone
    whole = phrase.now or phrase.at_epoch is not None or (phrase.ahead is not None and phrase.clock is None)
    if not whole:
        return [Instant(at.astimezone(zone_of(zone)), zone) for at in _by_clock(phrase, now, zone, here, ahead)]
    if len(set(phrase.said) - {"zone"}) > 1:
        raise TimeNotUnderstood(f"{quoted(phrase.text)} says more than one moment needs.")
    if phrase.now:
        return [Instant(now.astimezone(zone_of(zone)), zone, timedelta(0))]
    if phrase.at_epoch is not None:
        return [Instant(_epoch(phrase).astimezone(zone_of(zone)), zone)]
    assert phrase.ahead is not None
    return _away(phrase.ahead, now, zone, exactly=ahead)


def from_now(amount: timedelta, now: datetime) -> datetime:
    """The instant so long from now, to the millisecond. Raises TimeRefused beyond the last year."""
    try:
        at = now.astimezone(UTC) + amount
    except OverflowError:
        at = datetime.max.replace(tzinfo=UTC)
    if not 1970 <= at.year <= LAST_YEAR:
        raise TimeRefused(f"Years go from 1970 to {LAST_YEAR}.")
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _epoch(phrase: Phrase) -> datetime:
    assert phrase.at_epoch is not None
    return from_now(timedelta(seconds=phrase.at_epoch), datetime(1970, 1, 1, tzinfo=UTC))


def _away(amount: Amount, now: datetime, zone: str, *, exactly: bool) -> list[Instant]:
    """`exactly`: an hour makes a difference, so both readings of a day are returned; for a range the wall's will do."""
    local = now.astimezone(zone_of(zone))
    if not amount.months:
        exact = from_now(amount.time, now).astimezone(zone_of(zone))
        if not amount.in_days or offset(exact) == offset(local):
            return [Instant(exact, zone, amount.time if amount.time >= timedelta(0) else None)]
    # Days and months are counted on the wall. Where clocks change before that, a day of 24 hours ends elsewhere.
    wall = local.replace(tzinfo=None)
    wall = datetime.combine(months_on(wall.date(), amount.months), wall.time())
    found = _in_zone(wall + amount.time, zone_of(zone), now, zone)
    if not amount.months and exactly:
        found.append(exact)
    return [Instant(at.astimezone(zone_of(zone)), zone) for at in sorted({at.astimezone(UTC) for at in found})]


def _by_clock(phrase: Phrase, now: datetime, zone: str, here: str, ahead: bool) -> list[datetime]:
    read_in: tzinfo = zone_of(zone) if phrase.offset is None else timezone(phrase.offset)
    times = set(walls(phrase, Wall(now.astimezone(read_in), ahead)))
    if phrase.counts_from_today:
        # "Tomorrow 9:00 UTC", where it is tomorrow already in UTC: some people count from the day here.
        times |= set(walls(phrase, Wall(now.astimezone(zone_of(here)), ahead)))
    # In UTC: datetimes of one zone are compared by their walls, and the two of a fold would be one.
    found = {at.astimezone(UTC) for wall in times for at in _in_zone(wall, read_in, now, zone)}
    if ahead and not phrase.dates and not phrase.month_days:
        found = {at for at in found if at >= now} or found
    _check_offset(found, phrase, zone)
    return sorted(_called(found, phrase, zone))


def _check_offset(found: set[datetime], phrase: Phrase, zone: str) -> None:
    """What has both a zone and an offset must be right about it (RFC 9557, 3.4; Z is none, and says UTC only)."""
    if phrase.offset is None or phrase.zone is None or phrase.shown_in_zone:
        return
    if any(offset(one.astimezone(zone_of(zone))) != phrase.offset for one in found):
        raise TimeRefused(f"{quoted(phrase.said['offset'])} is not the offset of {zone} at that time.")


def _called(found: set[datetime], phrase: Phrase, zone: str) -> set[datetime]:
    """Those at which the zone's clocks are called as the phrase says, such as EST."""
    called = phrase.abbreviation
    if called is None or called == zone.casefold():
        return found
    locals_ = {one: one.astimezone(zone_of(zone)) for one in found}
    fitting = {one for one, local in locals_.items() if (local.tzname() or "").casefold() == called}
    if phrase.offset is not None:
        fitting = {one for one in fitting if offset(locals_[one]) == phrase.offset}
    if fitting:
        return fitting
    message = f"{quoted(called.upper())} is not what clocks in {zone} are on at that time, and no zone by itself."
    if phrase.offset is not None:
        raise TimeRefused(message, hint=f"Leave it out: {quoted(phrase.said['offset'])} says enough.")
    raise TimeRefused(message, hint="Write the zone, as in America/New_York, or the offset, as in -05:00.")


def _in_zone(wall: datetime, zone: tzinfo, now: datetime, name: str) -> list[datetime]:
    if not isinstance(zone, ZoneInfo):
        return [wall.replace(tzinfo=zone)]
    if found := instants(wall, zone):
        return list(found)
    before, after = around_gap(wall, zone)
    raise TimeRefused(
        f"{clock(wall)} does not exist on {day_of(wall)} in {name}, as clocks go forward. The nearest times that do:\n"
        f"  {told(before, now)}\n  {told(after, now)}"
    )
