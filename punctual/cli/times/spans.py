"""Ranges of time in words, such as "today", "last 7 days", "2026-11" or "2026-11-20..2026-11-22"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from punctual.cli.times import words
from punctual.cli.times.amounts import amount_of
from punctual.cli.times.days import FIRST_YEAR, LAST_YEAR, day_of_week_date, exists, months_on
from punctual.cli.times.errors import Past, TimeNotUnderstood, TimeRefused, TwoMoments, quoted
from punctual.cli.times.instants import from_now
from punctual.cli.times.moments import moment
from punctual.cli.times.phrase import normal
from punctual.cli.times.readings import Wall, days
from punctual.cli.times.telling import day_of, told
from punctual.cli.times.understanding import among, understood
from punctual.cli.times.zones import first_of, zone_of

_DAY = timedelta(days=1)
_WHICH = {"this": 0, "next": 1, "last": -1, "previous": -1}
_PERIOD = re.compile(rf"({words.one_of(_WHICH)}) (week|month|year)")
_ROLLING = re.compile(
    rf"(?:the )?(?:(next|last|past) ((?:[1-9]\d{{0,3}}|{words.one_of(words.NUMBERS)}) ?(?:{words.one_of(words.UNITS)}))"
    r"|(past) (day|week|month|year)|(next|last|past) (hour|minute))",
    re.ASCII,
)
_MONTH = re.compile(rf"(\d{{4}})-(\d\d)|({words.one_of(words.MONTHS)}) (\d{{4}})", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_ISO_WEEK = re.compile(r"(\d{4})-?w(\d\d)", re.ASCII)
FORMS = ("today", "yesterday", "this week", "last 7 days", "2026-11", "2026-11-20..2026-11-22")
"""A handful, shown where nothing was understood."""


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment to one that is no more in it, aware; None where it has no bound."""

    start: datetime | None
    end: datetime | None


def span(text: str, now: datetime, zone: str) -> Span:
    """The range that a text names in a zone. A day, week, month or year is meant whole; weeks begin on Monday.

    Raises TimeNotUnderstood, TimeRefused, TwoMoments.
    """
    plain = normal(text)
    if ".." in plain:
        return _from_to(plain, *map(str.strip, plain.split("..", 1)), now=now, zone=zone)
    if found := re.fullmatch(r"between (.+) and (.+)|(?:from |since )?(.+) (?:to|until|till) (.+)", plain):
        return _from_to(plain, found[1] or found[3], found[2] or found[4], now=now, zone=zone)
    if found := re.fullmatch(r"(?:since|from) (.+)", plain):
        return Span(_since(found[1], now, zone), None)
    if found := re.fullmatch(r"(?:until|till|to) (.+)", plain):
        return _from_to(plain, "", found[1], now=now, zone=zone)
    return _whole(plain, now, zone)


def bound(text: str, *, now: datetime, zone: str, end: bool = False) -> datetime:
    """What `--from` or (`end`) `--to` means: a moment, or where a day, week, month or year begins or ends.

    Raises what `span` raises.
    """
    plain = normal(text)
    try:
        found = _whole(plain, now, zone)
    except TimeNotUnderstood:
        return moment(text, now=now, zone=zone, ahead=False).at
    chosen = found.end if end else found.start
    assert chosen is not None
    return chosen


def deadline(text: str, *, now: datetime, zone: str) -> datetime:
    """What is to come, and may be a whole day, month or year: then where it ends. "In 90 days" is at this time of day.

    Raises what `moment` raises.
    """
    try:
        found = bound(text, now=now, zone=zone, end=True)
    except TwoMoments:  # of which one may be over
        return moment(text, now=now, zone=zone).at
    if found.astimezone(UTC) > now.astimezone(UTC):
        return found
    try:
        return moment(text, now=now, zone=zone).at
    except TimeNotUnderstood:
        raise Past(f"{quoted(text)} is past: {told(found, now)}.") from None


def _from_to(text: str, first: str, last: str, *, now: datetime, zone: str) -> Span:
    start = bound(first, now=now, zone=zone) if first else None
    if start is not None and _is_time_of_day(last) and not _is_whole(first, now, zone):
        end: datetime | None = _next(last, start, zone)
    else:
        end = bound(last, now=now, zone=zone, end=True) if last else None
    if start is None and end is None:
        raise TimeNotUnderstood(f"{quoted(text)} has neither a beginning nor an end.")
    if start is not None and end is not None and start.astimezone(UTC) >= end.astimezone(UTC):
        raise TimeRefused(f"{quoted(text)} ends before it begins.")
    return Span(start, end)


