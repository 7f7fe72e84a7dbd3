"""What HTTP asks of any answer, whatever it says: entity tags, HEAD, compression, a name for the exchange."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambdas.handlers.http import HttpAnswer, HttpRequest

WORTH_COMPRESSING_BYTES = 1_400
"""What fits in one packet arrives no sooner for being smaller."""

_GZIP = 16 + zlib.MAX_WBITS
_FAST = 4
"""JSON shrinks to a tenth in a third of the time that the highest level takes for little more."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


def to_event(answer: HttpAnswer, request: HttpRequest | None) -> dict[str, Any]:
    """The answer as API Gateway takes it; `request` is None if it could not even be read.

    Answers are private (`no-store`) and are not to be guessed at (`nosniff`). A read carries an `ETag`: its own, or a
    weak one of its content; `If-None-Match` (RFC 9110, 13.1.2) that names it gets 304 and nothing else. HEAD gets what
    GET would, without the body. `X-Request-Id` is the caller's own if it has a harmless form.
    """
    content = _written(answer.content)
    headers = {
        "content-type": "application/json",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "vary": "accept-encoding",
        **answer.headers,
    }
    if not content:
        del headers["content-type"]
    status = answer.status
    if request is None:
        return {"statusCode": status, "headers": headers, "body": content}
    headers["x-request-id"] = client_request_id(request) or request.request_id
    if request.is_read and status == 200:
        headers.setdefault("etag", _weak_tag(content))
        if _names(request.headers.get("if-none-match", ""), headers["etag"]):
            status, content = 304, ""
            del headers["content-type"]
    if request.method == "HEAD":
        content = ""
    content = _as_accepted(content, request.headers.get("accept-encoding", ""))
    if isinstance(content, bytes):
        return {
            "statusCode": status,
            "headers": {**headers, "content-encoding": "gzip"},
            "body": base64.b64encode(content).decode("ascii"),
            "isBase64Encoded": True,
        }
    return {"statusCode": status, "headers": headers, "body": content}


def _written(content: Any) -> str | bytes:
    """The text of an answer; bytes, if it is packed already."""
    if content is None or isinstance(content, bytes):
        return content or ""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _as_accepted(content: str | bytes, accept_encoding: str) -> str | bytes:
    """The content packed, if the caller takes that and it is worth it."""
    takes = _takes_gzip(accept_encoding)
    if isinstance(content, bytes):
        return content if takes else zlib.decompress(content, _GZIP).decode()
    return _compressed(content) if takes and len(content) >= WORTH_COMPRESSING_BYTES else content


def client_request_id(request: HttpRequest) -> str | None:
    """The name that the caller has given to this exchange, if it may stand in headers and logs."""
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else None


def _weak_tag(content: str | bytes) -> str:
    octets = content if isinstance(content, bytes) else content.encode()
    return f'W/"{hashlib.blake2b(octets, digest_size=12).hexdigest()}"'


def _names(if_none_match: str, tag: str) -> bool:
    """Whether the header names the tag, by weak comparison (RFC 9110, 8.8.3.2), or is `*`. Quotes may be left out."""
    named = {_bare(candidate.strip()) for candidate in if_none_match.split(",")} - {""}
    return "*" in named or _bare(tag) in named


def _bare(tag: str) -> str:
    return tag.removeprefix("W/").strip('"')


def _takes_gzip(accept_encoding: str) -> bool:
    """Whether `Accept-Encoding` takes gzip (RFC 9110, 12.5.3): what it says of gzip counts, else what it says of `*`.
    A weight of zero is a no."""
    entries = (entry.partition(";") for entry in accept_encoding.lower().split(","))
    weights = {coding.strip(): weight for coding, _, weight in entries}
    weight = weights.get("gzip", weights.get("*"))
    return weight is not None and not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)


def _compressed(content: str) -> bytes:
    packer = zlib.compressobj(_FAST, zlib.DEFLATED, _GZIP)
    return packer.compress(content.encode()) + packer.flush()
