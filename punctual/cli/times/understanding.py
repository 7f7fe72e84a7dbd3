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

_NEARLY = (
    (r"^in (\d+)$", r"in \1 minutes"),
    (r"^in 0?(\d{1,2}):(\d\d)$|^(?:in )?(\d{1,2})h ?(\d\d)$", r"in \1\3h\2\4m"),
    (r"(\d),(\d\d?)(?=[ a-z])", r"\1.\2"),
    (r"(?<=\dt)(?=\d:)", "0"),
    (r"(?<![\d:.,/-])(?!20\d\d$)([01]\d|2[0-3])([0-5]\d) ?(?:h|hrs|hours)?(?![\w:./-])", r"\1:\2"),
    (r"(?<![\d:.,/-])(\d\d?)\.([0-5]\d)(?![\w:./-])", r"\1:\2"),
    (r"(?<= )(\d\d?)h([0-5]\d)(?![\w:./-])", r"\1:\2"),
)
"""Forms of other places and trades, and what they are here: 0900 hours, 9.30, 9h30."""


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
    """What would be understood, and is written nearly like this: with the "in" that it lacks, words put right."""
    if re.fullmatch(AMOUNT, text, re.ASCII):
        return f"in {text}"
    if found := re.fullmatch(r"@?(\d{10})(\d{3})?", text, re.ASCII):
        return f"@{found[1]}" + (f".{found[2]}" if found[2] else "")
    for pattern, right in _NEARLY:
        if (nearly := re.sub(pattern, right, text, flags=re.ASCII)) != text and _is_phrase(nearly):
            return nearly
    spelt = re.sub(r"[^\W\d_]{4,}", lambda word: near(word[0]) or word[0], text)
    return spelt if spelt != text and _is_phrase(spelt) else None


def _is_phrase(text: str) -> bool:
    try:
        read(text)
    except (Unknown, TimeNotUnderstood, TimeRefused):
        return False
    return True
