"""Times as people write them: what a phrase means, that it is told in full, and that a doubtful one is refused."""

from __future__ import annotations

from datetime import datetime

import pytest

from punctual.cli.times import Past, TimeNotUnderstood, TimeRefused, TwoMoments, duration, moment, relative, span, told

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
WEDNESDAY = datetime.fromisoformat("2026-11-25T21:00-05:00")
"""The evening before Thanksgiving in New York; Thursday 03:00 in Berlin, 13:00 on Lord Howe Island."""


def instant(text: str, zone: str = NEW_YORK, now: datetime = WEDNESDAY) -> str:
    return moment(text, now=now, zone=zone).at.isoformat(timespec="minutes")


ONE_MOMENT = {
    "now": "2026-11-25T21:00-05:00",
    "in 5 minutes": "2026-11-25T21:05-05:00",
    "in 1h30m": "2026-11-25T22:30-05:00",
    "in half an hour": "2026-11-25T21:30-05:00",
    "an hour from now": "2026-11-25T22:00-05:00",
    "+90min": "2026-11-25T22:30-05:00",
    "in PT5M": "2026-11-25T21:05-05:00",
    "in 2 days": "2026-11-27T21:00-05:00",
    "in 3 days at 9:00": "2026-11-28T09:00-05:00",
    "in 2 months": "2027-01-25T21:00-05:00",
    "tomorrow 9:00": "2026-11-26T09:00-05:00",
    "9am tomorrow": "2026-11-26T09:00-05:00",
    "Tomorrow at 9:30 p.m.": "2026-11-26T21:30-05:00",
    "tomorrow morning at 9": "2026-11-26T09:00-05:00",
    "tomorrow at 9 in the evening": "2026-11-26T21:00-05:00",
    "today 23:15": "2026-11-25T23:15-05:00",
    "tonight 11pm": "2026-11-25T23:00-05:00",
    "the day after tomorrow at noon": "2026-11-27T12:00-05:00",
    "midnight": "2026-11-26T00:00-05:00",
    "12am": "2026-11-26T00:00-05:00",
    "12pm": "2026-11-26T12:00-05:00",
    "22:00": "2026-11-25T22:00-05:00",
    "20:00": "2026-11-26T20:00-05:00",
    "at 17": "2026-11-26T17:00-05:00",
    "sunday 1am": "2026-11-29T01:00-05:00",
    "next sunday 1am": "2026-11-29T01:00-05:00",
    "this sunday, 01:00": "2026-11-29T01:00-05:00",
    "on Mon at 09:00": "2026-11-30T09:00-05:00",
    "monday next week 9:00": "2026-11-30T09:00-05:00",
    "wednesday 20:00": "2026-12-02T20:00-05:00",
    "24 december 18:00": "2026-12-24T18:00-05:00",
    "December 24th at 6pm": "2026-12-24T18:00-05:00",
    "6pm on the 24th of December 2026": "2026-12-24T18:00-05:00",
    "Dec 24, 2026 6:00 PM": "2026-12-24T18:00-05:00",
    "24.12.2026 18:00": "2026-12-24T18:00-05:00",
    "12/24/2026 18:00": "2026-12-24T18:00-05:00",
    "24/12/2026 18:00": "2026-12-24T18:00-05:00",
    "3 march 9:00": "2027-03-03T09:00-05:00",
    "29 february 9:00": "2028-02-29T09:00-05:00",
    "2026-12-24T18:00": "2026-12-24T18:00-05:00",
    "2026-12-24 18:00": "2026-12-24T18:00-05:00",
    "2026-12-24T18:00Z": "2026-12-24T13:00-05:00",
    "2026-12-24T18:00:00+05:45": "2026-12-24T07:15-05:00",
    "20261224T180000Z": "2026-12-24T13:00-05:00",
    "2026-W52-4T18:00": "2026-12-24T18:00-05:00",
    "2026-358T18:00": "2026-12-24T18:00-05:00",
    "2026-12-24T18:00-05:00[America/New_York]": "2026-12-24T18:00-05:00",
    "@1798135200": "2026-12-24T13:00-05:00",
    "Thu, 24 Dec 2026 18:00:00 GMT": "2026-12-24T13:00-05:00",
    "Thu Dec 24 18:00:00 UTC 2026": "2026-12-24T13:00-05:00",
    "29 november 9:00 Europe/Berlin": "2026-11-29T09:00+01:00",
    "29 november 9:00 UTC+1": "2026-11-29T03:00-05:00",
}


