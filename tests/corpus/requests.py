"""The request entries, each through the real door: what is refused and how, and what good requests mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.jobs.destination import Rules
from lambdas.jobs.headers import REDACTED
from tests.corpus.door import Door, Told
from tests.corpus.files import RequestEntry

PROBLEM = {"type", "title", "status", "detail", "code", "errors", "request_id"}
SHORTEST_SECRET = 8
"""A shorter value may stand in a message by chance."""


def complaints(entry: RequestEntry, rules: Rules, *, now_ms: int) -> Iterator[str]:
    """What is wrong with how the door takes an entry, as "expected …, got …"; nothing if it is right."""
    door = Door(rules, now_ms=now_ms)
    told = door.schedule(entry.content, entry.headers)
    if entry.field is None:
        yield from complaints_of_a_good_one(entry, told)
    else:
        yield from complaints_of_a_bad_one(entry, told)
        if door.jobs:
            yield "expected nothing to be stored, got a job"


def complaints_of_a_bad_one(entry: RequestEntry, told: Told) -> Iterator[str]:
    """What is wrong with how a bad request was answered."""
    wanted = (entry.expect["status"], entry.expect["code"], entry.field)
    field, code = (told.faults or [("", "")])[0]
    if (told.status, code, field) != wanted or told.content.get("code") != code:
        yield f"expected {wanted[0]} {wanted[1]} at {wanted[2]}, got {told}"
    if told.headers["content-type"] != "application/problem+json" or set(told.content) != PROBLEM:
        yield f"expected a problem of RFC 9457, got {told.headers['content-type']}"
    if told.refused and any(secret in str(told.content) for secret in _secrets(entry)):
        yield "expected no secret to be repeated, got the value of a header or of the body"


def complaints_of_a_good_one(entry: RequestEntry, told: Told) -> Iterator[str]:
    """What is wrong with how a good request was answered."""
    if told.status != 201:
        yield f"expected 201, got {told}"
        return
    request = told.content["request"]
    asked: Mapping[str, Any] = entry.document if isinstance(entry.document, dict) else {}
    if request["method"] != asked.get("method", "POST"):
        yield f"expected the method {asked.get('method', 'POST')}, got {request['method']}"
    if not request["url"].isascii():
        yield "expected a URL in ASCII, got another"
    for name, value in entry.expect.items():
        found = told.content.get(name, request.get(name))
        if not _holds(value, found):
            yield f"expected {name} {value}, got {found}"


def _holds(wanted: Any, found: Any) -> bool:
    """Whether what is wanted is there: of an object its named members, of a list each element."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_holds(inner, found.get(name)) for name, inner in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return False
        return all(_holds(inner, there) for inner, there in zip(wanted, found, strict=True))
    return bool(wanted == found)


def _secrets(entry: RequestEntry) -> Iterator[str]:
    """What a refusal must not repeat: values of headers, and bodies."""
    document = entry.document if isinstance(entry.document, dict) else {}
    headers = document.get("headers")
    values = list(headers.values()) if isinstance(headers, dict) else []
    values += [document.get("body"), document.get("body_base64")]
    for value in values:
        if isinstance(value, str) and len(value) >= SHORTEST_SECRET and value != REDACTED:
            yield value
