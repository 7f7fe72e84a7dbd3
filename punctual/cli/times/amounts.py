"""Amounts of time, such as "5s", "1h30m", "90 minutes", "2 days and 3 hours" or ISO 8601's "PT5M"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from punctual.cli.times import words
from punctual.cli.times.errors import TimeNotUnderstood, TimeRefused, quoted

_WORDS = rf"(?:{words.one_of(words.TENS)})[ -](?:{words.one_of(words.ONES)})|{words.one_of(words.NUMBERS)}"
_NUMBER = rf"(?:\d{{1,12}}(?:\.\d{{1,9}})?|(?:{_WORDS})(?= ))"
_HALF = r"(?: and a half)?"
_ITEM = rf"{_NUMBER}{_HALF} ?(?:{words.one_of(words.UNITS)})(?![a-z]){_HALF}"
_ISO = r"p(?=t?\d)(?:\d{1,9}[ymwd])*(?:t(?:\d{1,12}(?:\.\d{1,9})?[hms])+)?"
AMOUNT = rf"(?:{_ITEM}(?:(?:,? and |, ?| )?{_ITEM})*|{_ISO})"
"""Pattern for an amount in a normal text."""

_ORDER = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
_MILLISECONDS = {
    **{"week": 604_800_000, "day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1}
}
_ISO_UNITS = {"y": "year", "w": "week", "d": "day", "h": "hour", "s": "second"}
LONGEST = timedelta(seconds=3_155_760_000)
"""What the service takes: 100 years of 365.25 days."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So many months and so much time. `in_days` says that whole days were meant, not so many hours."""

    months: int
    time: timedelta
    in_days: bool

    def __neg__(self) -> Amount:
        return Amount(-self.months, -self.time, self.in_days)


def amount_of(text: str) -> Amount:
    """The amount that a text says that matches AMOUNT. Raises TimeNotUnderstood or TimeRefused."""
    counts: dict[str, float] = {}
    for number, unit in _items(text):
        if unit in counts or any(_ORDER.index(unit) < _ORDER.index(before) for before in counts):
            raise TimeNotUnderstood(f"{quoted(text)} does not go from larger to smaller units.")
        counts[unit] = number
    months = counts.pop("year", 0) * 12 + counts.pop("month", 0)
    milliseconds = sum(number * _MILLISECONDS[unit] for unit, number in counts.items())
    if abs(months - round(months)) > 1e-9:
        raise TimeNotUnderstood(f"{quoted(text)} has a part of a month, whose length is not known.")
    if abs(milliseconds - round(milliseconds)) > 1e-3:
        raise TimeNotUnderstood(f"{quoted(text)} is finer than a millisecond.")
    if months > 1200 or milliseconds > LONGEST.total_seconds() * 1000:
        raise TimeRefused(f"{quoted(text)} is longer than 100 years.")
    days = counts.get("week", 0) * 7 + counts.get("day", 0)
    return Amount(round(months), timedelta(milliseconds=round(milliseconds)), days >= 1)


def _items(text: str) -> list[tuple[float, str]]:
    if text.startswith("p"):
        date_part, _, time_part = text[1:].partition("t")
        return [
            *(
                (float(number), _ISO_UNITS.get(unit, "month"))
                for number, unit in re.findall(r"(\d+)([a-z])", date_part)
            ),
            *(
                (float(number), _ISO_UNITS.get(unit, "minute"))
                for number, unit in re.findall(r"([\d.]+)([a-z])", time_part)
            ),
        ]
    item = rf"({_NUMBER})({_HALF}) ?({words.one_of(words.UNITS)})(?![a-z])({_HALF})"
    return [
        (words.number_of(number) + 0.5 * bool(half or half_after), words.UNITS[unit])
        for number, half, unit, half_after in re.findall(item, text, re.ASCII)
    ]