@pytest.mark.parametrize(("text", "expected"), ONE_MOMENT.items())
def test_a_phrase_names_a_moment(text: str, expected: str) -> None:
    assert instant(text) == expected


NO_MOMENT: dict[str, tuple[type[Exception], str]] = {
    "tomorow 9:00": (TimeNotUnderstood, '"tomorow" in "tomorow 9:00" is not understood'),
    "banana": (TimeNotUnderstood, '"banana" is not understood'),
    "tomorrow 9:00 sharp": (TimeNotUnderstood, '"sharp" in'),
    "tomorrow": (TimeNotUnderstood, '"tomorrow" has no time of day (Thursday 26 November 2026)'),
    "tomorrow morning": (TimeNotUnderstood, "has no time of day"),
    "next week": (TimeNotUnderstood, "has no time of day"),
    "31 november 9:00": (TimeRefused, "November has 30 days."),
    "29 february 2027 9:00": (TimeRefused, "February 2027 has 28 days."),
    "2026-13-01T09:00": (TimeRefused, "There is no month 13."),
    "25:00": (TimeRefused, "hours go from 0 to 23"),
    "13pm": (TimeRefused, "hours go from 1 to 12"),
    "Monday 29 November 2026, 01:00": (TimeRefused, "Sunday 29 November 2026 is no Monday."),
    "yesterday 9:00": (Past, '"yesterday 9:00" is past: Tuesday 24 November 2026, 09:00 America/New_York, 1 day 12'),
    "": (TimeNotUnderstood, "empty"),
}


@pytest.mark.parametrize(("text", "error", "said"), [(text, *why) for text, why in NO_MOMENT.items()])
def test_a_phrase_that_names_none_is_refused(text: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as refusal:
        instant(text)
    assert type(refusal.value) is error
    assert said in str(refusal.value)


TWO_MOMENTS = {
    "wednesday 22:00": ("2026-11-25T22:00-05:00", "2026-12-02T22:00-05:00"),
    "next friday 9:00": ("2026-11-27T09:00-05:00", "2026-12-04T09:00-05:00"),
    "03/04/2027 9:00": ("2027-03-04T09:00-05:00", "2027-04-03T09:00-04:00"),
    "tomorrow at 9": ("2026-11-26T09:00-05:00", "2026-11-26T21:00-05:00"),
    "at 5": ("2026-11-26T05:00-05:00", "2026-11-26T17:00-05:00"),
    "5": ("2026-11-26T05:00-05:00", "2026-11-26T17:00-05:00"),
    "tomorrow at midnight": ("2026-11-26T00:00-05:00", "2026-11-27T00:00-05:00"),
    "24 november 9:00": ("2026-11-24T09:00-05:00", "2027-11-24T09:00-05:00"),
    "2027-11-07T01:30": ("2027-11-07T01:30-04:00", "2027-11-07T01:30-05:00"),
}


@pytest.mark.parametrize(("text", "first", "second"), [(text, *both) for text, both in TWO_MOMENTS.items()])
def test_a_phrase_that_names_two_is_refused_and_both_are_told(text: str, first: str, second: str) -> None:
    with pytest.raises(TwoMoments) as refusal:
        instant(text)
    readings = refusal.value.readings
    assert [one.isoformat(timespec="minutes") for one in readings] == [first, second]
    for one in readings:
        assert told(one, WEDNESDAY) in str(refusal.value)


def test_a_moment_is_told_in_full() -> None:
    chosen = moment("sunday 1am", now=WEDNESDAY, zone=NEW_YORK)
    assert told(chosen.at, WEDNESDAY) == "Sunday 29 November 2026, 01:00 America/New_York, in 3 days 4 hours, 06:00 UTC"
    assert relative(chosen.at, WEDNESDAY) == "in 3 days"
    assert chosen.fields == {"at": "2026-11-29T01:00", "timezone": NEW_YORK}


def test_ranges_in_words_are_whole_days_of_the_zone() -> None:
    today = span("today", WEDNESDAY, NEW_YORK)
    assert (str(today.start), str(today.end)) == ("2026-11-25 00:00:00-05:00", "2026-11-26 00:00:00-05:00")


def test_amounts_of_time() -> None:
    assert [duration(text).total_seconds() for text in ("5s", "in 90 minutes", "1h30m", "2 days")] == [
        *(5, 5400, 5400, 172_800)
    ]
