"""Why a text is no time to go by.

TimeNotUnderstood   exit 2: the words say no moment, or not all of one
TimeRefused         exit 4: the words are understood, and there is no such moment (31 November, clocks go forward)
├── TwoMoments              there are two
└── Past                    it is over, and was asked for ahead
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from punctual.cli.errors import Misused, NotAccepted
from punctual.cli.plain import plain


class TimeNotUnderstood(Misused):
    """The words say no moment, or not all of one. The hint says what was meant, or what is understood."""


class TimeRefused(NotAccepted):
    """There is no such moment."""


class TwoMoments(TimeRefused):
    """There is more than one. `readings` are those (aware), the message tells each in full and how to write it."""

    def __init__(self, message: str, readings: Sequence[datetime]) -> None:
        super().__init__(message, hint="Write the one that you mean.")
        self.readings = tuple(readings)


class Past(TimeRefused):
    """The moment is over."""


def quoted(text: str) -> str:
    """What was written, to be told: harmless, in quotes, and no longer than a line can be."""
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return f'"{plain(short)}"'
