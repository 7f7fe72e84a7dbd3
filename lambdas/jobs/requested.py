"""The request that a job makes, from a document's fields: where to, how, with which headers and body."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from lambdas.jobs.destination import Rules, canonical_url
from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.headers import LARGEST_HEADERS, MOST_HEADERS, header_faults, is_name
from lambdas.jobs.job import Body, Request

if TYPE_CHECKING:
    from lambdas.jobs.scheduling import Faults, Scheduling

LARGEST_BODY = 256 * 1024
"""Bytes."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def requested(base: Request, given: Scheduling, *, rules: Rules, faults: Faults) -> Request:
    """`base` with what a document asks for. `given` is the document's sound part; faults are added to `faults`."""
    request = base
    with faults.of("url"):
        if "url" in given:
            request = replace(request, url=canonical_url(given["url"], rules))
    with faults.of("method"):
        if "method" in given:
            request = replace(request, method=_method(given["method"]))
    with faults.of("secret_headers"):
        if "secret_headers" in given:
            request = replace(request, secret_headers=_secret_headers(given, base))
    if "headers" in given:
        faults.extend(header_faults(given["headers"], request.secret_headers))
        request = replace(request, headers=tuple(given["headers"].items()))
    return _with_body(request, given, faults)


def _method(method: str) -> str:
    if method not in METHODS:
        raise ValueRefused("method", f"The method must be one of {', '.join(METHODS)}, in capitals.")
    return method


def _secret_headers(given: Scheduling, base: Request) -> tuple[str, ...]:
    """The names whose values are never read back.

    A value that was written as a secret stays one: whoever takes its name off the list must write its value anew.
    """
    names = given["secret_headers"]
    if not all(map(is_name, names)):
        raise ValueRefused("header_name", "The list must hold names of headers, such as X-Signature.")
    if sum(map(len, names)) > LARGEST_HEADERS:  # they are kept in the job's own item, which has no room for more
        message = f"There may be at most {MOST_HEADERS} names, of at most {LARGEST_HEADERS // 1024} KB together."
        raise ValueRefused("range", message)
    if "headers" in given:
        return tuple(names)
    listed = {name.lower() for name in names}
    kept = {name.lower() for name, _ in base.headers} - listed
    return (*names, *(name for name in base.secret_headers if name.lower() in kept))


def _with_body(request: Request, given: Scheduling, faults: Faults) -> Request:
    if given.get("body") is not None and "body_base64" in given:
        faults.add("body", "body_conflict", "Give body or body_base64, not both.")
    with faults.of("body_base64"):
        if "body_base64" in given:
            request = replace(request, body=_limited(Body(_decoded(given["body_base64"]), "base64")))
    with faults.of("body"):
        if given.get("body") is not None:
            request = replace(request, body=_limited(_body(given["body"])))
    body = request.body
    if request.method == "HEAD" and body is not None and not faults.touch("method", "body", "body_base64"):
        field = "body_base64" if body.form == "base64" else "body"
        faults.add(field, "body_not_allowed", "A HEAD request has no body; leave it out, or set it to null.")
    return request


def _body(value: object) -> Body:
    if isinstance(value, str):
        return Body(value.encode("utf-8"), "text")
    return Body(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8"), "json")


def _decoded(text: str) -> bytes:
    """RFC 4648, section 4, in its one canonical spelling: padded, without line ends, unused bits zero."""
    try:
        content = base64.b64decode(text, validate=True)
        if base64.b64encode(content).decode("ascii") != text:
            raise ValueError
    except ValueError:
        message = "body_base64 must be base64 with + and /, padded with =, and nothing else in it."
        raise ValueRefused("base64", message) from None
    return content


def _limited(body: Body) -> Body:
    if len(body.content) > LARGEST_BODY:
        raise ValueRefused("body_too_large", f"The body may have at most {LARGEST_BODY // 1024} KB.")
    return body
