"""The words of the grammar, and which of them was meant by one that it does not have."""

from __future__ import annotations

from collections.abc import Mapping

from punctual.cli.times.telling import MONTHS as MONTH_NAMES
from punctual.cli.times.telling import WEEKDAYS as WEEKDAY_NAMES

MONTHS: Mapping[str, int] = {
    **{name.lower(): number for number, name in enumerate(MONTH_NAMES, 1)},
    **{name[:3].lower(): number for number, name in enumerate(MONTH_NAMES, 1)},
    "sept": 9,
}
WEEKDAYS: Mapping[str, int] = {
    **{name.lower(): number for number, name in enumerate(WEEKDAY_NAMES)},
    **{name[:3].lower(): number for number, name in enumerate(WEEKDAY_NAMES)},
    **{"tues": 1, "weds": 2, "thur": 3, "thurs": 3},
}
DAYS: Mapping[str, int] = {
    "today": 0,
    "tomorrow": 1,
    "yesterday": -1,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "the day before yesterday": -2,
    "day before yesterday": -2,
}
HOURS: Mapping[str, int] = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6},
    **{"seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12},
}
ONES: Mapping[str, int] = {word: number for word, number in HOURS.items() if number < 10}
TENS: Mapping[str, int] = {
    **{"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90},
}
NUMBERS: Mapping[str, float] = {
    **{"half an": 0.5, "half a": 0.5, "a half": 0.5, "an": 1, "a": 1},
    **{"a quarter of an": 0.25, "quarter of an": 0.25, "three quarters of an": 0.75},
    **{"thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19},
    **HOURS,
    **TENS,
}
"""Those of one word, and parts of one. With "twenty-five" and its kin they are read by `number_of`."""
UNITS: Mapping[str, str] = {
    **dict.fromkeys(("years", "year", "yrs", "yr", "y"), "year"),
    **dict.fromkeys(("months", "month", "mo"), "month"),
    **dict.fromkeys(("weeks", "week", "wks", "wk", "w"), "week"),
    **dict.fromkeys(("days", "day", "d"), "day"),
    **dict.fromkeys(("hours", "hour", "hrs", "hr", "h"), "hour"),
    **dict.fromkeys(("minutes", "minute", "mins", "min", "m"), "minute"),
    **dict.fromkeys(("seconds", "second", "secs", "sec", "s"), "second"),
    **dict.fromkeys(("milliseconds", "millisecond", "ms"), "millisecond"),
}
_CLOCKS = (
    "acdt acst adt aedt aest akdt akst ast awst bst cdt cest cet cst eat edt eest eet est hdt hkt hst idt ist jst kst "
    "mdt mest met msk mst ndt nst nzdt nzst pdt pht pkt pst sast sgt sst wast wat west wet wib wita wit"
)
ABBREVIATIONS = frozenset(_CLOCKS.split())
"""What clocks are called. Many are the clocks of several places, so one is only taken for that of the user's zone."""

PARTS_OF_DAY: Mapping[str, range] = {
    "morning": range(12),
    "afternoon": range(12, 19),
    "evening": range(17, 24),
    "night": range(17, 24),
}
"""The hours that a part of the day may have. A night has two ends: the one before midnight is taken, or none."""

SPELLINGS = tuple(
    sorted(
        {word for table in (MONTHS, WEEKDAYS, DAYS, UNITS, PARTS_OF_DAY) for word in table if len(word) > 3}
        | {"noon", "midnight", "tonight", "next", "last", "this", "past", "from", "since", "until"}
    )
)
_TOO_LONG = 24


def number_of(text: str) -> float:
    """The number that digits or words say, such as "2.5", "half an" or "twenty-five"."""
    if text[0].isdigit():
        return float(text)
    return NUMBERS[text] if text in NUMBERS else sum(NUMBERS[word] for word in text.replace("-", " ").split())


def near(word: str) -> str | None:
    """The word of the grammar that is nearest to a misspelt one, if one is near."""
    if len(word) > _TOO_LONG or len(word) < 3:
        return None
    import difflib

    found = difflib.get_close_matches(word, [one for one in SPELLINGS if one[0] == word[0]], n=1, cutoff=0.75)
    return found[0] if found else None


def one_of(words: Mapping[str, object]) -> str:
    """A pattern for one of these words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))
