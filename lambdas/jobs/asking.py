"""The query of a list of jobs: from the URL's parameters to what the store is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from lambdas.jobs.due_time import instant_ms, read_time
from lambdas.jobs.errors import Fault, RequestRefused, ValueRefused
from lambdas.jobs.hostname import canonical_host
from lambdas.jobs.job import UPCOMING, Status
from lambdas.jobs.listing import UPCOMING_GROUP, ListQuery, decode_cursor

LARGEST_PAGE = 100

LONGEST_NAME = 200
"""Of a job."""

LONGEST_HOST = 255
"""Of a name in DNS, with what may stand around it; one beyond ASCII is longer in punycode."""

_LOST_PLUS = re.compile(r"\A(.{16,}) (?=\d\d:\d\d\Z)")


def list_query(parameters: Iterable[tuple[str, str]], *, owner: str, cursor_key: Callable[[], bytes]) -> ListQuery:
    """What an owner asks for with the parameters of `GET /v1/jobs`, decoded, in order and with repeats.

    An empty value is as good as none. Raises RequestRefused with all faults; a cursor is judged when the question that
    it must belong to is sound, and only then the key that signs cursors is asked for.
    """
    values, faults = given_once(parameters, known=(*_READ, "cursor"))
    query, found = _query(ListQuery(owner), values)
    faults += found
    if faults:
        raise RequestRefused(422, "Invalid request", faults)
    cursor = values.get("cursor")
    return replace(query, after=decode_cursor(cursor, query, key=cursor_key())) if cursor else query


def given_once(parameters: Iterable[tuple[str, str]], *, known: Sequence[str]) -> tuple[dict[str, str], list[Fault]]:
    """The values of a query's parameters by name, and the faults of those that nobody knows or that are there twice."""
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for name, value in parameters:
        if name not in known:
            message = f"There is no such parameter; those there are: {', '.join(known)}."
            faults.append(Fault(name[:200], "unknown_field", message))
        elif name in values:
            faults.append(Fault(name, "type", f"{name} is there twice; give it once."))
        else:
            values[name] = value
    return values, faults


def _query(query: ListQuery, values: dict[str, str]) -> tuple[ListQuery, list[Fault]]:
    faults: list[Fault] = []
    for name, (attribute, read) in _READ.items():
        if not values.get(name):
            continue
        try:
            query = replace(query, **{attribute: read(values[name])})
        except ValueRefused as refused:
            faults.append(Fault(name, refused.code, refused.message))
    if query.from_ms is not None and query.to_ms is not None and query.from_ms > query.to_ms:
        faults.append(Fault("to", "range", "to must not be before from."))
    return query, faults


def _statuses(text: str) -> frozenset[Status]:
    names = set(text.split(","))
    if not names <= {*Status, UPCOMING_GROUP}:
        message = f"status may hold {', '.join(Status)} and {UPCOMING_GROUP}, separated by commas."
        raise ValueRefused("range", message)
    group = UPCOMING if UPCOMING_GROUP in names else frozenset()
    return group | {Status(name) for name in names - {UPCOMING_GROUP}}


def read_instant(text: str) -> int:
    """An RFC 3339 time with offset. A plus that its sender forgot to encode has become a blank: it is put back."""
    written = read_time(_LOST_PLUS.sub(r"\1+", text), local=False)
    if written.offset is None:
        message = "The time needs an offset, such as Z or +01:00 (+ is written %2B in a URL)."
        raise ValueRefused("at_offset_required", message)
    return instant_ms(written.wall, written.offset)


def _descending(text: str) -> bool:
    if text not in ("asc", "desc"):
        raise ValueRefused("range", "order must be asc or desc.")
    return text == "desc"


def _limit(text: str) -> int:
    message = f"limit must be a whole number from 1 to {LARGEST_PAGE}."
    if not re.fullmatch("-?[0-9]+", text):
        raise ValueRefused("type", message)
    if not re.fullmatch("0*[1-9][0-9]{0,2}", text) or int(text) > LARGEST_PAGE:
        raise ValueRefused("range", message)
    return int(text)


def _name(text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise ValueRefused("range", f"name may have at most {LONGEST_NAME} characters, as names have.")
    return text


def _host(text: str) -> str:
    message = "host must be the host of a URL, without a port, such as example.com."
    if len(text) > LONGEST_HOST:
        raise ValueRefused("range", message)
    try:
        return str(canonical_host(f"[{text}]" if text.count(":") > 1 and text[0] != "[" else text))
    except ValueRefused as refused:
        raise ValueRefused("range", message) from refused


_READ: dict[str, tuple[str, Callable[[str], Any]]] = {
    "status": ("statuses", _statuses),
    "from": ("from_ms", read_instant),
    "to": ("to_ms", read_instant),
    "name": ("name", _name),
    "host": ("host", _host),
    "order": ("descending", _descending),
    "limit": ("limit", _limit),
}
