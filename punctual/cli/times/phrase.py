"""A phrase, part by part. Every word of it belongs to a part, or it is not understood."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from punctual.cli.times.amounts import Amount
from punctual.cli.times.errors import TimeNotUnderstood, quoted

LONGEST = 200
"""Characters. No moment takes more to say, told in full; and no text should take long to be refused."""


Shifted = tuple[int, time]
"""A time of so many days later: the midnight that ends a day is that of the next one."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: as it was written, and every time it can be, each with the days to add.

    `beside_part`: what it can be beside a part of the day. "9:30" is of 24 hours, "9:30 in the evening" of 12.
    """

    written: str
    times: tuple[Shifted, ...]
    beside_part: tuple[Shifted, ...] = ()


@dataclass(slots=True)
class Phrase:
    """What a text says; None what it does not say.

    `dates` and `month_days` (month, day): one, or two if it can be read in two orders. `shown_in_zone`: the zone says
    where to show it, and not where it is read.
    """

    text: str
    clock: Clock | None = None
    dates: tuple[date, ...] | None = None
    month_days: tuple[tuple[int, int], ...] | None = None
    weekday: tuple[str, int] | None = None
    days: int | None = None
    week: int | None = None
    ahead: Amount | None = None
    part_of_day: str | None = None
    offset: timedelta | None = None
    zone: str | None = None
    shown_in_zone: bool = False
    abbreviation: str | None = None
    now: bool = False
    at_epoch: float | None = None
    english: str | None = None
    said: dict[str, str] = field(default_factory=dict)

    @property
    def counts_from_today(self) -> bool:
        """Whether its day depends on what day it is."""
        named = self.dates or self.month_days
        return not named and any(part is not None for part in (self.days, self.weekday, self.week, self.ahead))

    def put(self, part: str, value: object, written: str) -> None:
        """Say a part of it. Raises TimeNotUnderstood if it was said already."""
        if part in self.said:
            message = f"{quoted(self.text)} has both {quoted(self.said[part])} and {quoted(written.strip())}."
            raise TimeNotUnderstood(message, hint="One moment has one day and one time of day.")
        self.said[part] = written.strip()
        setattr(self, part, value)


_TYPED = str.maketrans({"−": "-", "–": "-", "\N{HYPHEN}": "-", "’": "'"})
"""What typesetters and word processors put → what is typed. NFKC makes a hyphen of the one that does not break."""


class Unknown(Exception):
    """A part of the text that is no part of the grammar."""

    def __init__(self, word: str, place: int) -> None:
        super().__init__(word)
        self.word, self.place = word, place


def normal(text: str) -> str:
    """In one case, with one blank between words. Raises TimeNotUnderstood if it is empty or too long to be a time."""
    if len(text) > LONGEST:
        raise TimeNotUnderstood(f"A time takes at most {LONGEST} characters, and here are {len(text)}.")
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not plain:
        raise TimeNotUnderstood("There is no time in an empty text.")
    return plain.translate(_TYPED)
