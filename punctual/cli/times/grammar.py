"""The grammar: a table of patterns, each with what it says. A text is read from left to right, part by part."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from punctual.cli.times import clocks, words
from punctual.cli.times.amounts import AMOUNT, amount_of
from punctual.cli.times.days import day_of_week_date, day_of_year, exists, in_two_orders
from punctual.cli.times.errors import TimeNotUnderstood, TimeRefused, quoted
from punctual.cli.times.phrase import Phrase, Unknown


def read(text: str) -> Phrase:
    """The parts of a normal text. Raises Unknown at the first word that is none; TimeNotUnderstood, TimeRefused."""
    phrase, place = Phrase(text), 0
    wrong: TimeNotUnderstood | TimeRefused | None = None
    while place < len(text):
        for pattern, say in PARTS:
            if found := compiled(pattern).match(text, place):
                try:
                    say(phrase, found)
                except (TimeNotUnderstood, TimeRefused) as error:
                    wrong = wrong or error  # a word that is unknown, further on, says more about this one
                place = found.end()
                break
        else:
            raise _unknown(text, place)
    if wrong is not None:
        raise wrong
    return phrase


def _unknown(text: str, place: int) -> Unknown:
    word = _WORD.match(text, place)
    return Unknown(word[0] if word else text[place], place)


Say = Callable[[Phrase, "re.Match[str]"], None]
_WORD = re.compile(r"(?:(?:in|at|on|the|a|an|this|next|last) )?[^ ,\])]+")
"""What is told of a text where it is understood no more. A word that only leads to the next one says nothing alone."""
_END = r"(?=[ ,]|$)[ ,]*"


def _part(pattern: str) -> Callable[[Say], Say]:
    def keep(say: Say) -> Say:
        PARTS.append((f"(?:{pattern}){_END}", say))
        return say

    return keep


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of PARTS. Compiled when it is first tried: most texts are understood by one of the first."""
    return re.compile(pattern, re.ASCII)


PARTS: list[tuple[str, Say]] = []
"""Patterns, and what each adds to a phrase. The first that matches is taken."""
_MONTH, _WEEKDAY = words.one_of(words.MONTHS), words.one_of(words.WEEKDAYS)
_ISO_DATE = r"(?P<iso>\d{4}-\d\d-\d\d|\d{8}(?=[t ,]|$)|\d{4}-?w\d\d-?\d|\d{4}-\d{3})"
_HALF = r"(?P<half>am|pm|a\.m\.?|p\.m\.?)"
_OFFSET = r"(?P<zero>z)|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?"


@_part(
    rf"{_ISO_DATE}[t ]"
    r"(?:(?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
    r"|(?P<digits>\d{4}(?:\d\d)?))"
    rf"(?P<offset> ?(?:{_OFFSET}))?(?:\[(?P<zone>[\w/+-]+)\])?(?! ?[ap]\.?m\b)"
)
def _iso_moment(phrase: Phrase, found: re.Match[str]) -> None:
    """RFC 3339, ISO 8601 in its long and short forms, and the zone in brackets of RFC 9557."""
    written = found[0]
    if digits := found["digits"]:
        hour, minute, second = digits[:2], digits[2:4], digits[4:] or "0"
    else:
        hour, minute, second = found["hour"], found["minute"] or "0", found["second"] or "0"
    phrase.put("dates", (_iso_date(found["iso"]),), found["iso"])
    phrase.put("clock", clocks.clock_of(written, hour, minute, second, found["fraction"]), written)
    if found["offset"]:
        phrase.put("offset", _offset(found), found["offset"])
    if found["zone"]:
        _put_zone(phrase, found, "zone")
        phrase.shown_in_zone = found["zero"] is not None


