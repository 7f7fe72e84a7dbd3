"""Parts of a request as httpie's users write them after the URL: `name=value`, `name:=json`, `Header:value`, `q==v`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from punctual.cli.errors import Misused

Separator = Literal["=", ":=", "=@", ":=@", "==", ":", "@"]

_ITEM = re.compile(r"((?:\\.|[^\\=:@])*)(:=@|=@|:=|==|=|:|@)(.*)", re.DOTALL)
_FIELD = re.compile(r"[^-/:?#=@][^/:?#=@]*(?::=@|=@|:=|=(?!=))", re.DOTALL)
_KEY_PART = re.compile(r"\[((?:\\.|[^\\\[\]])*)\]", re.DOTALL)
_LONGEST_LIST = 1000
"""An index in a key is at most this: what is left out before it is filled with nulls."""


@dataclass(frozen=True, slots=True)
class Item:
    """`name` and `value` as they were written, and what stood between them."""

    name: str
    separator: Separator
    value: str

    @property
    def plain_name(self) -> str:
        """The name, where brackets in it mean nothing."""
        return _unescaped(self.name)


class _Missing:
    """The place of a value that is not there yet."""


_MISSING = _Missing()


def item_of(word: str) -> Item | None:
    """The word's parts at its first separator (`\\` before one makes it a letter). None if it is no item."""
    found = _ITEM.fullmatch(word)
    if found is None or not found[1]:
        return None
    return Item(found[1], found[2], found[3])  # type: ignore[arg-type]  # the pattern holds the seven


def is_field(word: str) -> bool:
    """Whether the word can only be a field of a body: `name=value` and its like, and not an address with a query."""
    return _FIELD.match(word) is not None


def is_document(word: str) -> bool:
    """Whether the word is a whole JSON object or array, or names a file with one (`@file`)."""
    if word.startswith("["):
        return _is_json(word)
    return word.startswith(("{", "@"))


def parsed(text: str) -> Any:
    """The JSON value of `text`. Raises ValueError if it is none: NaN and what is too deep are none either."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is too deep") from None


def json_of(text: str, place: str) -> Any:
    """The same. Raises Misused, naming `place`, if it is none."""
    try:
        return parsed(text)
    except ValueError as error:
        raise Misused(f"{place} is no JSON: {error}", hint=_json_hint(text)) from None


def nested(fields: Iterable[tuple[str, Any]]) -> Any:
    """The JSON value that keys such as `a`, `a[b]`, `a[]` and `a[0]` make of their values.

    A backslash makes letters of brackets and of digits: `a[\\0]` is a member, not the first of a list. Raises
    Misused if a key is no key, or two of them do not go together.
    """
    made: Any = _MISSING
    for key, value in fields:
        made = _put(made, _path(key), value, key)
    return {} if made is _MISSING else _filled(made)


def _path(key: str) -> list[str | int | None]:
    """`a[b][0][]` as ["a", "b", 0, None]: None is the end of a list."""
    root = re.match(r"(?:\\.|[^\\\[\]])*", key, re.DOTALL)
    assert root is not None  # it may be empty
    rest = key[root.end() :]
    parts = _KEY_PART.findall(rest)
    if "".join(f"[{part}]" for part in parts) != rest:
        raise Misused(f"The key {key!r} has a bracket without its other.", hint="One that is meant is written \\[.")
    path: list[str | int | None] = [_unescaped(root[0])] if root[0] or not parts else []
    return [*path, *map(_key_part, parts)]


def _key_part(text: str) -> str | int | None:
    if not text:
        return None
    if re.fullmatch("[0-9]{1,9}", text):
        return int(text)
    return text[1:] if re.fullmatch(r"\\[0-9]+", text) else _unescaped(text)


def _put(at: Any, path: list[str | int | None], value: Any, key: str) -> Any:
    """`at` with the value at that path. What is there already may be an object or a list that grows, nothing else."""
    if not path:
        if at is not _MISSING:
            raise Misused(f"The field {key!r} is given twice.")
        return value
    part, *rest = path
    if isinstance(part, str):
        if at is _MISSING:
            at = {}
        if not isinstance(at, dict):
            raise Misused(f"The field {key!r} makes an object of what another field made something else.")
        at[part] = _put(at.get(part, _MISSING), rest, value, key)
        return at
    if at is _MISSING:
        at = []
    if not isinstance(at, list):
        raise Misused(f"The field {key!r} makes a list of what another field made something else.")
    index = len(at) if part is None else part
    if index > _LONGEST_LIST:
        raise Misused(f"The field {key!r} makes a list of more than {_LONGEST_LIST} values.")
    at.extend([_MISSING] * (index + 1 - len(at)))
    at[index] = _put(at[index], rest, value, key)
    return at


def _filled(value: Any) -> Any:
    """The value with null in the places of lists that nobody filled."""
    if isinstance(value, dict):
        return {name: _filled(member) for name, member in value.items()}
    if isinstance(value, list):
        return [None if member is _MISSING else _filled(member) for member in value]
    return value


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\=:@\[\]])", r"\1", text)


def _is_json(text: str) -> bool:
    try:
        parsed(text)
    except ValueError:
        return False
    return True


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _json_hint(text: str) -> str:
    return f"For the text {text!r} write one `=`, without the colon." if re.fullmatch(r"[\w .-]+", text) else ""
