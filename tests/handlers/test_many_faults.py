"""T10: whatever a request has too many of, the answer that refuses it is short."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.handlers import api, check
from lambdas.jobs.errors import MOST_FAULTS_TOLD
from tests.handlers.recorded import http_event

NOTHING_BUT_FAULTS = {f"{number}" * 60: number for number in range(1_500)}

pytestmark = pytest.mark.usefixtures("service")


def refused(method: str, path: str, content: str = "", *, by: Any = api, query: str = "") -> list[dict[str, str]]:
    """The faults that the answer tells."""
    answer = by.handler(http_event(method, path, content, owner="ada", headers={}, query=query), None)
    assert answer["statusCode"] == 422
    errors: list[dict[str, str]] = json.loads(answer["body"])["errors"]
    return errors


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/jobs"),
        ("POST", "/v1/jobs/batch"),
        ("POST", "/v1/keys"),
        ("PATCH", "/v1/me"),
        ("PATCH", "/v1/targets/a.example.com"),
        ("POST", "/v1/test"),
    ],
)
def test_a_document_is_told_a_hundred_faults_at_most(method: str, path: str) -> None:
    """A gateway takes six megabytes of an answer: half a megabyte of names would become more, and then a 500."""
    document = json.dumps(NOTHING_BUT_FAULTS)
    errors = refused(method, path, document, by=check if path == "/v1/test" else api)
    assert len(errors) == MOST_FAULTS_TOLD
    assert max(len(error["field"]) for error in errors) <= 200


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/stats"])
def test_a_query_is_told_as_many(path: str) -> None:
    errors = refused("GET", path, query="&".join(f"p{number}=1" for number in range(1_000)))
    assert len(errors) == MOST_FAULTS_TOLD