@_part(rf"(?:on )?{_ISO_DATE}")
def _iso_day(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("dates", (_iso_date(found["iso"]),), found[0])


@_part(r"(?:on )?(\d{4})/(\d\d?)/(\d\d?)")
@_part(r"(?:on )?(\d{4})-(\d\d?)-(\d\d?)")
@_part(r"(?:on )?(\d{4})\.(\d\d?)\.(\d\d?)\.?")
def _year_first(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("dates", (exists(int(found[1]), int(found[2]), int(found[3])),), found[0])


@_part(r"(?:on )?(\d\d?)\.(\d\d?)\.(\d{4})")
def _day_first(phrase: Phrase, found: re.Match[str]) -> None:
    # With dots the day is first wherever dots are used (DIN 5008 and its kin).
    phrase.put("dates", (exists(int(found[3]), int(found[2]), int(found[1])),), found[0])


@_part(r"(?:on )?(\d\d?)/(\d\d?)/(\d{4})")
@_part(r"(?:on )?(\d\d?)-(\d\d?)-(\d{4})")
def _either_first(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("dates", in_two_orders(int(found[1]), int(found[2]), int(found[3])), found[0])


@_part(r"(?:on )?\d\d?(?:\.\d\d?\.|/\d\d?/|-\d\d?-)\d\d")
@_part(rf"(?:on )?(?:\d\d?[ -]?(?:{_MONTH})|(?:{_MONTH}) \d\d?,?)(?: '|-| (?=\d\d \d\d?:\d))\d\d")
def _year_of_two_digits(phrase: Phrase, found: re.Match[str]) -> None:
    # 01.02.03 begins with its day, its month or its year: with which depends on the country.
    raise TimeNotUnderstood(
        f"{quoted(found[0].strip(' ,'))} in {quoted(phrase.text)} has a year of two digits.", hint="Write all four."
    )


@_part(r"(?:on )?(\d\d?)\.(\d\d?)\.")
@_part(r"(?:on )?(\d\d?)/(\d\d?)")
def _without_year(phrase: Phrase, found: re.Match[str]) -> None:
    first, second = int(found[1]), int(found[2])
    read = (exists(None, second, first),) if "." in found[0] else in_two_orders(first, second, None)
    phrase.put("month_days", tuple((day.month, day.day) for day in read), found[0])


@_part(
    r"(?:on )?(?:the )?(?P<day>\d\d?)(?:st|nd|rd|th|\.)?(?: of)?[ -]?"
    rf"(?P<month>{_MONTH})\.?(?:,?[ -](?P<year>\d{{4}})(?!:))?"
)
@_part(rf"(?:on )?(?P<month>{_MONTH})\.? (?:the )?(?P<day>\d\d?)(?:st|nd|rd|th)?(?:,? (?P<year>\d{{4}})(?!:))?")
def _month_and_day(phrase: Phrase, found: re.Match[str]) -> None:
    day, month, year = int(found["day"]), words.MONTHS[found["month"]], found["year"]
    if year:
        phrase.put("dates", (exists(int(year), month, day),), found[0])
    else:
        exists(None, month, day)
        phrase.put("month_days", ((month, day),), found[0])


@_part(r"(\d{4})")
def _year(phrase: Phrase, found: re.Match[str]) -> None:
    """As `date` prints it, after the time of day: "Sun Nov 29 01:00:00 UTC 2026"."""
    if phrase.month_days is None or len(phrase.month_days) > 1 or phrase.dates:
        raise _unknown(found.string, found.start())
    ((month, day),) = phrase.month_days
    written, phrase.month_days = phrase.said.pop("month_days"), None
    phrase.put("dates", (exists(int(found[1]), month, day),), f"{written} {found[1]}")


@_part(rf"(?:on )?(?:(this|(?:the |this )?coming|next|last) )?({_WEEKDAY})\.?")
def _weekday(phrase: Phrase, found: re.Match[str]) -> None:
    which = found[1] or ""
    phrase.put("weekday", ("this" if which.endswith("coming") else which, words.WEEKDAYS[found[2]]), found[0])


@_part(r"(?:of )?(this|next|last) week")
def _week(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("week", {"this": 0, "next": 1, "last": -1}[found[1]], found[0])


@_part(words.one_of(words.DAYS))
def _relative_day(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("days", words.DAYS[found[0].strip(" ,")], found[0])


@_part(r"tonight|this (morning|afternoon|evening|night)")
def _today(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("days", 0, found[0])
    phrase.put("part_of_day", found[1] or "night", found[0])


@_part(r"(?:(?:in the|at) )?(morning|afternoon|evening|night)")
def _part_of_day(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("part_of_day", found[1], found[0])


@_part(rf"in (?P<in>{AMOUNT})|(?:now ?)?\+ ?(?P<plus>{AMOUNT})|(?P<hence>{AMOUNT}) (?P<way>from now|ago)")
def _away(phrase: Phrase, found: re.Match[str]) -> None:
    amount = amount_of(found["in"] or found["plus"] or found["hence"])
    phrase.put("ahead", -amount if found["way"] == "ago" else amount, found[0])


@_part(r"now")
def _now(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("now", True, found[0])


@_part(r"@(\d{1,11}(?:\.\d{1,9})?)")
def _epoch(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("at_epoch", float(found[1]), found[0])


_HOUR = rf"(?P<hour>\d\d?|{words.one_of(words.HOURS)})"


@_part(rf"at (?P<hour>{words.one_of(words.HOURS)})")
@_part(rf"(?:at )?(?P<hour>{words.one_of(words.HOURS)})(?: ?{_HALF}| o'?clock)")
def _hour_in_words(phrase: Phrase, found: re.Match[str]) -> None:
    hour = str(words.HOURS[found["hour"]])
    phrase.put("clock", clocks.clock_of(found[0], hour, None, None, None, found.groupdict().get("half")), found[0])


@_part(
    rf"(?:at )?(?:half (?P<past>past)|(?:(?:a )?quarter|(?P<minutes>5|10|20|25|five|ten|twenty(?:[ -]five)?) minutes)"
    rf" (?P<way>past|to)) {_HOUR}(?: ?{_HALF})?"
)
def _minutes_and_hour(phrase: Phrase, found: re.Match[str]) -> None:
    minutes = 30 if found["past"] else int(words.number_of(found["minutes"])) if found["minutes"] else 15
    hour = words.HOURS.get(found["hour"]) or int(found["hour"])
    clock = clocks.beside(found[0], minutes, found["past"] or found["way"], hour, found["half"])
    phrase.put("clock", clock, found[0])


@_part(r"(?:at )?(?:12 )?(noon|midday|midnight)")
def _named_time(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("clock", clocks.named(found[1]), found[0])


@_part(
    r"(?:at )?(?P<hour>\d\d?)(?:(?P<dot>[:.])(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    rf"(?: ?{_HALF}| ?o'?clock)?(?P<zero>z)?"
)
def _time_of_day(phrase: Phrase, found: re.Match[str]) -> None:
    if found["dot"] == "." and not found["half"]:
        raise _unknown(found.string, found.start())
    clock = clocks.clock_of(found[0], found["hour"], found["minute"], found["second"], found["fraction"], found["half"])
    phrase.put("clock", clock, found[0])
    if found["zero"]:
        phrase.put("offset", timedelta(0), "z")


@_part(r"(?:utc|gmt)(?P<sign>[+-])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d))?")
@_part(r"(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?")
def _offset_alone(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("offset", _offset(found), found[0])


@_part(r"utc|gmt|z")
def _universal(phrase: Phrase, found: re.Match[str]) -> None:
    phrase.put("offset", timedelta(0), found[0])


@_part(r"\(?([a-z][a-z0-9_+-]*(?:/[a-z0-9_+-]+)*)\)?")
def _zone(phrase: Phrase, found: re.Match[str]) -> None:
    if found[1] in words.ABBREVIATIONS:
        phrase.put("abbreviation", found[1], found[1])
    else:
        _put_zone(phrase, found, 1)


def _put_zone(phrase: Phrase, found: re.Match[str], group: str | int) -> None:
    from punctual.cli.times.zones import names

    name = found[group]
    if name not in names():
        raise _unknown(found.string, found.start(group))
    phrase.put("zone", names()[name], name)


def _iso_date(text: str) -> date:
    digits = text.replace("-", "").replace("w", "")
    year = int(digits[:4])
    if "w" in text:
        return day_of_week_date(year, int(digits[4:6]), int(digits[6]))
    if len(digits) == 7:
        return day_of_year(year, int(digits[4:]))
    return exists(year, int(digits[4:6]), int(digits[6:]))


def _offset(found: re.Match[str]) -> timedelta:
    if found.groupdict().get("zero"):
        return timedelta(0)
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise TimeRefused(f"There is no offset {quoted(found[0].strip(' ,'))}.")
    return timedelta(hours=hours, minutes=minutes) * (-1 if found["sign"] == "-" else 1)