def _since(text: str, now: datetime, zone: str) -> datetime:
    """The one that is over, if it could also be one to come: "since monday" is the last one."""
    try:
        return bound(text, now=now, zone=zone)
    except TwoMoments as two:
        over = [one for one in two.readings if one.astimezone(UTC) <= now.astimezone(UTC)]
        if len(over) != 1:
            raise
        return over[0]


def _next(time_of_day: str, start: datetime, zone: str) -> datetime:
    """The first such time after the start: "yesterday 9:00 to 10:00" is an hour, "22:00 to 6:00" a night."""
    try:
        return moment(time_of_day, now=start, zone=zone).at
    except TwoMoments:
        message = f"{quoted(time_of_day)} could mean two moments."
        raise TimeRefused(message, hint="Times of day are clear with a colon, am or pm.") from None


def _is_time_of_day(text: str) -> bool:
    try:
        return bool(text) and set(understood(text).said) <= {"clock", "part_of_day"}
    except (TimeNotUnderstood, TimeRefused):
        return False


def _is_whole(text: str, now: datetime, zone: str) -> bool:
    try:
        _whole(text, now, zone)
    except TimeNotUnderstood:
        return False
    return True


def _whole(text: str, now: datetime, zone: str) -> Span:
    local = now.astimezone(zone_of(zone))
    if found := _ROLLING.fullmatch(text):
        which, amount = found[1] or found[3] or found[5], found[2] or f"1 {found[4] or found[6]}"
        return _rolling(which, amount, local)
    bounds = _calendar(text, local.date()) or _one_day(text, local)
    if bounds is None:
        raise TimeNotUnderstood(f"{quoted(text)} is not understood as a range of time.", hint=among(FORMS))
    info = zone_of(zone)
    return Span(_begin(bounds[0], info), _begin(bounds[1], info))


def _rolling(which: str, length: str, local: datetime) -> Span:
    """So much time before or after now; days and months by the wall's clock."""
    amount = amount_of(length)
    sign = 1 if which == "next" else -1
    if not amount.in_days and not amount.months:
        other = from_now(sign * amount.time, local).astimezone(local.tzinfo)
    else:
        assert isinstance(local.tzinfo, ZoneInfo)
        day = _months_or_less(local.date(), sign * amount.months)
        wall = datetime.combine(day, local.time()) + sign * amount.time
        other = first_of(wall, local.tzinfo)
    return Span(local, other) if which == "next" else Span(other, local)


def _calendar(text: str, today: date) -> tuple[date, date] | None:
    """The first day of a week, month or year, and that of the next one."""
    if found := _PERIOD.fullmatch(text):
        return _period(found[2], _WHICH[found[1]], today)
    if found := _MONTH.fullmatch(text):
        year, month = (found[1], int(found[2])) if found[1] else (found[4], words.MONTHS[found[3]])
        first = exists(int(year), month, 1)
        return first, months_on(first, 1)
    if found := _ISO_WEEK.fullmatch(text):
        first = day_of_week_date(int(found[1]), int(found[2]), 1)
        return first, first + 7 * _DAY
    if _YEAR.fullmatch(text):
        first = exists(int(text), 1, 1)
        return first, months_on(first, 12)
    return None


def _period(unit: str, which: int, today: date) -> tuple[date, date]:
    if unit == "week":
        first = today + (7 * which - today.weekday()) * _DAY
        return first, first + 7 * _DAY
    length = {"month": 1, "year": 12}[unit]
    this = today.replace(day=1) if unit == "month" else today.replace(month=1, day=1)
    return months_on(this, which * length), months_on(this, (which + 1) * length)


def _one_day(text: str, local: datetime) -> tuple[date, date] | None:
    phrase = understood(text, forms=FORMS)
    if set(phrase.said) - {"dates", "month_days", "days", "weekday", "week"}:
        return None
    found = days(phrase, Wall(local, ahead=False), None)
    if len(found) > 1:
        assert isinstance(local.tzinfo, ZoneInfo)
        readings = [_begin(day, local.tzinfo) for day in found]
        lines = [f"  {day_of(one)}: write {one:%Y-%m-%d}" for one in readings]
        count = {2: "two", 3: "three"}.get(len(found), str(len(found)))
        raise TwoMoments("\n".join([f"{quoted(text)} could mean {count} days:", *lines]), readings)
    return (found[0], found[0] + _DAY) if found else None


def _months_or_less(day: date, months: int) -> date:
    """So many months on; the last day of a month that is shorter."""
    for fewer in range(4):
        try:
            return months_on(day - fewer * _DAY, months)
        except TimeRefused:
            continue
    raise TimeRefused(f"Years go from {FIRST_YEAR} to {LAST_YEAR}.")


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return first_of(datetime.combine(day, time(0)), zone)
