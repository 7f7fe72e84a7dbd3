"""A moment told in full is read back the same, and no text brings the reader down."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from punctual.cli.times import (
    TimeNotUnderstood,
    TimeRefused,
    bound,
    duration,
    moment,
    relative,
    span,
    told,
    translating,
    words,
    zones,
)
from punctual.cli.times.amounts import AMOUNT
from punctual.cli.times.grammar import PARTS
from punctual.cli.times.moments import _TOLD, written
from punctual.cli.times.phrase import LONGEST
from punctual.cli.times.spans import _MONTH, _ROLLING
from tests.backtracking import Counting, attacks

NOW = datetime.fromisoformat("2026-11-25T21:00-05:00")
ZONES = sorted(zones.names().values())


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        (
            *("2026-11-29T06:00Z", "America/New_York"),
            "Sunday 29 November 2026, 01:00 America/New_York, in 3 days 4 hours, 06:00 UTC",
        ),
        (
            *("2026-11-30T02:00Z", "America/New_York"),
            "Sunday 29 November 2026, 21:00 America/New_York, in 4 days, 02:00 UTC on Monday 30 November 2026",
        ),
        (
            *("2026-11-26T02:00:05.25Z", "Asia/Kathmandu"),
            "Thursday 26 November 2026, 07:45:05.250 Asia/Kathmandu, in 5 seconds, 02:00:05.250 UTC",
        ),
        ("2026-11-26T02:00Z", "Europe/Berlin", "Thursday 26 November 2026, 03:00 Europe/Berlin, now, 02:00 UTC"),
        ("2026-11-29T06:00Z", "Mars/Base", "Sunday 29 November 2026, 06:00 UTC, in 3 days 4 hours"),
        ("2026-11-26T01:58:30Z", "UTC", "Thursday 26 November 2026, 01:58:30 UTC, 1 minute 30 seconds ago"),
        ("2028-11-27T02:00Z", "UTC", "Monday 27 November 2028, 02:00 UTC, in 2 years 1 day"),
    ],
)
def test_a_moment_is_told_in_full(at: str, zone: str, expected: str) -> None:
    assert told(datetime.fromisoformat(at), NOW, zone) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        *((0, "now"), (0.4, "now"), (1, "in 1 second"), (4.999, "in 5 seconds"), (59, "in 59 seconds")),
        *((60, "in 1 minute"), (119, "in 1 minute"), (7200, "in 2 hours"), (3 * 86_400 + 86_399, "in 3 days")),
        *((365 * 86_400, "in 1 year"), (-1, "1 second ago"), (-300, "5 minutes ago"), (-86_400, "1 day ago")),
        (-366 * 86_400, "1 year ago"),
    ],
)
def test_a_table_says_how_far_away_a_moment_is(seconds: float, expected: str) -> None:
    assert relative(NOW + timedelta(seconds=seconds), NOW) == expected


instants = st.integers(-60_000, 99 * 365 * 86_400_000).map(
    lambda ms: NOW.astimezone(UTC) + timedelta(milliseconds=1) * ms
)


@settings(max_examples=300)
@given(at=instants, shown=st.sampled_from(ZONES), read_in=st.sampled_from(ZONES))
@example(at=datetime(2027, 11, 7, 6, 30, tzinfo=UTC), shown="America/New_York", read_in="UTC")  # the second of two
@example(at=datetime(2027, 6, 1, tzinfo=UTC), shown="CET", read_in="CET")  # a name that is also what clocks are on
@example(at=datetime(2026, 11, 26, 2, tzinfo=UTC), shown="GMT", read_in="America/Adak")  # and one that is an offset
def test_what_is_told_is_read_back_the_same(at: datetime, shown: str, read_in: str) -> None:
    """In every zone that there is; short names, which are also those of clocks, at least where they are one's own."""
    if shown.casefold() in words.ABBREVIATIONS:
        read_in = shown
    local = at.astimezone(ZoneInfo(shown))
    texts = {told(local, NOW), local.isoformat(), f"{local.isoformat()}[{shown}]", at.isoformat()}
    for text in texts:
        assert moment(text, now=NOW, zone=read_in).at.astimezone(UTC) == at, text
    assert moment(written(local), now=NOW, zone=shown).at.astimezone(UTC) == at


@given(amount=st.tuples(st.integers(0, 9999), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59_999)))
def test_an_amount_of_time_is_read_in_words_and_in_short(amount: tuple[int, int, int, int]) -> None:
    days, hours, minutes, ms = amount
    expected = timedelta(days=days, hours=hours, minutes=minutes, milliseconds=ms)
    assert duration(f"{days}d{hours}h{minutes}m{ms / 1000:.3f}s") == expected
    assert duration(f"in {days} days, {hours} hours, {minutes} minutes and {ms} milliseconds") == expected
    assert duration(f"P{days}DT{hours}H{minutes}M{ms / 1000:.3f}S") == expected


