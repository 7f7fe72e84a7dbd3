"""Phrases as people type, paste and say them: in words, with dots and dashes, as other programs print them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from punctual.cli.times import TimeNotUnderstood, TimeRefused, TwoMoments, bound, moment

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
NOW = datetime.fromisoformat("2026-11-25T21:00-05:00")
"""A Wednesday evening in New York; Thursday 03:00 in Berlin, 13:00 on Lord Howe Island."""


def wall(text: str, zone: str = NEW_YORK, now: datetime = NOW) -> str:
    return moment(text, now=now, zone=zone).at.replace(tzinfo=None).isoformat(timespec="minutes")


FROM_NOW = {
    "in an hour and a half": 90,
    "in one and a half hours": 90,
    "in 2 and a half hours": 150,
    "an hour and a half from now": 90,
    "in a day and a half": 36 * 60,
    "in a half hour": 30,
    "in a quarter of an hour": 15,
    "in three quarters of an hour": 45,
    "in twenty-five minutes": 25,
    "in forty five minutes": 45,
    "in eighteen hours": 18 * 60,
    "in thirteen minutes": 13,
    "now+5min": 5,
}


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize(("text", "minutes"), FROM_NOW.items())
def test_so_long_from_now_is_the_same_instant_everywhere(text: str, minutes: int, zone: str) -> None:
    chosen = moment(text, now=NOW, zone=zone)
    assert (chosen.at - NOW).total_seconds() == minutes * 60
    assert chosen.delay == chosen.at - NOW


ON_THE_WALL = {
    # an hour of 12 where am, pm or a part of the day says which
    "sat. at nine am": "2026-11-28T09:00",
    "nine pm on saturday": "2026-11-28T21:00",
    "saturday 9 a.m": "2026-11-28T09:00",
    "saturday half past 3pm": "2026-11-28T15:30",
    "saturday at half past three in the afternoon": "2026-11-28T15:30",
    "saturday quarter to 5pm": "2026-11-28T16:45",
    "saturday a quarter past five pm": "2026-11-28T17:15",
    "saturday ten minutes to five pm": "2026-11-28T16:50",
    "saturday 25 minutes past 5pm": "2026-11-28T17:25",
    "saturday quarter past 17": "2026-11-28T17:15",
    "saturday quarter to 12pm": "2026-11-28T11:45",
    "saturday evening 9:30": "2026-11-28T21:30",
    "saturday at 3:30 in the afternoon": "2026-11-28T15:30",
    "saturday morning 9:30": "2026-11-28T09:30",
    "saturday 12:30 in the afternoon": "2026-11-28T12:30",
    "saturday morning midnight": "2026-11-28T00:00",
    "saturday night quarter to 12am": "2026-11-28T23:45",
    "saturday at 12 noon": "2026-11-28T12:00",
    # where a day ends
    "saturday 24:00": "2026-11-29T00:00",
    "saturday evening 24:00": "2026-11-29T00:00",
    "2026-12-31T24:00": "2027-01-01T00:00",
    "2026-12-31 24:00:00": "2027-01-01T00:00",
    # dots, dashes, short forms
    "Sat., 28. Nov. 2026, 9am": "2026-11-28T09:00",
    "weds 9am": "2026-12-02T09:00",
    "this coming sunday 1am": "2026-11-29T01:00",
    "monday of next week 9:00": "2026-11-30T09:00",
    "24.12. 18:00": "2026-12-24T18:00",
    "24.12. 2026 18:00": "2026-12-24T18:00",
    "24/12 18:00": "2026-12-24T18:00",
    "12/24 6pm": "2026-12-24T18:00",
    "2026.12.24 18:00": "2026-12-24T18:00",
    "20261224 18:00": "2026-12-24T18:00",
    "20261224 1800": "2026-12-24T18:00",
    "2026-12-24 06:00 PM": "2026-12-24T18:00",
    "2026-12-24 12:30 a.m.": "2026-12-24T00:30",
    "2026-12-24 06 pm": "2026-12-24T18:00",
    "2026\N{NON-BREAKING HYPHEN}12\N{NON-BREAKING HYPHEN}24 18:00": "2026-12-24T18:00",
    "2026\N{EN DASH}12\N{EN DASH}24\N{NARROW NO-BREAK SPACE}18:00": "2026-12-24T18:00",
    "２０２６-１２-２４ １８：００": "2026-12-24T18:00",
}


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize(("text", "expected"), ON_THE_WALL.items())
def test_what_is_typed_is_read_on_the_clocks_of_the_zone(text: str, expected: str, zone: str) -> None:
    assert wall(text, zone) == expected


PRINTED = {
    "2026-12-24 18:00:00 -0500 EST": "2026-12-24T23:00",  # Go
    "Thu Dec 24 2026 18:00:00 GMT-0500": "2026-12-24T23:00",  # JavaScript
    "Thu, 24 Dec 2026 18:00:00 -0500 (EST)": "2026-12-24T23:00",  # RFC 5322
    "2026-12-24T23:00:00Z[America/New_York]": "2026-12-24T23:00",  # RFC 9557: Z says UTC, and nothing of the zone
    "2026-12-24T18:00:00-05:00[America/New_York]": "2026-12-24T23:00",
    "Thu Dec 24 06:00:00 PM EST 2026": "2026-12-24T23:00",  # date
    "Thu 2026-12-24 18:00:00 EST": "2026-12-24T23:00",  # systemctl list-timers
    "12/24/2026, 6:00:00\N{NARROW NO-BREAK SPACE}PM": "2026-12-24T23:00",  # a browser
}


@pytest.mark.parametrize(("text", "expected"), PRINTED.items())
def test_what_programs_print_can_be_pasted(text: str, expected: str) -> None:
    chosen = moment(text, now=NOW, zone=NEW_YORK)
    assert chosen.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") == expected
    assert chosen.zone == NEW_YORK


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("half past three", ("2026-11-26T03:30", "2026-11-26T15:30")),
        ("tomorrow quarter to 5", ("2026-11-26T04:45", "2026-11-26T16:45")),
        ("tomorrow at nine", ("2026-11-26T09:00", "2026-11-26T21:00")),
        ("friday quarter to 12am", ("2026-11-26T23:45", "2026-11-27T23:45")),
        ("12 in the morning", ("2026-11-26T00:00", "2026-11-26T12:00")),
        ("tomorrow morning at 12", ("2026-11-26T00:00", "2026-11-26T12:00")),
        ("wednesday midnight", ("2026-11-26T00:00", "2026-12-02T00:00")),
        ("25 november midnight", ("2026-11-26T00:00", "2027-11-25T00:00")),
        ("wednesday 24:00", ("2026-11-26T00:00", "2026-12-03T00:00")),
        ("5/6 9:00", ("2027-05-06T09:00", "2027-06-05T09:00")),
    ],
)
def test_what_could_mean_two_is_refused_with_those_that_come_first(text: str, times: tuple[str, str]) -> None:
    with pytest.raises(TwoMoments) as refusal:
        moment(text, now=NOW, zone=NEW_YORK)
    found = [one.replace(tzinfo=None).isoformat(timespec="minutes") for one in refusal.value.readings]
    assert set(times) <= set(found)


def test_tonight_is_of_this_evening_also_with_hours_of_12() -> None:
    noon = NOW.replace(hour=12)
    assert wall("tonight at 9:30", now=noon) == wall("tonight 21:30", now=noon) == "2026-11-25T21:30"
    for text in ("tonight 9:30am", "tonight 1:30"):
        with pytest.raises(TimeRefused, match='is not in "tonight"'):
            wall(text, now=noon)


REFUSED: dict[str, tuple[type[Exception], str, str]] = {
    "24.12.26 18:00": (
        TimeNotUnderstood,
        '"24.12.26" in "24.12.26 18:00" has a year of two digits.',
        "Write all four.",
    ),
    "01/02/27 9:00": (TimeNotUnderstood, "a year of two digits", "Write all four."),
    "26-12-24 18:00": (TimeNotUnderstood, "a year of two digits", "Write all four."),
    "24 Dec 26 18:00": (TimeNotUnderstood, '"24 dec 26" in', "Write all four."),
    "Thursday, 24-Dec-26 18:00:00 GMT": (TimeNotUnderstood, '"24-dec-26" in', "Write all four."),
    "Dec 24 '26 6pm": (TimeNotUnderstood, '"dec 24 \'26" in', "Write all four."),
    "tomorrow evening": (TimeNotUnderstood, "no time of day", 'Write "tomorrow evening 20:00", for example.'),
    "tomorrow afternoon": (TimeNotUnderstood, "no time of day", 'Write "tomorrow afternoon 15:00", for example.'),
    "tonight": (TimeNotUnderstood, "no time of day", 'Write "tonight 22:00", for example.'),
    "today": (TimeNotUnderstood, "no time of day", 'Write "today 23:00", for example.'),
    "tomorrow 0900": (TimeNotUnderstood, '"0900" in', 'Did you mean "tomorrow 09:00"?'),
    "tomorrow at 1700 hours": (TimeNotUnderstood, '"at 1700" in', 'Did you mean "tomorrow at 17:00"?'),
    "tomorrow 9.30": (TimeNotUnderstood, '"9.30" in', 'Did you mean "tomorrow 9:30"?'),
    "tomorrow at 9h30": (TimeNotUnderstood, '"at 9h30" in', 'Did you mean "tomorrow at 9:30"?'),
    "2026-12-24T9:00Z": (TimeNotUnderstood, "is not understood", 'Did you mean "2026-12-24t09:00z"?'),
    "1798135200000": (TimeNotUnderstood, "is not understood", 'Did you mean "@1798135200.000"?'),
    "@1798135200000": (TimeNotUnderstood, "is not understood", 'Did you mean "@1798135200.000"?'),
    "in 1:30": (TimeNotUnderstood, '"in 1:30" is not understood', 'Did you mean "in 1h30m"?'),
    "in 1h30": (TimeNotUnderstood, '"in 1h30" is not understood', 'Did you mean "in 1h30m"?'),
    "1h30": (TimeNotUnderstood, '"1h30" is not understood', 'Did you mean "in 1h30m"?'),
    "in 1,5 hours": (TimeNotUnderstood, '"in 1" in "in 1,5 hours"', 'Did you mean "in 1.5 hours"?'),
    "in 1,000 seconds": (TimeNotUnderstood, '"in 1" in "in 1,000 seconds"', "Understood are"),
    "in 5": (TimeNotUnderstood, '"in 5" is not understood', 'Did you mean "in 5 minutes"?'),
    "2027": (TimeNotUnderstood, '"2027" is not understood', "Understood are"),
    "2026-12-24 18:00 +0100 CET": (TimeRefused, '"CET" is not what clocks', 'Leave it out: "+0100" says enough.'),
    "2026-12-24 18:00 -0500 EDT": (TimeRefused, '"EDT" is not what clocks', 'Leave it out: "-0500" says enough.'),
    "2026-12-31T23:59:60Z": (TimeRefused, "minutes and seconds go from 00 to 59", ""),
    "24:01": (TimeRefused, "hours go from 0 to 23", ""),
    "tomorrow morning 24:00": (TimeRefused, '"24:00" is not in "morning"', ""),
    "24:00 am": (TimeRefused, "hours go from 1 to 12", ""),
    "12:30 in the morning": (TimeRefused, '"12:30" is not in "in the morning"', ""),
    "in a month and a half": (TimeNotUnderstood, "part of a month", ""),
    "eod": (TimeNotUnderstood, '"eod" is not understood', "Understood are"),
    "end of month": (TimeNotUnderstood, '"end" in "end of month"', "Understood are"),
    "first monday of december 9:00": (TimeNotUnderstood, '"first" in', "Understood are"),
    "half 3": (TimeNotUnderstood, '"half" in "half 3"', "Understood are"),  # 2:30 to some, 3:30 to others
    "5 to 9pm tomorrow": (TimeNotUnderstood, '"to" in', "Understood are"),  # a range to some
}


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_is_refused_is_told_what_would_be_right(text: str, why: tuple[type[Exception], str, str]) -> None:
    error, said, hint = why
    with pytest.raises((TimeNotUnderstood, TimeRefused)) as refusal:
        moment(text, now=NOW, zone=NEW_YORK)
    assert (type(refusal.value), said in str(refusal.value)) == (error, True), refusal.value
    assert refusal.value.hint.startswith(hint)


def test_what_is_proposed_is_understood() -> None:
    """Else one who writes it is refused again."""
    for text in ("tonight", "today", *(f"tomorrow {part}" for part in ("morning", "afternoon", "evening", "night"))):
        with pytest.raises(TimeNotUnderstood) as refusal:
            moment(text, now=NOW, zone=NEW_YORK)
        moment(refusal.value.hint.split('"')[1], now=NOW, zone=NEW_YORK)


def test_a_bound_may_be_where_a_day_ends() -> None:
    assert bound("2026-11-24T24:00", now=NOW, zone=NEW_YORK).isoformat() == "2026-11-25T00:00:00-05:00"


class TestWordsOfOtherLanguages:
    """Those that dateparser drops are not passed over, if they mean something."""

    @pytest.mark.parametrize(
        "text",
        [
            *("in 1:30", "om 1:30", "dans 1:30", "через 1:30", "za 1:30"),  # so long from now, not a time of day
            *("demain après 9:00", "après demain 9:00"),  # tomorrow after; the day after tomorrow
            *("in 1.500 Sekunden", "dans 10.000 secondes"),  # thousands
        ],
    )
    def test_that_change_the_moment_refuse_it(self, text: str) -> None:
        with pytest.raises(TimeNotUnderstood):
            moment(text, now=NOW, zone=BERLIN)

    @pytest.mark.parametrize(
        ("text", "english"),
        [
            *(("mañana a las 9:00", "tomorrow 9:00"), ("el domingo a las 1:00", "sunday 1:00")),
            *(("am Sonntag um 1:00 Uhr", "sunday 1:00"), ("am 24.12.2026 um 18:00 Uhr", "24.12.2026 18:00")),
            *(("i morgen kl. 9:00", "tomorrow 9:00"), ("op zondag om 1:00", "sunday 1:00")),
            *(("en 2 días a las 9:00", "in 2 day 9:00"), ("9:00 in 2 Tagen", "9:00 in 2 day")),
        ],
    )
    def test_that_change_nothing_are_passed_over(self, text: str, english: str) -> None:
        chosen = moment(text, now=NOW, zone=BERLIN)
        assert chosen.at == moment(english, now=NOW, zone=BERLIN).at
        assert chosen.notes == (f'"{text}" is taken for "{english}".',)
