"""The words of a curl command as it was pasted, split by a shell or in quotes as a whole, and the options they are."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence

from punctual.cli.curl_options import BY_NAME, BY_SHORT, Option
from punctual.cli.errors import Misused

_LINE_END = re.compile(r"\\[ \t]*\r?\n")
_QUOTED = re.compile(r"""(?s)\$'((?:\\.|[^'\\])*)'|'[^']*'|"(?:\\.|[^"\\])*"|\\.""")
_ESCAPE = re.compile(
    r"(?s)\\(?:(?P<simple>[abeEfnrtv\\'\"?])|x(?P<hex>[0-9A-Fa-f]{1,2})|u(?P<u4>[0-9A-Fa-f]{1,4})"
    r"|U(?P<u8>[0-9A-Fa-f]{1,8})|(?P<octal>[0-7]{1,3}))"
)
_SIMPLE = dict(zip("abeEfnrtv\\'\"?", "\a\b\x1b\x1b\f\n\r\t\v\\'\"?", strict=True))
_PROMPTS = ("$", "%", "#", ">")
_OF_THE_SHELL = ("|", "||", "&", "&&", ";", ">", ">>", "<", "2>&1", "2>")


OURS = (
    *("--at", "--in", "--timezone", "--timeout", "--expect", "--notify", "--name", "--idempotency-key", "--dry-run"),
    *("--wait", "--secret-header", "--quiet", "--profile", "--if-version", "--unset"),
)
"""Options of ours that are often written behind `--`, where curl's are."""


def curl_words(words: Sequence[str]) -> list[str]:
    """The command, its first word "curl" or where curl is; none if it is another.

    Raises Misused for one that a shell would not run as it is, or that was copied for the shells of Windows.
    """
    whole = len(words) == 1 and " " in words[0].strip()
    found = _split(words[0]) if whole else list(words)
    if len(found) > 1 and found[0] in _PROMPTS:  # copied with the prompt before it
        found = found[1:]
    if not found or os.path.basename(found[0]).removesuffix(".exe") != "curl":
        return []
    if any(word.strip() in ("^", "`") or word.startswith(('^"', "^http", "^-")) for word in found):
        raise Misused(
            "This curl command was copied for a shell of Windows, whose ^ and ` mean nothing here.",
            hint="In the browser choose: Copy as cURL (bash).",
        )
    if whole and (operators := [word for word in found if word in _OF_THE_SHELL]):
        raise Misused(
            f"The curl command has a {operators[0]} of the shell.", hint="Paste it up to there: a job is the request."
        )
    return found


def _split(text: str) -> list[str]:
    """As bash splits it, `$'…'` too, which shlex does not know. What is no command of curl's may be left whole."""
    try:
        return shlex.split(_QUOTED.sub(_as_plain_quotes, _LINE_END.sub(" ", text)))
    except ValueError as error:
        if "curl" not in text:
            return [text]
        raise Misused(f"The curl command cannot be read: {error}.") from None


def _as_plain_quotes(found: re.Match[str]) -> str:
    return found[0] if found[1] is None else shlex.quote(_ESCAPE.sub(_meant, found[1]))


def _meant(found: re.Match[str]) -> str:
    if found["simple"]:
        return _SIMPLE[found["simple"]]
    return chr(int(found["hex"] or found["u4"] or found["u8"] or found["octal"], 8 if found["octal"] else 16))


def options_of(words: Sequence[str]) -> Iterator[tuple[Option | None, str, str]]:
    """Option, how it was written, and its value; no option: a URL."""
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            yield from ((None, "", url) for url in left)
            return
        if word.startswith("--"):
            option, off = _long(word)
            value = _next(left, word) if option.takes_value else ""
            if not off:
                yield option, word, value
        elif word.startswith("-") and word != "-":
            yield from _short(word[1:], left)
        elif word.strip():  # a blank word is what is left of a pasted line end
            yield None, "", word


def _long(word: str) -> tuple[Option, bool]:
    """The option, and whether it is switched off (`--no-…`)."""
    name = word[2:]
    if name in BY_NAME:
        return BY_NAME[name], False
    positive = BY_NAME.get(name.removeprefix("no-"))
    if positive is None or positive.takes_value:
        raise _unknown(word)
    return positive, positive.kind != "ignored"


def _unknown(word: str) -> Misused:
    """What is said of it; never with a value, which may be secret."""
    name, equals, _ = word.partition("=")
    known = BY_NAME.get(name[2:])
    if equals and known and known.takes_value:
        return Misused(f"curl takes the value of {name} as the next word.", hint=f"Write a blank for the `=`: {name} …")
    if name in OURS:
        return Misused(
            f"curl has no {name}.",
            hint=f"What curl does not know goes before `--`: punctual schedule {name} … -- curl https://example.com",
        )
    return Misused(f"curl's {name} is not known here.", hint="Leave it out if the request does not need it.")


def _short(letters: str, left: list[str]) -> Iterator[tuple[Option | None, str, str]]:
    for at, letter in enumerate(letters, start=1):
        option = BY_SHORT.get(letter)
        if option is None:
            raise Misused(f"curl's -{letter} is not known here.", hint="Leave it out if the request does not need it.")
        if option.takes_value:
            yield option, f"-{letter}", letters[at:] or _next(left, f"-{letter}")
            return
        yield option, f"-{letter}", ""


def _next(left: list[str], name: str) -> str:
    if not left:
        raise Misused(f"curl's {name} needs a value.")
    return left.pop(0)
