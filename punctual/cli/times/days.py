"""Days of the calendar that exist. Each function raises TimeRefused for one that does not, and says why."""

from __future__ import annotations

import calendar
from datetime import MAXYEAR, date, timedelta

from punctual.cli.times.errors import TimeRefused
from punctual.cli.times.telling import MONTHS

FIRST_YEAR, LAST_YEAR = 1970, MAXYEAR - 1
_LEAP_YEAR = 2000


def exists(year: int | None, month: int, day: int) -> date:
    """The date. Without a year: one of some year, to see whether there is such a day at all."""
    _check_year(year)
    if not 1 <= month <= 12:
        raise TimeRefused(f"There is no month {month}.")
    longest = calendar.monthrange(year or _LEAP_YEAR, month)[1]
    if not 1 <= day <= longest:
        named = MONTHS[month - 1] + (f" {year}" if year and month == 2 else "")
        raise TimeRefused(f"{named} has {longest} days.")
    return date(year or _LEAP_YEAR, month, day)


def in_two_orders(first: int, second: int, year: int | None) -> tuple[date, ...]:
    """The dates that two numbers can mean, before a year or (as `exists`) without: day and month, or month and day."""
    if first > 12 or first == second:
        return (exists(year, second, first),)
    if second > 12:
        return (exists(year, first, second),)
    return exists(year, second, first), exists(year, first, second)


def day_of_week_date(year: int, week: int, weekday: int) -> date:
    """ISO 8601's week date, such as 2026-W48-7. Weekdays count from 1, Monday."""
    _check_year(year)
    weeks = date(year, 12, 28).isocalendar().week  # this day is in the last week of its year
    if not 1 <= week <= weeks:
        raise TimeRefused(f"{year} has {weeks} weeks.")
    if not 1 <= weekday <= 7:
        raise TimeRefused(f"A week has 7 days, and no day {weekday}.")
    return date.fromisocalendar(year, week, weekday)


def day_of_year(year: int, day: int) -> date:
    """ISO 8601's ordinal date, such as 2026-333."""
    _check_year(year)
    days = 366 if calendar.isleap(year) else 365
    if not 1 <= day <= days:
        raise TimeRefused(f"{year} has {days} days.")
    return date(year, 1, 1) + timedelta(days=day - 1)


def months_on(day: date, months: int) -> date:
    """The same day of the month, so many months on (or back)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return exists(year, month + 1, day.day)


def _check_year(year: int | None) -> None:
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise TimeRefused(f"Years go from {FIRST_YEAR} to {LAST_YEAR}.")
