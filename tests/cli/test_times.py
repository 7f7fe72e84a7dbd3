"""Times as people write them: each phrase is one moment, or refused; and the service understands what is sent alike."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.jobs import due_time
from punctual import Client
from punctual.cli.errors import ExitCode, Misused
from punctual.cli.times import Moment, Past, TimeNotUnderstood, TimeRefused, TwoMoments, moment, told, told_apart
from punctual.fields import document_of
from tests.cli.programs import ROOT
from tests.client.gateway import TOKEN, Gateway
from tests.fakes import NOW_MS

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
NOW = datetime.fromisoformat("2026-11-25T21:00-05:00")
"""A Wednesday evening in New York; Thursday 03:00 in Berlin, 13:00 on Lord Howe Island (summer time: half an hour)."""


def read(text: str, zone: str = NEW_YORK, now: datetime = NOW) -> str:
    return moment(text, now=now, zone=zone).at.isoformat(timespec="minutes")


def due_at_the_service(chosen: Moment, now: datetime) -> datetime:
    """What the service makes of the fields that are sent."""
    document: dict[str, Any] = document_of(chosen.fields)
    now_ms = int(now.timestamp() * 1000)
    due_time.check_zone_name(document["timezone"])
    if "delay_seconds" in document:
        due = due_time.due_after(document["delay_seconds"], now_ms=now_ms)
    else:
        due = due_time.due_at(due_time.read_time(document["at"]), document["timezone"], now_ms=now_ms)
    assert due.notes == ()
    return datetime.fromtimestamp(due.ms / 1000, UTC)


EVERYWHERE = {
    "now": "2026-11-26T02:00+00:00",
    "in 5 minutes": "2026-11-26T02:05+00:00",
    "in 5s": "2026-11-26T02:00+00:00",
    "in 1h30m": "2026-11-26T03:30+00:00",
    "in 1 hour, 30 minutes": "2026-11-26T03:30+00:00",
    "in half an hour": "2026-11-26T02:30+00:00",
    "an hour from now": "2026-11-26T03:00+00:00",
    "+90min": "2026-11-26T03:30+00:00",
    "now + 2 hours": "2026-11-26T04:00+00:00",
    "in PT5M": "2026-11-26T02:05+00:00",
    "in fifteen minutes": "2026-11-26T02:15+00:00",
    "in two days": "2026-11-28T02:00+00:00",
    "2026-12-24T18:00Z": "2026-12-24T18:00+00:00",
    "2026-12-24T18:00:00.5+05:45": "2026-12-24T12:15+00:00",
    "2026-12-24 18:00 -0500": "2026-12-24T23:00+00:00",
    "20261224T180000Z": "2026-12-24T18:00+00:00",
    "2026-12-24T18:00-05:00[America/New_York]": "2026-12-24T23:00+00:00",
    "@1798135200": "2026-12-24T18:00+00:00",
    "Thu, 24 Dec 2026 18:00:00 GMT": "2026-12-24T18:00+00:00",
    "Thu Dec 24 18:00:00 UTC 2026": "2026-12-24T18:00+00:00",
    "29 november 9:00 europe/berlin": "2026-11-29T08:00+00:00",
    "29 november 9:00 UTC+1": "2026-11-29T08:00+00:00",
    "28 november, 9am (Asia/Kathmandu)": "2026-11-28T03:15+00:00",
}
"""These are the same instant wherever they are read."""

ON_THE_WALL = {
    "2026-12-24T18:00": "2026-12-24T18:00",
    "2026-12-24t18:00": "2026-12-24T18:00",
    "2026-12-24 18:00": "2026-12-24T18:00",
    "20261224T1800": "2026-12-24T18:00",
    "2026-W52-4T18:00": "2026-12-24T18:00",
    "2026-358T18:00": "2026-12-24T18:00",
    "on 2026-12-24 at 6pm": "2026-12-24T18:00",
    "2026-12-4 18:00": "2026-12-04T18:00",
    "2026/12/24 18:00": "2026-12-24T18:00",
    "24.12.2026 18:00": "2026-12-24T18:00",
    "12/24/2026 18:00": "2026-12-24T18:00",
    "24/12/2026 18:00": "2026-12-24T18:00",
    "24-12-2026 18:00": "2026-12-24T18:00",
    "24 december 18:00": "2026-12-24T18:00",
    "December 24th at 6pm": "2026-12-24T18:00",
    "6pm on the 24th of December 2026": "2026-12-24T18:00",
    "Dec 24, 2026 6:00\u202fPM": "2026-12-24T18:00",
    "thursday 24 december, 18:00": "2026-12-24T18:00",
    "24 dec 2026 at noon": "2026-12-24T12:00",
    "24 dec 2026 12am": "2026-12-24T00:00",
    "24 dec 2026 12pm": "2026-12-24T12:00",
    "3 march 9:00": "2027-03-03T09:00",
    "29 february 9:00": "2028-02-29T09:00",
    "sunday 1am": "2026-11-29T01:00",
    "1 am on sunday": "2026-11-29T01:00",
    "sunday at 1 in the morning": "2026-11-29T01:00",
    "next sunday 1am": "2026-11-29T01:00",
    "this sunday, 01:00": "2026-11-29T01:00",
    "the coming sunday at 01:00": "2026-11-29T01:00",
    "next Mon at 09:00": "2026-11-30T09:00",
    "monday next week 9:00": "2026-11-30T09:00",
}
"""These are the time that a wall clock shows, wherever they are read."""

IN_NEW_YORK = {
    "tomorrow 9:00": "2026-11-26T09:00",
    "9am tomorrow": "2026-11-26T09:00",
    "Tomorrow at 9:30 p.m.": "2026-11-26T21:30",
    "tomorrow morning at 9": "2026-11-26T09:00",
    "tomorrow at 9 in the evening": "2026-11-26T21:00",
    "tomorrow, thursday, 9:00": "2026-11-26T09:00",
    "tomorrow 9:00 EST": "2026-11-26T09:00",
    "today 23:15": "2026-11-25T23:15",
    "tonight 11pm": "2026-11-25T23:00",
    "the day after tomorrow at noon": "2026-11-27T12:00",
    "midnight": "2026-11-26T00:00",
    "tonight at midnight": "2026-11-26T00:00",
    "22:00": "2026-11-25T22:00",
    "20:00": "2026-11-26T20:00",
    "at 17": "2026-11-26T17:00",
    "in 3 days at 9:00": "2026-11-28T09:00",
    "in 2 months": "2027-01-25T21:00",
    "wednesday 20:00": "2026-12-02T20:00",
    "this wednesday 22:00": "2026-11-25T22:00",
    "next wednesday 9:00": "2026-12-02T09:00",
    "friday 9:00": "2026-11-27T09:00",
}
"""These depend on what day and time it is there."""


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize(("text", "expected"), EVERYWHERE.items())
def test_a_phrase_with_its_own_zone_or_from_now_is_one_instant(text: str, expected: str, zone: str) -> None:
    chosen = moment(text, now=NOW, zone=zone)
    assert chosen.at.astimezone(UTC).isoformat(timespec="minutes") == expected
    assert chosen.at.astimezone(UTC) == due_at_the_service(chosen, NOW)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize(("text", "expected"), ON_THE_WALL.items())
def test_a_phrase_is_read_on_the_clocks_of_the_zone(text: str, expected: str, zone: str) -> None:
    chosen = moment(text, now=NOW, zone=zone)
    assert chosen.at.replace(tzinfo=None).isoformat(timespec="minutes") == expected
    assert (chosen.at.tzinfo, chosen.zone) == (chosen.at.tzinfo, zone)
    assert chosen.fields == {"at": expected, "timezone": zone}
    assert chosen.at.astimezone(UTC) == due_at_the_service(chosen, NOW)


@pytest.mark.parametrize(("text", "expected"), IN_NEW_YORK.items())
def test_a_phrase_is_counted_from_the_day_and_time_there(text: str, expected: str) -> None:
    chosen = moment(text, now=NOW, zone=NEW_YORK)
    assert chosen.at.replace(tzinfo=None).isoformat(timespec="minutes") == expected
    assert chosen.at.astimezone(UTC) == due_at_the_service(chosen, NOW)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (NEW_YORK, "2026-11-26T09:00-05:00"),
        (BERLIN, "2026-11-27T09:00+01:00"),
        (LORD_HOWE, "2026-11-27T09:00+11:00"),
    ],
)
def test_tomorrow_is_the_day_after_the_one_it_is_in_the_zone(zone: str, expected: str) -> None:
    assert read("tomorrow 9:00", zone) == expected


NO_MOMENT: dict[str, tuple[type[Exception], str]] = {
    "tomorow 9:00": (TimeNotUnderstood, '"tomorow" in "tomorow 9:00" is not understood as a time.'),
    "banana": (TimeNotUnderstood, '"banana" is not understood as a time.'),
    "tomorrow 9:00 sharp": (TimeNotUnderstood, '"sharp" in "tomorrow 9:00 sharp" is not understood'),
    "in umpteen minutes": (TimeNotUnderstood, '"in umpteen" in "in umpteen minutes" is not understood'),
    "dec 24, 18:00, in 5 minutes": (TimeNotUnderstood, "names its day twice"),
    "24 december next week 9:00": (TimeNotUnderstood, "names its day twice"),
    "every sunday 1am": (TimeNotUnderstood, '"every" in'),
    "tomorrow": (TimeNotUnderstood, '"tomorrow" has no time of day (Thursday 26 November 2026).'),
    "tomorrow morning": (TimeNotUnderstood, "has no time of day"),
    "2026-12-24": (TimeNotUnderstood, "has no time of day (Thursday 24 December 2026)"),
    "next week": (TimeNotUnderstood, "has no time of day"),
    "next week 9:00": (TimeNotUnderstood, "does not say which day"),
    "sunday monday 9:00": (TimeNotUnderstood, 'has both "sunday" and "monday"'),
    "9:00 tomorrow 10:00": (TimeNotUnderstood, 'has both "9:00" and "10:00"'),
    "in 5 minutes tomorrow": (TimeNotUnderstood, "more than one moment needs"),
    "next sunday tomorrow 9:00": (TimeNotUnderstood, "names its day twice"),
    "in 5 hours at 9:00": (TimeNotUnderstood, "two times of day"),
    "in 30 minutes 2 hours": (TimeNotUnderstood, "from larger to smaller units"),
    "in 0.0001 seconds": (TimeNotUnderstood, "finer than a millisecond"),
    "in 1.5 months": (TimeNotUnderstood, "part of a month"),
    "": (TimeNotUnderstood, "empty"),
    "9" * 201: (TimeNotUnderstood, "at most 200 characters"),
    "31 november 9:00": (TimeRefused, "November has 30 days."),
    "2026-11-31T09:00": (TimeRefused, "November has 30 days."),
    "29 february 2027 9:00": (TimeRefused, "February 2027 has 28 days."),
    "30 february 9:00": (TimeRefused, "February has 29 days."),
    "2026-13-01T09:00": (TimeRefused, "There is no month 13."),
    "2026-W54-1T09:00": (TimeRefused, "2026 has 53 weeks."),
    "2027-366T09:00": (TimeRefused, "2027 has 365 days."),
    "25:00": (TimeRefused, "hours go from 0 to 23"),
    "9:60": (TimeRefused, "minutes and seconds go from 00 to 59"),
    "13pm": (TimeRefused, "hours go from 1 to 12"),
    "tonight 1am": (TimeRefused, '"1am" is not in "tonight"'),
    "Monday 29 November 2026, 01:00": (TimeRefused, "Sunday 29 November 2026 is no Monday."),
    "2026-12-24T18:00+02:00[Europe/Berlin]": (TimeRefused, '"+02:00" is not the offset of Europe/Berlin'),
    "tomorrow 9:00 IST": (TimeRefused, '"IST" is not what clocks in America/New_York are on'),
    "0001-01-01T00:00": (TimeRefused, "Years go from 1970 to 9998"),
    "2190-01-01T00:00": (TimeRefused, "more than 100 years ahead"),
    "in 999999999999 days": (TimeRefused, "longer than 100 years"),
    "yesterday 9:00": (Past, '"yesterday 9:00" is past: Tuesday 24 November 2026, 09:00 America/New_York, 1 day 12'),
    "5 minutes ago": (Past, "5 minutes ago, 01:55 UTC"),
}


@pytest.mark.parametrize(("text", "error", "said"), [(text, *why) for text, why in NO_MOMENT.items()])
def test_a_phrase_that_names_no_moment_is_refused_with_the_reason(text: str, error: type[Exception], said: str) -> None:
    with pytest.raises((TimeNotUnderstood, TimeRefused)) as refusal:
        read(text)
    assert (type(refusal.value), said in str(refusal.value)) == (error, True), refusal.value
    assert refusal.value.exit_code == (ExitCode.MISUSED if error is TimeNotUnderstood else ExitCode.REFUSED)


TWO_MOMENTS = {
    "wednesday 22:00": ("2026-11-25T22:00-05:00", "2026-12-02T22:00-05:00"),
    "next friday 9:00": ("2026-11-27T09:00-05:00", "2026-12-04T09:00-05:00"),
    "next thursday 9:00": ("2026-11-26T09:00-05:00", "2026-12-03T09:00-05:00"),
    "sunday next week 9:00": ("2026-11-29T09:00-05:00", "2026-12-06T09:00-05:00"),
    "03/04/2027 9:00": ("2027-03-04T09:00-05:00", "2027-04-03T09:00-04:00"),
    "03-04-2027 9:00": ("2027-03-04T09:00-05:00", "2027-04-03T09:00-04:00"),
    "tomorrow at 9": ("2026-11-26T09:00-05:00", "2026-11-26T21:00-05:00"),
    "tomorrow at 9 o'clock": ("2026-11-26T09:00-05:00", "2026-11-26T21:00-05:00"),
    "at 12": ("2026-11-26T00:00-05:00", "2026-11-26T12:00-05:00"),
    "at 5": ("2026-11-26T05:00-05:00", "2026-11-26T17:00-05:00"),
    "5": ("2026-11-26T05:00-05:00", "2026-11-26T17:00-05:00"),
    "tomorrow at midnight": ("2026-11-26T00:00-05:00", "2026-11-27T00:00-05:00"),
    "24 november 9:00": ("2026-11-24T09:00-05:00", "2027-11-24T09:00-05:00"),
    "tomorrow 9:00 UTC": ("2026-11-26T04:00-05:00", "2026-11-27T04:00-05:00"),
    "in 120 days": ("2027-03-25T21:00-04:00", "2027-03-25T22:00-04:00"),
}


@pytest.mark.parametrize(("text", "first", "second"), [(text, *both) for text, both in TWO_MOMENTS.items()])
def test_a_phrase_that_could_mean_two_is_refused_and_both_are_told_and_can_be_written(
    text: str, first: str, second: str
) -> None:
    with pytest.raises(TwoMoments) as refusal:
        read(text)
    assert [one.isoformat(timespec="minutes") for one in refusal.value.readings] == [first, second]
    assert refusal.value.exit_code == ExitCode.REFUSED
    for one, line in zip(refusal.value.readings, str(refusal.value).splitlines()[1:], strict=True):
        full, _, form = line.strip().partition(": write ")
        assert full == told(one, NOW)
        assert moment(form, now=one - timedelta(days=1), zone=NEW_YORK).at.astimezone(UTC) == one.astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "text", "last", "first"),
    [
        (BERLIN, "2027-03-28T02:30", "01:59:59", "03:00"),
        (NEW_YORK, "14 march 2027 2:30am", "01:59:59", "03:00"),
        (LORD_HOWE, "2027-10-03 02:15", "01:59:59", "02:30"),
    ],
)
def test_a_time_that_clocks_skip_is_refused_with_those_on_either_side(
    zone: str, text: str, last: str, first: str
) -> None:
    with pytest.raises(TimeRefused) as refusal:
        read(text, zone)
    before, after = (line.strip() for line in str(refusal.value).splitlines()[1:])
    assert f", {last} {zone}, in" in before
    assert f", {first} {zone}, in" in after
    instants = [moment(line, now=NOW, zone=zone).at.astimezone(UTC) for line in (before, after)]
    assert instants[1] - instants[0] == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("zone", "text", "first", "second"),
    [
        (BERLIN, "2027-10-31T02:30", "2027-10-31T02:30+02:00", "2027-10-31T02:30+01:00"),
        (NEW_YORK, "7 november 2027 1:30", "2027-11-07T01:30-04:00", "2027-11-07T01:30-05:00"),
        (LORD_HOWE, "2027-04-04 1:45am", "2027-04-04T01:45+11:00", "2027-04-04T01:45+10:30"),
    ],
)
def test_a_time_that_clocks_show_twice_is_refused_and_its_offset_says_which(
    zone: str, text: str, first: str, second: str
) -> None:
    with pytest.raises(TwoMoments) as refusal:
        read(text, zone)
    for one, form in zip(refusal.value.readings, (first, second), strict=True):
        assert f": write {form}" in str(refusal.value)
        chosen = moment(form, now=NOW, zone=zone)
        assert chosen.at.astimezone(UTC) == one.astimezone(UTC) == due_at_the_service(chosen, NOW)
        assert chosen.fields == {"at": form, "timezone": zone}


def test_what_clocks_are_on_says_which_of_two_as_well() -> None:
    assert read("2027-11-07 1:30 EDT") == "2027-11-07T01:30-04:00"
    assert read("2027-11-07 1:30 EST") == "2027-11-07T01:30-05:00"
    with pytest.raises(TimeRefused, match='"EST" is not what clocks in America/New_York are on'):
        read("2027-07-01 1:30 EST")


def test_a_time_that_is_over_in_summer_time_comes_again_in_winter_time() -> None:
    between = datetime.fromisoformat("2026-11-01T01:45-04:00")
    assert read("1:30", now=between) == "2026-11-01T01:30-05:00"
    assert read("1:30", now=between + timedelta(hours=1)) == "2026-11-02T01:30-05:00"


def test_next_sunday_tells_of_the_other_one_that_some_mean() -> None:
    (note,) = moment("next sunday 1am", now=NOW, zone=NEW_YORK).notes
    assert note == 'To some, "next sunday" is Sunday 6 December 2026: write 2026-12-06T01:00 for that.'
    assert moment("next monday 1am", now=NOW, zone=NEW_YORK).notes == ()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("tomorow 9:00", 'Did you mean "tomorrow 9:00"?'),
        ("24 decmber 9:00", 'Did you mean "24 december 9:00"?'),
        ("wendesday at mignight", 'Did you mean "wednesday at midnight"?'),
        ("5 minutes", 'Did you mean "in 5 minutes"?'),
        ("1798135200", 'Did you mean "@1798135200"?'),
        ("tomorrow", 'Write "tomorrow 9:00", for example.'),
        ("soon", 'Understood are, for example: "in 5 minutes", "tomorrow 9:00", "sunday 1am", "24 december 18:00", '),
    ],
)
def test_what_is_not_understood_is_told_what_is(text: str, hint: str) -> None:
    with pytest.raises(TimeNotUnderstood) as refusal:
        read(text)
    assert refusal.value.hint.startswith(hint)


def test_what_is_past_is_told_what_time_it_is() -> None:
    with pytest.raises(Past) as refusal:
        read("2026-11-25T20:00")
    assert refusal.value.hint == "It is 21:00 on Wednesday 25 November 2026 in America/New_York."
    assert read("2026-11-25T20:59") == "2026-11-25T20:59-05:00"  # a minute ago is now, to the service too


def test_a_zone_that_does_not_exist_is_misuse() -> None:
    with pytest.raises(Misused, match='There is no time zone "Mars/Base"'):
        read("tomorrow 9:00", "Mars/Base")


def test_text_that_would_control_a_terminal_is_shown_and_does_not() -> None:
    with pytest.raises(TimeNotUnderstood) as refusal:
        read("tomorrow \x1b[31m9:00")
    assert "\x1b" not in str(refusal.value) and "\\x1b[31m9:00" in str(refusal.value)


class TestWhatIsSent:
    def test_is_taken_by_the_service_for_the_same_instant(self, gateway: Gateway) -> None:
        now = datetime.fromtimestamp(NOW_MS / 1000, UTC)
        for text in ("sunday 1am", "in 90 minutes", "2027-11-07T01:30-05:00"):
            chosen = moment(text, now=now, zone=NEW_YORK)
            with Client(gateway.url, TOKEN) as client:
                job = client.schedule("https://example.com/", **chosen.fields)
            assert (job.due_at, job.timezone) == (chosen.at.astimezone(UTC), NEW_YORK)
            assert job.notes == ()
            assert told_apart(chosen, job.due_at, now) is None

    def test_is_told_if_the_service_takes_it_for_another_instant(self) -> None:
        """Its zone data may be newer: a government has changed its clocks."""
        chosen = moment("sunday 1am", now=NOW, zone=NEW_YORK)
        message = told_apart(chosen, chosen.at + timedelta(hours=1), NOW)
        assert message is not None
        assert "takes this for Sunday 29 November 2026, 02:00 America/New_York, in 3 days 5 hours, 07:00 UTC" in message
        assert "this machine for Sunday 29 November 2026, 01:00 America/New_York" in message

    def test_is_a_delay_where_the_phrase_is_one_so_that_clocks_that_differ_do_not_matter(self) -> None:
        chosen = moment("in 5s", now=NOW, zone=NEW_YORK)
        assert chosen.fields == {"delay": timedelta(seconds=5), "timezone": NEW_YORK}
        assert told_apart(chosen, chosen.at + timedelta(hours=1), NOW) is None


def test_plain_forms_do_not_wait_for_the_library_of_other_languages() -> None:
    code = (
        "import sys, datetime; from punctual.cli.times import moment;"
        "now = datetime.datetime.now(datetime.UTC);"
        "[moment(text, now=now, zone='Europe/Berlin') for text in ('in 5s', '2090-01-01T00:00', 'tomorrow 9am')];"
        "print('dateparser' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"
