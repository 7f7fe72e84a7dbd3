"""What each route can refuse, and with which codes: from what it takes, the table of errors and the criteria."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from description.operations import Operation
from description.words import codes_by_status
from lambdas.jobs.criteria import CRITERIA

Json = dict[str, Any]

_STRUCTURE = ("not_an_object", "required", "type", "range", "unknown_field")
_INSTANT = ("at_format", "at_offset_required")
_OF_A_REQUEST = ("url", "method", "headers", "secret_headers", "body", "body_base64", "timeout_seconds", "expect")


def _codes_of(fields: Collection[str] | None) -> tuple[str, ...]:
    """The codes of the criteria of some fields, None for all, as far as a document is refused with them."""
    found = {code for criterion in CRITERIA if fields is None or criterion.field in fields for code in criterion.codes}
    return tuple(code for code in codes_by_status()[422] if code in found | {*_STRUCTURE})


_INVALID: Mapping[str | None, tuple[str, ...]] = {
    None: (),
    "Scheduling": _codes_of(None),
    "Change": _codes_of(None),
    "Trial": _codes_of(_OF_A_REQUEST),
    "Batch": _STRUCTURE,
    "NewKey": (*_STRUCTURE, *_INSTANT, "at_past", "at_too_far"),
    "MeChange": _STRUCTURE,
    "Lift": _STRUCTURE,
}
"""The codes of a 422 by the document that a route takes."""

_OF_ANY_QUERY = ("type", "range", "unknown_field", *_INSTANT)
_OF_A_QUERY: Mapping[str | None, tuple[str, ...]] = {
    None: (),
    "Listing jobs": (*_OF_ANY_QUERY, "cursor_invalid"),
    "Counting jobs": (*_OF_ANY_QUERY, "timezone_unknown"),
}

_MEANING = {
    400: "The document is no JSON, or a header is malformed.",
    401: "Nobody knows who asks.",
    403: "The token lacks a scope.",
    404: "There is no such thing of yours.",
    409: "Not as things are now.",
    412: "It is at another version by now.",
    413: "The document is too large.",
    415: "The document is not sent as JSON.",
    422: "Something in the request is wrong; all of it is told.",
    429: "Too many: of requests, or of what there may be. `Retry-After` says when to come again.",
    500: "A fault of the service.",
    503: "Something behind the service does not answer; nothing was changed.",
}
_BY_THE_GATEWAY = frozenset({401, 413, 429, 500, 503})
"""What the gateway also answers by itself, in its own form."""


def responses_of_refusals(operation: Operation, *, path: str, guarded: bool, scoped: bool) -> Json:
    """The responses of one route that are problems, by status."""
    codes = {status: codes for status, codes in _codes(operation, path, guarded, scoped).items() if codes}
    return {str(status): _response(status, codes[status]) for status in sorted(codes)}


def _codes(operation: Operation, path: str, guarded: bool, scoped: bool) -> Mapping[int, tuple[str, ...]]:
    table = codes_by_status()
    takes = operation.takes is not None
    invalid = ("not_an_object",) if operation.id == "validateJob" else _INVALID[operation.takes]
    return {
        400: tuple(code for code in table[400] if (operation.once if code.startswith("idempotency") else takes)),
        401: table[401] if guarded else (),
        403: table[403] if scoped else (),
        404: table[404] if "{" in path else (),
        409: operation.conflicts,
        412: table[412] if operation.conditional else (),
        413: table[413] if takes else (),
        415: table[415] if takes else (),
        422: (
            *invalid,
            *(("idempotency_key_reused",) if operation.once else ()),
            *_OF_A_QUERY[operation.query],
        ),
        429: tuple(code for code in table[429] if operation.quota or code == "rate_limited") if guarded else (),
        500: table[500],
        503: table[503],
    }


def _response(status: int, codes: tuple[str, ...]) -> Json:
    narrowed = {  # with types, by which generators of clients merge it with what is narrowed
        "properties": {
            "status": {"type": "integer", "enum": [status]},
            "code": {"type": "string", "enum": list(codes)},
        }
    }
    content: Json = {
        "application/problem+json": {"schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}}
    }
    if status in _BY_THE_GATEWAY:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/GatewayRefusal"}}
    told: Json = {"description": _MEANING[status], "content": content}
    if headers := _HEADERS.get(status):
        told["headers"] = {name: {"schema": {"type": "string"}, "required": False} for name in headers}
    return told


_HEADERS = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    429: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    503: ("Retry-After",),
}
