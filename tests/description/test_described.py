"""The check that every answer goes through finds what it is there to find."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.described import check_described

HEADERS = {"content-type": "application/json", "x-request-id": "1", "etag": 'W/"1"'}
HEALTH = {"status": "ok", "version": "0.1.0"}
REFUSED = {
    "type": "https://jobs.example.com/docs#not_found",
    "title": "Not found",
    "status": 404,
    "detail": "…",
    "code": "not_found",
    "errors": [{"field": "id", "code": "not_found", "message": "…"}],
    "request_id": "1",
}
PROBLEM = {"content-type": "application/problem+json"}


def check(path: str, status: int, content: Any, *, method: str = "GET", **headers: Any) -> None:
    told = {name: value for name, value in {**HEADERS, **headers}.items() if value is not None}
    check_described(method, path, status, told, content if isinstance(content, str) else json.dumps(content))


def test_what_is_described_passes() -> None:
    """An answer, a refusal, a read that has not changed, HEAD, OPTIONS, and a path that leads nowhere."""
    check("/health", 200, HEALTH)
    check_described("GET", "/v1/jobs/job_1", 404, PROBLEM, json.dumps(REFUSED))
    check("/health", 304, "")
    check("/health", 200, "", method="HEAD")
    check_described("OPTIONS", "/health", 204, {"allow": "GET"}, "")
    check_described("GET", "/nowhere", 404, PROBLEM, json.dumps(REFUSED))
    check_described("GET", "/v1/jobs", 429, {"content-type": "application/json"}, '{"message": "Too Many Requests"}')


@pytest.mark.parametrize(
    ("what", "path", "status", "content", "headers"),
    [
        ("is not described", "/health", 202, HEALTH, {}),
        ("Additional properties", "/health", 200, {**HEALTH, "colour": "blue"}, {}),
        ('"version" is a required', "/health", 200, {"status": "ok"}, {}),
        ("lacks .*ETag", "/health", 200, HEALTH, {"etag": None}),
        ("has content of 'text/html'", "/health", 200, HEALTH, {"content-type": "text/html"}),
        ("has a body", "/health", 304, HEALTH, {}),
        ('"at_past" is not', "/v1/jobs/job_1", 404, {**REFUSED, "code": "at_past"}, PROBLEM),
        ("Additional properties", "/v1/jobs/job_1", 404, {**REFUSED, "secret": "hunter2"}, PROBLEM),
        ("nothing is described there", "/nowhere", 200, HEALTH, {}),
    ],
)
def test_what_is_not_described_does_not(
    what: str, path: str, status: int, content: Any, headers: dict[str, Any]
) -> None:
    """A status, a member too many or too few, a header, a media type, a code, a path."""
    with pytest.raises(AssertionError, match=what):
        check_described(
            "GET",
            path,
            status,
            {name: value for name, value in {**HEADERS, **headers}.items() if value is not None},
            json.dumps(content),
        )


def test_bodies_where_none_belong_are_found() -> None:
    """HEAD has none, nor has OPTIONS."""
    with pytest.raises(AssertionError, match="HEAD /health → 200 has a body"):
        check("/health", 200, HEALTH, method="HEAD")
    with pytest.raises(AssertionError, match="does not say what is allowed"):
        check_described("OPTIONS", "/health", 204, {}, "")
