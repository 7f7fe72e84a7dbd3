"""Phrases in other languages, put into English word by word: dateparser knows the words, the grammar what they mean.

It is imported when English was not understood: it costs more than all the rest (docs/decisions/phrases-of-time.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

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
_THOUSANDS = re.compile(r"(?<![\d:.,])\d{1,3}\.\d{3}(?![\d.])", re.ASCII)
"""In most of these languages 1.500 is one thousand and five hundred, in English one and a half."""
_ON = {"de": "am ", "es": "el ", "nl": "op "}
"""Before a day, a word that dateparser does not know."""
_DIGITS = re.compile(r"\d+", re.ASCII)
_DAYS = {
    **{"2 day ago": "day before yesterday", "1 day ago": "yesterday", "0 day ago": "today"},
    **{"in 1 day": "tomorrow", "in 2 day": "day after tomorrow"},
}
"""What dateparser makes of words for days."""


def in_english(text: str) -> str | None:
    """What a normal text says in English. None if no language has all of its words, or two see other things in them."""
    if len(text) > _LONGEST or not any(map(str.isalpha, text)) or _ABOUT.search(text) or _THOUSANDS.search(text):
        return None
    found = set(_translations(text))
    return found.pop() if len(found) == 1 else None


def _translations(text: str) -> Iterator[str | None]:
    """What it is in each language that has all of its words; None where that is not what it says."""
    from dateparser.conf import settings  # type: ignore[import-untyped]
    from dateparser.languages import default_loader  # type: ignore[import-untyped]

    for locale in default_loader.get_locales(languages=LANGUAGES):
        plain = text.removeprefix(_ON.get(locale.shortname, ""))
        if locale.is_applicable(plain, settings=settings):
            english = locale.translate(plain, keep_formatting=True, settings=settings).casefold()
            silent = [
                word for word in locale.info.get("skip", ()) if not word.isalpha() and any(map(str.isalpha, word))
            ]
            english = _with_numbers_of(plain, " ".join(_without(silent, english).split()))
            # It drops "in" where no unit follows; and "in 1:30", to those who write it, is not half past one.
            leading = [word for word in locale.info.get("in", ()) if len(word) > 1]
            dropped = english and " in " not in f" {english} " and _without(leading, _bare(plain)) != _bare(plain)
            yield None if dropped else english


def _without(words: Iterable[str], text: str) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(_bare(word))}(?!\w)", " ", text)
    return text


def _bare(text: str) -> str:
    """Without accents, which dateparser passes over."""
    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))


def _with_numbers_of(text: str, translation: str) -> str | None:
    """The translation if it has the numbers of the text and no others: it makes "in 1 week" of "next week", too."""
    numbers = _DIGITS.findall(text)
    for named in (translation, re.sub("|".join(_DAYS), lambda found: _DAYS[found[0]], translation)):
        if _DIGITS.findall(named) == numbers:
            return named
    return None
