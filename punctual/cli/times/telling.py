"""A moment told in full, so that nobody has to guess how it was understood; and briefly, for tables. Plain English."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from punctual.cli.errors import Misused

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def told(moment: datetime, now: datetime, zone: str | None = None) -> str:
    """As in "Sunday 29 November 2026, 01:00 America/New_York, in 3 days 4 hours, 06:00 UTC".

    `moment` is aware; `zone` names the zone to tell it in, its own if left out, UTC if this machine has no such zone (a
    job may come from one that has). The day in UTC is added if it is another one, seconds and milliseconds if they are
    not zero.
    """
    zone, local = _in_zone(moment, zone or getattr(moment.tzinfo, "key", None) or "UTC")
    utc = moment.astimezone(UTC)
    parts = [f"{day_of(local)}, {clock(local)} {zone}", _away(moment, now, units=2)]
    if zone != "UTC":
        elsewhere = "" if local.date() == utc.date() else f" on {day_of(utc)}"
        parts.append(f"{clock(utc)} UTC{elsewhere}")
    return ", ".join(parts)


def relative(moment: datetime, now: datetime) -> str:
    """As in "in 3 days" or "5 minutes ago": the largest unit, rounded down; "now" within half a second."""
    return _away(moment, now, units=1)


def day_of(moment: datetime) -> str:
    """As in "Sunday 29 November 2026"."""
    return f"{WEEKDAYS[moment.weekday()]} {moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def clock(moment: datetime) -> str:
    """As in "01:00", with seconds and milliseconds if there are any."""
    if moment.microsecond:
        return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _in_zone(moment: datetime, zone: str) -> tuple[str, datetime]:
    from punctual.cli.times.zones import zone_of

    try:
        return zone, moment.astimezone(zone_of(zone))
    except Misused:
        return "UTC", moment.astimezone(UTC)


def _away(moment: datetime, now: datetime, *, units: int) -> str:
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    # To the nearest second: what is due in 5 seconds should not be said to be due in 4 because a millisecond went by.
    seconds = round((moment - now).total_seconds())
    if seconds == 0:
        return "now"
    earlier = min(moment, now)
    amount = _amount(earlier, earlier + timedelta(seconds=abs(seconds)), units)
    return f"in {amount}" if seconds > 0 else f"{amount} ago"


def _amount(earlier: datetime, later: datetime, units: int) -> str:
    years = later.year - earlier.year
    if _anniversary(earlier, years) > later:
        years -= 1
    rest = round((later - _anniversary(earlier, years)).total_seconds())
    counts = [("year", years)]
    for unit, seconds in _UNITS:
        counts.append((unit, rest // seconds))
        rest %= seconds
    first = next(place for place, (_, count) in enumerate(counts) if count)
    # Neighbours only: "3 days 20 seconds" would be exact where nobody asked for it.
    told = [f"{count} {unit}{'s' if count > 1 else ''}" for unit, count in counts[first : first + units] if count]
    return " ".join(told)


def _anniversary(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, month=3, day=1)
