"""Phrases in other languages, put into English word by word: dateparser knows the words, the grammar what they mean.

It is imported when English was not understood: it costs more than all the rest (docs/decisions/phrases-of-time.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LANGUAGES = [
    *("de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "tr"),
    *("ru", "uk", "ja", "zh", "ko"),
]
"""Fixed: a phrase should not mean one thing on a laptop and another on a server whose settings are in English."""

_LONGEST = 60
"""Characters: what is longer, people have not typed."""

_ABOUT = re.compile(
    r"\b(?:etwa|circa|cirka|cca|cerca|environ|asi|zhruba|kolem|okolo|někdy|přibližně|około|yaklaşık|около|примерно"
    r"|близько|приблизно)\b|[約约]"
)
"""Words that dateparser passes over although they say that no one moment is meant."""
_DIGITS = re.compile(r"\d+", re.ASCII)
_DAYS = {
    **{"2 day ago": "day before yesterday", "1 day ago": "yesterday", "0 day ago": "today"},
    **{"in 1 day": "tomorrow", "in 2 day": "day after tomorrow"},
}
"""What dateparser makes of words for days."""


def in_english(text: str) -> str | None:
    """What a normal text says in English. None if no language has all of its words, or two see other things in them."""
    if len(text) > _LONGEST or not any(map(str.isalpha, text)) or _ABOUT.search(text):
        return None
    found = set(_translations(text))
    return _with_numbers_of(text, found.pop()) if len(found) == 1 else None


def _translations(text: str) -> Iterator[str]:
    from dateparser.conf import settings  # type: ignore[import-untyped]
    from dateparser.languages import default_loader  # type: ignore[import-untyped]

    for locale in default_loader.get_locales(languages=LANGUAGES):
        if locale.is_applicable(text, settings=settings):
            yield " ".join(locale.translate(text, keep_formatting=True, settings=settings).casefold().split())


def _with_numbers_of(text: str, translation: str) -> str | None:
    """The translation if it has the numbers of the text and no others: it makes "in 1 week" of "next week", too."""
    numbers = _DIGITS.findall(text)
    for named in (translation, re.sub("|".join(_DAYS), lambda found: _DAYS[found[0]], translation)):
        if _DIGITS.findall(named) == numbers:
            return named
    return None
