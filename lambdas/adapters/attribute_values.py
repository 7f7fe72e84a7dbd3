"""DynamoDB's typed values and plain ones. Numbers are whole: Punctual stores no others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

Kind = TypeVar("Kind", bound=StrEnum)

Values = dict[str, Any]
"""An item in plain values: str, int, bool, bytes, None, lists and dictionaries of them."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value of a kind that is never stored here: newer code wrote it, or something else."""

    attribute: Mapping[str, Any]


def to_attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """A whole item as DynamoDB wants it."""
    return {name: to_attribute(value) for name, value in values.items()}


def from_attributes(item: Mapping[str, Any]) -> Values:
    """The reverse. What it does not know becomes Foreign: it is for the reader to say whether that matters."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}


def to_attribute(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"NULL": True}
        case str():
            return {"S": str(value)}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [to_attribute(element) for element in value]}
        case dict():
            return {"M": to_attributes(value)}
    raise TypeError(f"a {type(value).__name__} is never stored")


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    match attribute:
        case {"S": value} | {"B": value} | {"BOOL": value}:
            return value
        case {"N": str(number)} if number.lstrip("-").isdecimal():
            return int(number)
        case {"NULL": _}:
            return None
        case {"L": elements}:
            return [from_attribute(element) for element in elements]
        case {"M": values}:
            return from_attributes(values)
    return Foreign(attribute)


def one_of(kind: type[Kind], value: Any) -> Kind:
    """The member of an enumeration that a stored word stands for.

    Raises ValueError, which tells a word that newer code may have written and quotes nothing else: what is said of a
    damaged item goes into logs and mails.
    """
    if isinstance(value, str) and re.fullmatch("[a-z_]{1,20}", value):
        return kind(value)
    raise ValueError(f"no {kind.__name__}")


def item_size(values: Mapping[str, Any]) -> int:
    """The size of an item in bytes, by DynamoDB's own rules: what its write units are counted by, and its limit.

    See *DynamoDB item sizes and formats* in its developer guide.
    """
    return sum(len(name.encode()) + _size(value) for name, value in values.items())


def _size(value: Any) -> int:
    match value:
        case None | bool():
            return 1
        case str():
            return len(value.encode())
        case bytes():
            return len(value)
        case int():
            return _number_size(value)
        case list() | tuple():
            return 3 + sum(1 + _size(element) for element in value)
        case dict():
            return 3 + len(value) + item_size(value)
    raise TypeError(f"a {type(value).__name__} is never stored")


def _number_size(value: int) -> int:
    """A byte for the exponent, one for every two significant digits, and one for a minus."""
    digits = len(str(abs(value)).strip("0"))
    return 1 + (digits + 1) // 2 + (value < 0)
