"""From a text to a phrase: by the grammar, by the words of other languages, or refused with what was meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from punctual.cli.times.amounts import AMOUNT
from punctual.cli.times.errors import TimeNotUnderstood, TimeRefused, quoted
from punctual.cli.times.grammar import read
from punctual.cli.times.phrase import Phrase, Unknown
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


def understood(text: str, *, shown: str = "", forms: Sequence[str] = FORMS) -> Phrase:
    """The parts of a normal text, which was written as `shown`. Raises TimeNotUnderstood, TimeRefused.

    `forms` are those that would be understood there, for the error to name.
    """
    shown = shown or text
    try:
        return replace(read(text), text=shown)
    except Unknown as first:
        unknown = first
    from punctual.cli.times.translating import in_english

    english = in_english(text)
    try:
        phrase = read(english or "")
    except Unknown:
        english = None
    if not english:
        raise _not_understood(text, unknown, shown, forms)
    return replace(phrase, text=shown, english=english)


def among(forms: Sequence[str]) -> str:
    """What is understood, for a hint."""
    return "Understood are, for example: " + ", ".join(f'"{form}"' for form in forms) + "."


def _not_understood(text: str, unknown: Unknown, shown: str, forms: Sequence[str]) -> TimeNotUnderstood:
    meant = _meant(text)
    hint = among(forms) if meant is None else f'Did you mean "{meant}"?'
    whole = "" if unknown.word == text else f" in {quoted(shown)}"
    word = shown if unknown.word == text else unknown.word
    return TimeNotUnderstood(f"{quoted(word)}{whole} is not understood as a time.", hint=hint)


def _meant(text: str) -> str | None:
    """The text with its misspelt words put right, or with the "in" that it lacks, if it is a phrase then."""
    if re.fullmatch(AMOUNT, text, re.ASCII):
        return f"in {text}"
    if re.fullmatch(r"\d{10}", text, re.ASCII):
        return f"@{text}"
    spelt = re.sub(r"[^\W\d_]{4,}", lambda word: near(word[0]) or word[0], text)
    if spelt == text:
        return None
    try:
        read(spelt)
    except (Unknown, TimeNotUnderstood, TimeRefused):
        return None
    return spelt