@pytest.mark.parametrize(
    "text", ["", "5", "5 bananas", "2 months", "tomorrow", "-5m", "1h2h", "5m 1h", "101 y", "0.1ms"]
)
def test_what_is_no_amount_of_time_is_refused(text: str) -> None:
    with pytest.raises((TimeNotUnderstood, TimeRefused)):
        duration(text)


pieces = st.sampled_from(
    [
        *(
            *words.SPELLINGS,
            *words.ABBREVIATIONS,
            *words.NUMBERS,
            *"0123456789:.,/+-@zt ",
            "am",
            "pm",
            "in",
            "ago",
            "..",
        ),
        *(
            "2026-12-24",
            "24.12.2026",
            "w52",
            "9:00",
            "1h30m",
            "utc",
            "europe/berlin",
            "morgen",
            "demain",
            "明天",
            "uhr",
        ),
    ]
)
texts = st.lists(pieces, max_size=9).flatmap(lambda some: st.sampled_from(["", " "]).map(lambda by: by.join(some)))


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=LONGEST + 5) | texts, zone=st.sampled_from(ZONES), ahead=st.booleans())
def test_no_text_brings_it_down(text: str, zone: str, ahead: bool) -> None:
    for reading in (
        lambda: moment(text, now=NOW, zone=zone, ahead=ahead),
        lambda: span(text, NOW, zone),
        lambda: bound(text, now=NOW, zone=zone, end=ahead),
        lambda: duration(text),
    ):
        try:
            reading()
        except (TimeNotUnderstood, TimeRefused):
            continue


A_FEW = 25
"""Steps that a character may take."""
SIZE = 60
ENDS = ("", "\x00")


PATTERNS = dict.fromkeys([*(pattern for pattern, _ in PARTS), AMOUNT, _TOLD.pattern, _MONTH.pattern, _ROLLING.pattern])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_tries_and_tries_again(pattern: str) -> None:
    """Counted on the worst text of some length that can be made of each."""
    recursion = sys.getrecursionlimit()
    counting = Counting(re.compile(pattern, re.ASCII))
    sys.setrecursionlimit(20_000)
    try:
        for before, again in attacks(counting):
            for end in ENDS:
                counting.steps = 0
                counting.fullmatch((before + again * SIZE)[:SIZE] + end)
                assert counting.steps <= A_FEW * SIZE, (before, again, end)
    finally:
        sys.setrecursionlimit(recursion)


class TestOtherLanguages:
    """Their words are dateparser's, and what is made of them is as strict as in English."""

    @pytest.mark.parametrize(
        ("text", "english"),
        [
            *(("morgen um 9:00 Uhr", "tomorrow 9:00"), ("übermorgen 9:00", "day after tomorrow 9:00")),
            *(("Sonntag 1:00", "sunday 1:00"), ("in 5 Minuten", "in 5 minute")),
            *(("24. Dezember 2026 18:00", "24. december 2026 18:00"), ("demain à 9h00", "tomorrow 9:00")),
            *(("dans 5 minutes", "in 5 minute"), ("24 décembre 18h00", "24 december 18:00")),
            *(
                ("domingo 1:00", "sunday 1:00"),
                ("domani alle 9:00", "tomorrow 9:00"),
                ("jutro o 9:00", "tomorrow 9:00"),
            ),
            *(("amanhã às 9:00", "tomorrow 9:00"), ("imorgon 9:00", "tomorrow 9:00"), ("明天 9:00", "tomorrow 9:00")),
            ("завтра в 9:00", "tomorrow 9:00"),
        ],
    )
    def test_are_read_as_if_in_english_and_it_is_said_how(self, text: str, english: str) -> None:
        chosen = moment(text, now=NOW, zone="Europe/Berlin")
        assert chosen.at == moment(english, now=NOW, zone="Europe/Berlin").at
        assert chosen.notes == (f'"{text}" is taken for "{english}".',)

    @pytest.mark.parametrize(
        "text",
        [
            *("nächste Woche", "nächste Woche 9:00", "nächsten Monat"),  # dateparser: in 1 week, as if it were a moment
            *("etwa morgen 9:00", "mañana cerca 9:00"),  # about
            *("jeden Sonntag 1:00", "nicht morgen 9:00", "morgen früh 9:00 vielleicht"),
            "do 9:00",  # thursday in German, sunday in Vietnamese and others
            *("1h30", "to 9:00"),
        ],
    )
    def test_are_refused_if_they_say_no_moment_or_one_in_each_language(self, text: str) -> None:
        with pytest.raises(TimeNotUnderstood):
            moment(text, now=NOW, zone="Europe/Berlin")

    def test_are_refused_if_they_could_mean_two(self) -> None:
        with pytest.raises(TimeRefused, match="could mean two moments"):
            moment("morgen um 9 Uhr", now=NOW, zone="Europe/Berlin")

    def test_cover_those_that_are_named(self) -> None:
        assert translating.in_english("heute") == "today"
        assert set(translating.LANGUAGES) >= {"de", "fr", "es", "it", "pt", "nl", "pl", "ja", "zh"}
