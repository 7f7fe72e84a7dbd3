"""Answers held to the OpenAPI document: every status, header and member of an answer stands there."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from description.document import document
from description.pages import pages

Json = dict[str, Any]


def check_described(method: str, path: str, status: int, headers: Mapping[str, str], content: bytes | str) -> None:
    """Fail unless the document describes this answer to a request for `path` (without its query).

    `headers` are looked up in lower case; `content` is unpacked. What is told of no path at all (OPTIONS, and whatever
    leads nowhere) has the form that docs/api.md says.
    """
    where = f"{method} {path} → {status}"
    told = _told(method, path)
    if method == "HEAD":
        assert not content, f"{where} has a body"
        assert told is None or str(status) in told["responses"], f"{where} is not described for GET"
        return
    if method == "OPTIONS" and status == 204:
        told_by_the_gateway = headers.get("access-control-allow-methods")  # what browsers ask, it answers by itself
        assert not content and (headers.get("allow") or told_by_the_gateway), f"{where} does not say what is allowed"
        return
    if told is None:
        assert status in (400, 401, 404, 405, 429, 500, 503), f"{where}: nothing is described there"
        _check_content(where, _ANY_REFUSAL, headers, content)
        return
    response = told["responses"].get(str(status))
    assert response is not None, f"{where} is not described: {content[:300]!r}"
    if _kind(headers) != "application/json" or status < 400:  # the gateway's own have its headers
        due = [
            name
            for name, header in response.get("headers", {}).items()
            if header["required"] or status in (401, 429, 503)
        ]
        missing = [name for name in due if name.lower() not in headers]
        assert not missing, f"{where} lacks {missing}"
    _check_content(where, response.get("content", {}), headers, content)


def check_answer(event: Json, answer: Json) -> None:
    """The same of what a function behind the gateway answers to an event of it, packed or not."""
    content = answer["body"]
    if answer.get("isBase64Encoded"):
        content = zlib.decompress(b64decode(content), 16 + zlib.MAX_WBITS)
    method = event["requestContext"]["http"]["method"]
    check_described(method, event["rawPath"], answer["statusCode"], answer["headers"], content)


def check_taken(schema: str, value: Any) -> str | None:
    """Whether a document is one of the schema's; None if it is, or what is wrong."""
    return _fault(json.dumps({"$ref": f"#/components/schemas/{schema}"}), value)


def written_pages(folder: Path) -> Path:
    """The folder with the pages, as the function has it beside its code."""
    for name, content in pages().items():
        (folder / Path(name).name).write_bytes(content)
    return folder


def check_schema(schema: Json, value: Any) -> str | None:
    """The same for a schema as it stands in the document."""
    return _fault(json.dumps(schema), value)


@cache
def closed_document() -> Json:
    """The document with nothing in an answer but what it names. To readers it is open: answers may grow."""
    whole: Json = document()
    _close(whole)
    return whole


def _close(value: Any) -> None:
    if isinstance(value, dict):
        if value.get("type") == "object" and "properties" in value:
            value.setdefault("additionalProperties", False)
        for member in value.values():
            _close(member)
    elif isinstance(value, list):
        for member in value:
            _close(member)


_ANY_REFUSAL = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    "application/json": {"schema": {"$ref": "#/components/schemas/GatewayRefusal"}},
}


def _told(method: str, path: str) -> Json | None:
    """What is told of a request, by the most exact path; HEAD is a GET."""
    wanted = "get" if method == "HEAD" else method.lower()
    paths = closed_document()["paths"]
    for template in sorted(paths, key=lambda template: template.count("{")):
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path):
            operation: Json | None = paths[template].get(wanted)
            return operation
    return None


def _check_content(where: str, described: Json, headers: Mapping[str, str], content: bytes | str) -> None:
    if not described:
        assert not content, f"{where} has a body"
        return
    kind = _kind(headers)
    assert kind in described, f"{where} has content of {kind!r}"
    if "json" in kind:
        value = json.loads(content)
        fault = _fault(json.dumps(described[kind]["schema"]), value)
        assert fault is None, f"{where}: {fault}"
        for problem in _problems_in(value):  # that each code has its place there is for test_page
            assert problem["type"].endswith(f"/docs#{problem['code']}"), f"{where}: {problem['type']}"


def _problems_in(value: Any) -> Iterator[Json]:
    """The problem that an answer is, or those of a batch."""
    if isinstance(value, dict) and value.keys() >= {"type", "errors", "request_id"}:
        yield value
    elif isinstance(value, dict) and isinstance(value.get("results"), list):
        yield from (result["problem"] for result in value["results"] if "problem" in result)


def _kind(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip()


def _fault(schema: str, value: Any) -> str | None:
    error = next(_validator(schema).iter_errors(value), None)
    if error is None:
        return None
    return f"{'.'.join(map(str, error.instance_path)) or 'the whole'}: {error.message[:500]}"


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**json.loads(schema), "components": closed_document()["components"]})
