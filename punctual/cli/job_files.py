"""Jobs in a file: JSON Lines, each a document of the API, or a CSV file whose columns are its fields."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from punctual.cli.errors import CommandFailed, NotAccepted
from punctual.cli.items import parsed
from punctual.cli.plain import plain

Fields = dict[str, Any]
When = Callable[[str, str | None], Fields]
"""A phrase of time and a zone's name (None: the machine's) → the fields that say it to the service."""

_NUMBERS = {
    "delay_seconds": float,
    "timeout_seconds": float,
    "retry.max_attempts": int,
    "retry.min_backoff_seconds": int,
    "retry.max_backoff_seconds": int,
}
_LISTS = {"secret_headers", "notify.on"}
_TEXTS = {"url", "method", "name", "body", "body_base64", "expect.body_contains", "notify.email"}
COLUMNS = (
    "url",
    "method",
    "at",
    "in",
    "timezone",
    "name",
    "headers.NAME",
    "headers",
    "secret_headers",
    "body",
    "body_base64",
    "json",
    "timeout_seconds",
    *[name for name in _NUMBERS if name.startswith("retry")],
    "expect.status",
    "expect.body_contains",
    "expect.json",
    "notify.on",
    "notify.email",
)
"""What the columns of a CSV file may be called."""


@dataclass(frozen=True, slots=True)
class Row:
    """One job of a file. `number` is its line, `digest` stands for what the line says, whatever the time."""

    number: int
    digest: str
    document: Fields


class BadRow(NotAccepted):
    """A line that is no job. Its text begins with the line's number."""


def of_json_lines(file: Iterable[str]) -> Iterator[Row | BadRow]:
    """What each line that is not empty is."""
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            document = parsed(line)
        except ValueError as error:
            yield BadRow(f"line {number}: this is not JSON: {error}")
            continue
        if isinstance(document, dict):
            yield Row(number, _digest(document), document)
        else:
            yield BadRow(f'line {number}: a job is a JSON object, such as {{"url": …, "at": …}}')


def of_csv(file: Iterable[str], when: When) -> Iterator[Row | BadRow]:
    """What each row below the one of names is; empty cells are left out. Raises BadRow if that one is wrong."""
    reader = csv.DictReader(file, strict=True)
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        _check(names)
        reader.fieldnames = names
        for row in reader:
            cells = {name: cell for name, cell in row.items() if cell}
            if None in row:
                yield BadRow(f"line {reader.line_num}: there are more cells than names in the first row")
            elif cells:
                yield _row(reader.line_num, cells, when)
    except csv.Error as error:
        raise BadRow(f"line {reader.line_num}: this is not CSV: {error}") from error


def _row(number: int, cells: Mapping[str, str], when: When) -> Row | BadRow:
    try:
        return Row(number, _digest(cells), _document(cells, when))
    except CommandFailed as error:
        return BadRow(f"line {number}: {error}", hint=error.hint)


def _check(names: list[str]) -> None:
    known = f"Known are {', '.join(COLUMNS)}."
    if "url" not in names:
        raise BadRow("line 1: the first row names the columns, and one of them is `url`.", hint=known)
    unknown = [name for name in names if not _known(name)]
    if unknown:
        raise BadRow(f"line 1: there is no column `{plain(unknown[0])}`.", hint=known)


def _known(name: str) -> bool:
    return name in COLUMNS or name == "delay_seconds" or (name.startswith("headers.") and len(name) > len("headers."))


def _document(cells: Mapping[str, str], when: When) -> Fields:
    document: Fields = {}
    for name, cell in cells.items():
        if name not in ("at", "in", "timezone"):
            _put(document, *_value(name, cell))
    return document | _moment(cells, when)


def _moment(cells: Mapping[str, str], when: When) -> Fields:
    phrase = cells.get("at") or cells.get("in")
    if phrase is None:
        return {"timezone": cells["timezone"]} if "timezone" in cells else {}
    if "at" in cells and "in" in cells:
        raise NotAccepted("there is a time in `at` and one in `in`: one of them is enough")
    if "in" in cells and not phrase.strip().startswith("in "):
        phrase = f"in {phrase}"
    return when(phrase, cells.get("timezone"))


def _value(name: str, cell: str) -> tuple[str, Any]:
    """The dotted path and the value that a cell stands for."""
    if name in _TEXTS or name.startswith("headers."):
        return name, cell
    if name in _LISTS:
        return name, [part.strip() for part in cell.split(",") if part.strip()]
    if name == "expect.status":
        parts = [int(part) if part.strip().isdigit() else part.strip() for part in cell.split(",")]
        return name, parts[0] if len(parts) == 1 else parts
    try:
        if name in _NUMBERS:
            return name, parsed(str(_NUMBERS[name](cell)))  # Python reads "nan" and "inf" too
        return ("body" if name == "json" else name), parsed(cell)  # `json`, `expect.json`, `headers`
    except ValueError as error:
        wanted = "a number" if name in _NUMBERS else "JSON"
        raise NotAccepted(f"`{name}` is {wanted}, and this is not: {plain(cell[:100])}") from error


def _put(document: Fields, path: str, value: Any) -> None:
    first, _, rest = path.partition(".")
    if rest:
        document.setdefault(first, {})[rest] = value
    elif isinstance(value, dict) and isinstance(document.get(first), dict):  # `headers` beside `headers.NAME`
        document[first] |= value
    else:
        document[first] = value


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]
