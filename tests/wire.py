"""What a document asks for on the wire, byte for byte, and what is wrong with what came.

Worked out from the document by rules of its own: what the service makes of a document must not be its own judge.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from lambdas.jobs.outgoing import USER_AGENT

Document = Mapping[str, Any]

_PLACE = re.compile(r"[A-Za-z]+://[^/?#]*")
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def rest_of(url: str) -> str:
    """Path and query of a URL as they are sent: no fragment, at least `/`, what is not ASCII percent-encoded."""
    rest = _PLACE.sub("", url, count=1).partition("#")[0]
    return quote(rest if rest.startswith("/") else f"/{rest}", safe=_ASCII)


def body_of(document: Document) -> bytes:
    """The body that a document asks for: text as it is, other JSON values compact, base64 decoded."""
    body = document.get("body")
    if "body_base64" in document:
        return base64.b64decode(document["body_base64"])
    if body is None or isinstance(body, str):
        return (body or "").encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def job_id_on(raw: bytes) -> str:
    """The job that a request was sent for."""
    found = re.search(rb"\r\nPunctual-Job-Id: (\S+)\r\n", raw)
    assert found is not None, raw[:300]
    return found[1].decode()


def wire_complaints(document: Document, raw: bytes, *, job: Mapping[str, Any], host: str) -> Iterator[str]:
    """What is wrong with the bytes of a job's first request, as "expected …, got …"; nothing if each is as it should.

    `job` is the job as it was last read, `host` what the target is called by.
    """
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    method = document.get("method", "POST")
    wanted = f"{method} {rest_of(document['url'])} HTTP/1.1".encode()
    if line != wanted:
        yield f"expected {wanted!r}, got {line!r}"
    theirs = [f"{name}: {value}".encode("latin-1") for name, value in document.get("headers", {}).items()]
    for ours in _ours(document, job, host):
        if ours in lines:
            lines.remove(ours)
        else:
            yield f"expected {ours!r} among the headers"
    if lines != theirs:
        yield f"expected the headers {theirs}, got {lines}"
    if body != body_of(document):
        yield f"expected the body {body_of(document)[:200]!r}, got {body[:200]!r}"


def _ours(document: Document, job: Mapping[str, Any], host: str) -> Iterator[bytes]:
    """The header lines that the service adds."""
    theirs = {name.lower() for name in document.get("headers", {})}
    body, written = body_of(document), document.get("body")
    ours = {
        "Host": host,
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": USER_AGENT,
        "Punctual-Job-Id": job["id"],
        "Punctual-Attempt": "1",
        "Punctual-Due-At": job["due_at"],
    }
    if "idempotency-key" not in theirs:
        ours["Idempotency-Key"] = job["id"]
    if written is not None and not isinstance(written, str) and "content-type" not in theirs:
        ours["Content-Type"] = "application/json"
    if body or document.get("method", "POST") not in ("GET", "HEAD"):
        ours["Content-Length"] = str(len(body))
    return (f"{name}: {value}".encode() for name, value in ours.items())
