"""What a phrase can mean: its days and times of day, put together to every moment that it may name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from punctual.cli.times.days import LAST_YEAR, months_on
from punctual.cli.times.errors import TimeNotUnderstood, TimeRefused, quoted
from punctual.cli.times.phrase import Clock, Phrase, Shifted
from punctual.cli.times.telling import WEEKDAYS, day_of
from punctual.cli.times.words import PARTS_OF_DAY
from punctual.cli.times.zones import instants

_DAY = timedelta(days=1)
_RECENT = timedelta(days=31)
_EXAMPLES = {"afternoon": 15, "evening": 20, "night": 22}
"""An hour in each part of the day, for a hint."""


@dataclass(frozen=True, slots=True)
class Wall:
    """The clock on the wall where the phrase is read: `now` in its zone; `ahead` if what is past is not meant where a
    phrase does not say which."""

    now: datetime
    ahead: bool

    @property
    def today(self) -> date:
        """The day there."""
        return self.now.date()

    def is_over(self, wall: datetime) -> bool:
        """Whether the clock has shown this naive time, and will not show it again."""
        zone = self.now.tzinfo
        found = instants(wall, zone) if isinstance(zone, ZoneInfo) else ()
        if not found:
            return wall < self.now.replace(tzinfo=None)
        return all(one.astimezone(UTC) < self.now.astimezone(UTC) for one in found)


def walls(phrase: Phrase, wall: Wall) -> list[datetime]:
    """Every naive time that the phrase can mean, in order. Raises TimeNotUnderstood, TimeRefused."""
    clock = _within_part_of_day(phrase)
    if clock is None:
        raise _no_time_of_day(phrase, wall)
    if not any((phrase.dates, phrase.month_days, phrase.weekday, phrase.days is not None, phrase.ahead)):
        if phrase.week is not None:
            raise TimeNotUnderstood(
                f"{quoted(phrase.text)} does not say which day.", hint='As in "monday next week 9:00".'
            )
        return sorted(_next_time(clock, wall))
    return sorted({at(day, *moment) for moment in clock.times for day in days(phrase, wall, moment)})


def days(phrase: Phrase, wall: Wall, moment: Shifted | None) -> tuple[date, ...]:
    """The days that the phrase can mean at this time of day (None: the whole day). None if it names none."""
    found = _named_days(phrase, wall, moment)
    if phrase.weekday is None or not found:
        return found
    which, weekday = phrase.weekday
    if not _names_day(phrase):
        return found
    if which:
        raise TimeNotUnderstood(f"{quoted(phrase.text)} names its day twice.")
    fitting = tuple(day for day in found if day.weekday() == weekday)
    if not fitting:
        raise TimeRefused(f"{day_of(_midnight(found[0]))} is no {WEEKDAYS[weekday]}.")
    return fitting


def other_weekday(phrase: Phrase, day: date, today: date) -> date | None:
    """The day that some people mean where most mean `day`: "next sunday" is in this week if weeks begin on Monday."""
    if phrase.weekday is None or phrase.weekday[0] != "next" or _monday(day) == _monday(today) == _sunday(today):
        return None
    return day + 7 * _DAY if _monday(day) == _monday(today) or _sunday(day) == _sunday(today) else None


def at(day: date, shift: int, moment: time) -> datetime:
    """A naive time on a day or, for its last midnight, the day after."""
    if day.year > LAST_YEAR:
        raise TimeRefused(f"Years go to {LAST_YEAR}.")
    return datetime.combine(day + shift * _DAY, moment)


def _named_days(phrase: Phrase, wall: Wall, moment: Shifted | None) -> tuple[date, ...]:
    named = [part for part in ("dates", "month_days", "days", "ahead", "week") if part in phrase.said]
    if len(named) > 1:
        raise TimeNotUnderstood(f"{quoted(phrase.text)} names its day twice.")
    if phrase.dates:
        return phrase.dates
    if phrase.month_days:
        return tuple(sorted({day for one in phrase.month_days for day in _in_some_year(*one, wall, moment)}))
    if phrase.days is not None:
        return (wall.today + phrase.days * _DAY,)
    if phrase.ahead:
        return (_days_away(phrase, wall),)
    if phrase.weekday:
        return _weekday(*phrase.weekday, phrase.week, wall, moment)
    return ()


def _names_day(phrase: Phrase) -> bool:
    return bool(phrase.dates or phrase.month_days or phrase.days is not None or phrase.ahead)


def _days_away(phrase: Phrase, wall: Wall) -> date:
    """As in "in 3 days at 9:00"."""
    amount = phrase.ahead
    assert amount is not None
    if amount.time % _DAY:
        raise TimeNotUnderstood(f"{quoted(phrase.text)} has two times of day: of a clock, and so long from now.")
    try:
        return months_on(wall.today, amount.months) + amount.time
    except OverflowError:
        raise TimeRefused(f"Years go to {LAST_YEAR}.") from None


def _in_some_year(month: int, day: int, wall: Wall, moment: Shifted | None) -> tuple[date, ...]:
    """The next such day. One that was a moment ago may be a slip, and one of a range may be over: then both."""
    years = range(wall.today.year - 8, wall.today.year + 9)  # a leap year at least, even around 2100
    found = [date(year, month, day) for year in years if (month, day) != (2, 29) or _leap(year)]
    last = max(one for one in found if not _to_come(one, moment, wall))
    coming = min(one for one in found if _to_come(one, moment, wall))
    if not wall.ahead and coming == wall.today:
        return (coming,)
    return (last, coming) if not wall.ahead or wall.today - last < _RECENT else (coming,)


def _weekday(which: str, weekday: int, week: int | None, wall: Wall, moment: Shifted | None) -> tuple[date, ...]:
    if week is not None:
        return _in_week(weekday, week, wall.today) if not which else ()
    coming = wall.today + (weekday - wall.today.weekday()) % 7 * _DAY
    match which:
        case "this":  # of the days of a list it may be one of this week that is over
            return (coming,) if wall.ahead else tuple(sorted({coming, _monday(wall.today) + weekday * _DAY}))
        case "last":
            return (coming - 7 * _DAY,)
        case "next":
            return _next_weekday(weekday, wall.today)
    if not wall.ahead:
        return tuple(sorted({coming - 7 * _DAY, coming}))
    if coming > wall.today:
        return (coming,)
    return (coming, coming + 7 * _DAY) if _to_come(coming, moment, wall) else (coming + 7 * _DAY,)


def _next_weekday(weekday: int, today: date) -> tuple[date, ...]:
    # The first one after today. Also the one after it, if the first is tomorrow or in this week by any reckoning: then
    # as many people mean the one as the other.
    first = today + ((weekday - today.weekday()) % 7 or 7) * _DAY
    in_this_week = _monday(first) == _monday(today) and _sunday(first) == _sunday(today)
    return (first, first + 7 * _DAY) if in_this_week or first - today == _DAY else (first,)


def _in_week(weekday: int, week: int, today: date) -> tuple[date, ...]:
    """As in "monday next week": by weeks that begin on Monday, and by those that begin on Sunday."""
    by_monday = _monday(today) + (7 * week + weekday) * _DAY
    by_sunday = _sunday(today) + (7 * week + (weekday + 1) % 7) * _DAY
    return tuple(sorted({by_monday, by_sunday}))


def _next_time(clock: Clock, wall: Wall) -> set[datetime]:
    found = {at(wall.today, *moment) for moment in clock.times}
    if not wall.ahead:
        return found
    return {one + _DAY if wall.is_over(one) else one for one in found}


def _within_part_of_day(phrase: Phrase) -> Clock | None:
    clock, part = phrase.clock, phrase.part_of_day
    if clock is None or part is None:
        return clock
    hours, possible = PARTS_OF_DAY[part], clock.beside_part or clock.times
    if part == "morning" and {one.hour for _, one in possible} == {0, 12}:
        return clock  # "12 in the morning" is midnight to some, and noon to others
    # The midnight that ends a day ends its evening and night.
    fitting = tuple((shift, one) for shift, one in possible if (23 if shift > 0 else one.hour) in hours and shift >= 0)
    if not fitting:
        raise TimeRefused(f"{quoted(clock.written)} is not in {quoted(phrase.said['part_of_day'])}.")
    return Clock(clock.written, fitting)


def _no_time_of_day(phrase: Phrase, wall: Wall) -> TimeNotUnderstood:
    found = days(phrase, wall, None)
    named = f" ({day_of(_midnight(found[0]))})" if len(found) == 1 else ""
    hour = _EXAMPLES.get(phrase.part_of_day or "", 9)
    if phrase.part_of_day is None and found == (wall.today,) and wall.now.hour >= hour:
        hour = 23
    example = f"{phrase.text} {hour}:00"
    return TimeNotUnderstood(
        f"{quoted(phrase.text)} has no time of day{named}.", hint=f"Write {quoted(example)}, for example."
    )


def _to_come(day: date, moment: Shifted | None, wall: Wall) -> bool:
    if day != wall.today:
        return day > wall.today
    return moment is None or not wall.is_over(at(day, *moment))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0))


def _monday(day: date) -> date:
    return day - day.weekday() * _DAY


def _sunday(day: date) -> date:
    return day - day.isoweekday() % 7 * _DAY


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
