"""Ranges of time in words: whole days of the zone, however long they are there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from punctual.cli.times import Past, Span, TimeNotUnderstood, TimeRefused, TwoMoments, bound, deadline, moment, span

NEW_YORK = "America/New_York"
NOW = datetime.fromisoformat("2026-11-25T21:00-05:00")
"""A Wednesday."""


def texts(found: Span) -> tuple[str, str]:
    start, end = (one.isoformat(timespec="minutes") if one else "" for one in (found.start, found.end))
    return start, end


RANGES = {
    "today": ("2026-11-25T00:00-05:00", "2026-11-26T00:00-05:00"),
    "Yesterday": ("2026-11-24T00:00-05:00", "2026-11-25T00:00-05:00"),
    "tomorrow": ("2026-11-26T00:00-05:00", "2026-11-27T00:00-05:00"),
    "last monday": ("2026-11-23T00:00-05:00", "2026-11-24T00:00-05:00"),
    "this week": ("2026-11-23T00:00-05:00", "2026-11-30T00:00-05:00"),
    "last week": ("2026-11-16T00:00-05:00", "2026-11-23T00:00-05:00"),
    "next month": ("2026-12-01T00:00-05:00", "2027-01-01T00:00-05:00"),
    "this year": ("2026-01-01T00:00-05:00", "2027-01-01T00:00-05:00"),
    "2026-11": ("2026-11-01T00:00-04:00", "2026-12-01T00:00-05:00"),
    "november 2026": ("2026-11-01T00:00-04:00", "2026-12-01T00:00-05:00"),
    "2026": ("2026-01-01T00:00-05:00", "2027-01-01T00:00-05:00"),
    "2026-W47": ("2026-11-16T00:00-05:00", "2026-11-23T00:00-05:00"),
    "2026-11-20": ("2026-11-20T00:00-05:00", "2026-11-21T00:00-05:00"),
    "20 november 2026": ("2026-11-20T00:00-05:00", "2026-11-21T00:00-05:00"),
    "2027-03-14": ("2027-03-14T00:00-05:00", "2027-03-15T00:00-04:00"),  # 23 hours
    "last 7 days": ("2026-11-18T21:00-05:00", "2026-11-25T21:00-05:00"),
    "last 30 days": ("2026-10-26T21:00-04:00", "2026-11-25T21:00-05:00"),  # the same time of day, an hour longer
    "past 30 minutes": ("2026-11-25T20:30-05:00", "2026-11-25T21:00-05:00"),
    "next 24 hours": ("2026-11-25T21:00-05:00", "2026-11-26T21:00-05:00"),
    "last 9 months": ("2026-02-25T21:00-05:00", "2026-11-25T21:00-05:00"),
    "2026-11-20..2026-11-22": ("2026-11-20T00:00-05:00", "2026-11-23T00:00-05:00"),
    "from yesterday to tomorrow": ("2026-11-24T00:00-05:00", "2026-11-27T00:00-05:00"),
    "2026-10..2026-11": ("2026-10-01T00:00-04:00", "2026-12-01T00:00-05:00"),
    "2026-11-20T10:00..2026-11-20 12:00": ("2026-11-20T10:00-05:00", "2026-11-20T12:00-05:00"),
    "2 hours ago..now": ("2026-11-25T19:00-05:00", "2026-11-25T21:00-05:00"),
    "since yesterday": ("2026-11-24T00:00-05:00", ""),
    "until tomorrow": ("", "2026-11-27T00:00-05:00"),
    "..2026-11-22": ("", "2026-11-23T00:00-05:00"),
    "last hour": ("2026-11-25T20:00-05:00", "2026-11-25T21:00-05:00"),
    "the next hour": ("2026-11-25T21:00-05:00", "2026-11-25T22:00-05:00"),
    "the past week": ("2026-11-18T21:00-05:00", "2026-11-25T21:00-05:00"),
    "last two weeks": ("2026-11-11T21:00-05:00", "2026-11-25T21:00-05:00"),
    "previous month": ("2026-10-01T00:00-04:00", "2026-11-01T00:00-04:00"),
    "since monday": ("2026-11-23T00:00-05:00", ""),
    "since 20 november": ("2026-11-20T00:00-05:00", ""),
    "since monday 9:00": ("2026-11-23T09:00-05:00", ""),
    "from yesterday": ("2026-11-24T00:00-05:00", ""),
    "to tomorrow": ("", "2026-11-27T00:00-05:00"),
    "between yesterday and tomorrow": ("2026-11-24T00:00-05:00", "2026-11-27T00:00-05:00"),
    "from 2026-11-20 until 2026-11-22": ("2026-11-20T00:00-05:00", "2026-11-23T00:00-05:00"),
    # an end that is a time of day is the first one after the beginning
    "yesterday 9:00 to 10:00": ("2026-11-24T09:00-05:00", "2026-11-24T10:00-05:00"),
    "between tomorrow 9:00 and 10:00": ("2026-11-26T09:00-05:00", "2026-11-26T10:00-05:00"),
    "2026-10-31 22:00..6:00": ("2026-10-31T22:00-04:00", "2026-11-01T06:00-05:00"),
    "22:00 to 6:00": ("2026-11-25T22:00-05:00", "2026-11-26T06:00-05:00"),
    "2 hours ago to 20:30": ("2026-11-25T19:00-05:00", "2026-11-25T20:30-05:00"),
    "yesterday to 10:00": ("2026-11-24T00:00-05:00", "2026-11-25T10:00-05:00"),
    "heute": ("2026-11-25T00:00-05:00", "2026-11-26T00:00-05:00"),
}


@pytest.mark.parametrize(("text", "expected"), RANGES.items())
def test_words_name_a_range(text: str, expected: tuple[str, str]) -> None:
    assert texts(span(text, NOW, NEW_YORK)) == expected


def test_a_range_of_months_ends_with_the_last_day_of_a_shorter_one() -> None:
    last_of_march = datetime.fromisoformat("2027-03-31T12:00-04:00")
    assert texts(span("last 1 month", last_of_march, NEW_YORK))[0] == "2027-02-28T12:00-05:00"


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("Africa/Cairo", "2024-04-26", "2024-04-26T01:00+03:00"),  # midnight is skipped
        ("America/Havana", "2024-11-03", "2024-11-03T00:00-04:00"),  # midnight comes twice
    ],
)
def test_a_day_begins_with_its_first_instant_whatever_clocks_do_at_midnight(zone: str, day: str, start: str) -> None:
    assert texts(span(day, NOW, zone))[0] == start


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("banana", TimeNotUnderstood, '"banana" is not understood'),
        ("tomorrow 9:00", TimeNotUnderstood, "is not understood as a range of time"),
        ("last 0 days", TimeNotUnderstood, "is not understood"),
        ("..", TimeNotUnderstood, "neither a beginning nor an end"),
        ("2026-13", TimeRefused, "There is no month 13."),
        ("2026-11-31", TimeRefused, "November has 30 days."),
        ("2026-11..2026-10", TimeRefused, "ends before it begins"),
        ("tomorrow..yesterday", TimeRefused, "ends before it begins"),
        (
            "monday",
            TwoMoments,
            "  Monday 23 November 2026: write 2026-11-23\n  Monday 30 November",
        ),
        ("this monday", TwoMoments, "  Monday 23 November 2026: write 2026-11-23\n  Monday 30 November"),
        ("3/4", TwoMoments, '"3/4" could mean 4 days:'),
        ("yesterday 9:00 to 5", TimeRefused, '"5" could mean two moments.'),
        ("until friday", TwoMoments, '"friday" could mean two days:'),
        ("last day", TimeNotUnderstood, '"last day" is not understood'),  # yesterday, to some
        ("20 november", TwoMoments, "  Friday 20 November 2026: write 2026-11-20\n"),
    ],
)
def test_other_words_are_refused(text: str, error: type[Exception], said: str) -> None:
    with pytest.raises((TimeNotUnderstood, TimeRefused)) as refusal:
        span(text, NOW, NEW_YORK)
    assert (type(refusal.value), said in str(refusal.value)) == (error, True), refusal.value


def test_what_is_not_understood_is_told_which_ranges_are() -> None:
    with pytest.raises(TimeNotUnderstood) as refusal:
        span("banana", NOW, NEW_YORK)
    assert '"last 7 days", "2026-11", "2026-11-20..2026-11-22"' in refusal.value.hint


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("tomorrow", "2026-11-26T05:00", "2026-11-27T05:00"),
        ("2026-11", "2026-11-01T04:00", "2026-12-01T05:00"),
        ("today 9:00", "2026-11-25T14:00", "2026-11-25T14:00"),
        ("9:00", "2026-11-25T14:00", "2026-11-25T14:00"),
        ("2026-01-01T00:00Z", "2026-01-01T00:00", "2026-01-01T00:00"),
        ("3 days ago", "2026-11-23T02:00", "2026-11-23T02:00"),
    ],
)
def test_a_bound_is_a_moment_or_where_a_day_or_month_begins_or_ends(text: str, start: str, end: str) -> None:
    found = [bound(text, now=NOW, zone=NEW_YORK, end=end) for end in (False, True)]
    assert [one.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") for one in found] == [start, end]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("2027-02-01", "2027-02-02T00:00-05:00"), ("2027-02", "2027-03-01T00:00-05:00")),
        *(("tomorrow", "2026-11-27T00:00-05:00"), ("tomorrow 9:00", "2026-11-26T09:00-05:00")),
        *(("9:00", "2026-11-26T09:00-05:00"), ("monday 9:00", "2026-11-30T09:00-05:00")),
        *(("in 1 year", "2027-11-25T21:00-05:00"), ("in 150 days", "2027-04-24T21:00-04:00")),  # clocks change before
    ],
)
def test_a_deadline_is_to_come_and_a_day_counts_to_its_end(text: str, expected: str) -> None:
    assert deadline(text, now=NOW, zone=NEW_YORK).isoformat(timespec="minutes") == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        *(("yesterday", Past), ("2026-11-24", Past), ("2026-11-24 9:00", Past), ("2026-10", Past)),
        *(("monday", TimeNotUnderstood), ("banana", TimeNotUnderstood), ("tomorrow at 9", TwoMoments)),
    ],
)
def test_a_deadline_that_is_over_or_unclear_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        deadline(text, now=NOW, zone=NEW_YORK)


def test_a_bound_that_could_be_past_or_to_come_is_refused() -> None:
    with pytest.raises(TwoMoments):
        bound("monday 9:00", now=NOW, zone=NEW_YORK)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30 days ago", "2026-10-22T19:00+02:00"), ("in 150 days", "2027-04-20T19:00+02:00")],
)
def test_a_bound_so_many_days_away_is_at_the_same_time_of_day_also_when_clocks_change(text: str, expected: str) -> None:
    """When to send a request an hour makes a difference, and it is refused; not where a list begins."""
    now = datetime.fromisoformat("2026-11-21T18:00Z")
    assert bound(text, now=now, zone="Europe/Berlin").isoformat(timespec="minutes") == expected
    with pytest.raises(TwoMoments):
        moment("in 150 days", now=now, zone="Europe/Berlin")
