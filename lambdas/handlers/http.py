"""HTTP as API Gateway speaks it (payload format 2.0), translated to and from plain values."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from lambdas.jobs.errors import Fault, RequestRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdas.jobs.caller import Caller

PROBLEM_TYPE = "{api_url}/docs#{code}"
"""Where a code is explained, for those who see no more than the problem: in a log, a mail, a stack trace."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it reached the gateway.

    Header names are lower case, repeated headers joined by commas (the gateway does both). `query` keeps order and
    repeats. `authorized` is what the function authorize told of whoever asks, by way of the gateway; `caller` is None
    until the door has let somebody in.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    authorized: Mapping[str, str] = field(default_factory=dict)
    caller: Caller | None = None

    @property
    def owner(self) -> str | None:
        """Whose jobs, keys and settings it is about; None on the open routes."""
        return None if self.caller is None else self.caller.owner

    @property
    def is_read(self) -> bool:
        """Whether it only asks for what there is; HEAD is a GET whose body nobody wants."""
        return self.method in ("GET", "HEAD")

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> HttpRequest:
        context = event["requestContext"]
        return cls(
            method=context["http"]["method"],
            path=event["rawPath"],
            query=tuple(parse_qsl(event.get("rawQueryString", ""), keep_blank_values=True)),
            headers={name.lower(): value for name, value in event.get("headers", {}).items()},
            body=_body(event),
            request_id=context["requestId"],
            authorized=context.get("authorizer", {}).get("lambda") or {},
        )


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer: a status, its content, and headers beside those that every answer has.

    `content` is a JSON value; None is no content; bytes are a text that was packed with gzip beforehand.
    """

    status: int
    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def problem(
    status: int,
    title: str,
    faults: tuple[Fault, ...],
    *,
    request_id: str,
    api_url: str,
    headers: Mapping[str, str] | None = None,
) -> HttpAnswer:
    """A refusal in the form of RFC 9457; its code and detail are those of the first fault, its type leads to the page
    of the service at `api_url`."""
    first = faults[0]
    content = {
        "type": PROBLEM_TYPE.format(api_url=api_url, code=first.code),
        "title": title,
        "status": status,
        "detail": first.message,
        "code": first.code,
        "errors": [{"field": fault.field, "code": fault.code, "message": fault.message} for fault in faults],
        "request_id": request_id,
    }
    return HttpAnswer(status, content, {"content-type": "application/problem+json", **(headers or {})})


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        # Surrogates could come from a test or a rival front.
        content = str(body).encode("utf-8", errors="surrogatepass")
        if "\ufffd" in body and _length_sent(event) not in (None, len(content)):
            raise _not_whole()
        return content
    try:
        return base64.b64decode(body)
    except (binascii.Error, ValueError) as error:
        raise _not_whole() from error


def _length_sent(event: Mapping[str, Any]) -> int | None:
    """So many bytes were sent; None if nobody said.

    The gateway makes text of JSON, with U+FFFD for whatever is not UTF-8, which mostly has another length than what
    it replaces.
    """
    length = str(event.get("headers", {}).get("content-length", ""))
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None


def _not_whole() -> RequestRefused:
    message = "The document is not UTF-8, or did not arrive whole; send it again as UTF-8."
    return RequestRefused(400, "Bad request", [Fault("document", "invalid_utf8", message)])
