"""What was expected of an answer beside what was there: JSON member by member, what differs in colours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from punctual.cli.verdicts import CROSS, TICK
from punctual.models import Check

_MISSING = object()
_SHORT = 100


def rows(checks: Iterable[Check], *, short: bool) -> Iterator[tuple[Any, ...]]:
    """A mark, what is compared, what was expected, what was there; as text, coloured where they differ.

    `short`: of a long text the beginning.
    """
    from rich.text import Text

    for check in checks:
        for name, expected, actual, passed in _parts(check):
            yield (
                Text(TICK if passed else CROSS, style="green" if passed else "bold red"),
                name,
                Text(_beginning(expected) if short else expected, style="" if passed else "green"),
                Text(_beginning(actual) if short else actual, style="" if passed else "red"),
            )


def _parts(check: Check) -> Iterator[tuple[str, str, str, bool]]:
    """A check as it is; of JSON each value that was named, so that one sees which it is."""
    if check.name != "json":
        yield check.name, _text(check.expected), _text(check.actual), check.passed
        return
    for path, expected, actual in leaves(check.expected, check.actual, "json"):
        same = check.passed or (actual is not _MISSING and _same(expected, actual))
        yield path, _json(expected), "(missing)" if actual is _MISSING else _json(actual), same


def leaves(expected: Any, actual: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Path and both values of each value that is expected, as deep as they have the same form."""
    if isinstance(expected, dict) and expected and isinstance(actual, dict):
        for name, value in expected.items():
            yield from leaves(value, actual.get(name, _MISSING), f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(actual, list) and expected and len(expected) == len(actual):
        for index, (value, other) in enumerate(zip(expected, actual, strict=True)):
            yield from leaves(value, other, f"{path}[{index}]")
    else:
        yield path, expected, actual


def _same(expected: Any, actual: Any) -> bool:
    """As the service has it: true is not 1, and an object may have more than is expected, of which nothing is here."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and not expected
    return isinstance(expected, bool) == isinstance(actual, bool) and bool(expected == actual)


def _text(value: Any) -> str:
    """Text as it is; statuses and classes as people write them."""
    if value is None:
        return "(nothing)"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else _json(value)


def _beginning(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}..."


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
