"""Text of users and targets, made harmless for a terminal: it can neither colour, move, clear, nor hide anything."""

from __future__ import annotations

import json
import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, formats (bidi overrides, zero widths), surrogates, separators


def plain(text: str, *, lines: bool = False) -> str:
    """`text` with every character that is not seen written out, as `\\x1b`. With `lines`, line ends and tabs stay."""
    kept = "\n\t" if lines else ""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character in kept or unicodedata.category(character) not in _UNSEEN else _written_out(character)
        for character in text
    )


def escaped_in_json(text: str) -> str:
    """A JSON text that means the same, with every character that is not seen as JSON's own escape."""
    if text.isascii():  # json has escaped the controls among these, but for one
        return text.replace("\x7f", "\\u007f")
    return "".join(
        json.dumps(character)[1:-1] if unicodedata.category(character) in _UNSEEN else character for character in text
    )


def _written_out(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
