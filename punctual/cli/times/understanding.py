"""From a text to a phrase: by the grammar, by the words of other languages, or refused with what was meant."""

from __future__ import annotations

from punctual.cli.times.errors import TimeNotUnderstood, TimeRefused, quoted
from punctual.cli.times.phrase import Phrase, Unknown, read
from punctual.cli.times.words import near

FORMS = (
    "in 5 minutes",
    "tomorrow 9:00",
    "sunday 1am",
    "24 december 18:00",
    "2026-12-24T18:00",
    "2026-12-24T18:00+01:00",
)
"""A handful, shown where nothing was understood."""


def understood(text: str) -> Phrase:
    """The parts of a normal text. Raises TimeNotUnderstood, TimeRefused."""
    try:
        return read(text)
    except Unknown as unknown:
        raise _not_understood(text, unknown) from None


def _not_understood(text: str, unknown: Unknown) -> TimeNotUnderstood:
    meant = _meant(text, unknown)
    if meant is not None:
        hint = f'Did you mean "{meant}"?'
    else:
        hint = "Understood are, for example: " + ", ".join(f'"{form}"' for form in FORMS) + "."
    whole = "" if unknown.word == text else f" in {quoted(text)}"
    return TimeNotUnderstood(f"{quoted(unknown.word)}{whole} is not understood as a time.", hint=hint)


def _meant(text: str, unknown: Unknown) -> str | None:
    """The text with its misspelt words put right, if it is a phrase then."""
    for _ in range(4):
        better = near(unknown.word)
        if better is None or better == unknown.word:
            return None
        text = text[: unknown.place] + better + text[unknown.place + len(unknown.word) :]
        try:
            read(text)
        except Unknown as next_unknown:
            unknown = next_unknown
        except (TimeNotUnderstood, TimeRefused):
            return None
        else:
            return text
    return None
