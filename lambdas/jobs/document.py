"""From the bytes of a request to a JSON object, or a refusal that says what is wrong with them.

Stricter than `json.loads`: it takes NaN, keeps the last of two equal names, lets lone surrogates through and, at some
depth that depends on the Python version, raises RecursionError. Everything here is linear in the document's size.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from itertools import accumulate
from typing import Any, NoReturn

from lambdas.jobs.errors import Fault, RequestRefused

LARGEST_DOCUMENT = 512 * 1024
"""Bytes, unless the route takes more."""

DEEPEST_NESTING = 200
"""Levels. Deep enough for any data, and shallow enough for all that later walks the value, on every Python version."""

LARGEST_NUMBER = sys.float_info.max

MOST_DIGITS = 4_300
"""Of one number, as in Python's own limit."""

_LONGEST_WHOLE_NUMBER = str(-int(LARGEST_NUMBER))
_BLANKS = b" \t\r\n"
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ALL_BUT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_MAYBE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PARAMETER = re.compile(r'\s*(?P<name>[\w!#$&^.+-]+)=(?P<value>[\w!#$&^.+-]+|"[^"\\]*")\s*', re.ASCII)


def check_media_type(content_type: str | None, content_encoding: str | None = None, *, patch: bool = False) -> None:
    """Raise RequestRefused (415) unless the document says that it is JSON in UTF-8, uncompressed.

    With `patch`, a merge patch (RFC 7396) may say so instead.
    """
    accepted = ("application/json", "application/merge-patch+json") if patch else ("application/json",)
    media_type, *parameters = (content_type or "").split(";")
    if media_type.strip().lower() not in accepted or not all(map(_is_harmless, parameters)):
        message = f"The document must be JSON in UTF-8, sent with content-type: {' or '.join(accepted)}."
        raise RequestRefused(415, "Unsupported media type", [Fault("document", "media_type", message)])
    if (content_encoding or "").strip().lower() not in ("", "identity"):
        message = "The document must be sent as it is, without content-encoding."
        raise RequestRefused(415, "Unsupported media type", [Fault("document", "content_encoding", message)])


def _is_harmless(parameter: str) -> bool:
    """Whether a media type's parameter may be there: any but another charset, as RFC 8259 defines none for JSON."""
    found = _PARAMETER.fullmatch(parameter)
    if found is None:
        return not parameter.strip()
    return found["name"].lower() != "charset" or found["value"].strip('"').lower() in ("utf-8", "utf8")


def read_document(content: bytes, *, largest: int = LARGEST_DOCUMENT) -> dict[str, Any]:
    """The JSON object that a request carries.

    Its numbers are whole or finite doubles, its text is valid Unicode, no name is there twice, and it is at most
    `DEEPEST_NESTING` deep; the document has at most `largest` bytes. Raises RequestRefused: 413, 400, or 422 for JSON
    that is not an object.
    """
    if len(content) > largest:
        message = f"The document may have at most {largest // 1024} KB."
        raise RequestRefused(413, "Content too large", [Fault("document", "body_too_large", message)])
    if not content.strip(_BLANKS):
        raise _bad("empty_body", "The request needs a document: a JSON object.")
    text = _text(content)
    if _depth(content) > DEEPEST_NESTING:
        raise _bad("invalid_json", f"The document may be nested at most {DEEPEST_NESTING} levels deep.")
    value = _value(text)
    if not isinstance(value, dict):
        message = 'The document must be a JSON object, such as {"url": "https://example.com/", "delay_seconds": 60}.'
        raise RequestRefused(422, "Invalid request", [Fault("document", "not_an_object", message)])
    if _MAYBE_SURROGATE.search(text):
        _check_unicode(value)
    return value


def _text(content: bytes) -> str:
    try:
        # UTF-16 and UTF-32 of ASCII are valid UTF-8 too, with a NUL among the first bytes.
        if content.startswith(b"\xef\xbb\xbf") or b"\0" in content[:4]:
            raise ValueError
        return content.decode("utf-8")
    except ValueError:
        raise _bad("invalid_utf8", "The document must be in UTF-8, without a byte order mark.") from None


def _depth(content: bytes) -> int:
    """How deep the document is nested; of what is not JSON, some number not under its depth up to the first fault."""
    if content.count(b"[") + content.count(b"{") <= DEEPEST_NESTING:
        return 0  # cannot be deeper, whatever it is
    brackets = _STRINGS.sub(b"", content).translate(None, _ALL_BUT_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _value(text: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole_number, parse_float=_number
        )
    except json.JSONDecodeError as error:
        message = f"The document is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        raise _bad("invalid_json", message) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        ((double, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise _bad("duplicate_key", f"An object has more than one member named {double[:64]!a}; keep one.")
    return members


def _constant(name: str) -> NoReturn:
    raise _bad("invalid_json", f"{name} is not JSON; numbers are finite.")


def _whole_number(text: str) -> int:
    # Text that is too long is not parsed: for whole numbers that takes quadratic time.
    number = int(text) if len(text) <= len(_LONGEST_WHOLE_NUMBER) else None
    return number if number is not None and abs(number) <= LARGEST_NUMBER else _too_large()


def _number(text: str) -> float:
    number = float(text) if len(text) <= MOST_DIGITS or sum(map(str.isdigit, text)) <= MOST_DIGITS else math.inf
    return number if math.isfinite(number) else _too_large()


def _too_large() -> NoReturn:
    message = f"A number of the document is beyond what a double holds (1.8e308), or has over {MOST_DIGITS} digits."
    raise _bad("invalid_json", message)


def _check_unicode(value: Any) -> None:
    """Refuse escapes of lone surrogates: no encoding can carry them on."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        message = "A string of the document holds half of a surrogate pair (\\ud800 to \\udfff); write both halves."
        raise _bad("invalid_unicode", message) from None


def _bad(code: str, message: str) -> RequestRefused:
    return RequestRefused(400, "Bad request", [Fault("document", code, message)])
