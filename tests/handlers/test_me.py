"""The routes of who is asking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas import wiring
from lambdas.handlers import api
from tests.handlers.recorded import Service, http_event


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    monkeypatch.setattr(wiring, "api_parts", lambda: (service.desk(), service.journal))
    return service


def call(method: str, document: Any = None, *, owner: str | None = "ada") -> tuple[int, dict[str, Any]]:
    content = "" if document is None else json.dumps(document)
    answer = api.handler(http_event(method, "/v1/me", content, owner=owner, headers={}), None)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.usefixtures("service")
def test_who_asks_is_told_who_they_are() -> None:
    """The subject of their token: the owner of the jobs that they make."""
    status, me = call("GET")
    assert (status, me["owner"]) == (200, "ada")
    assert call("GET", owner="bob")[1]["owner"] == "bob"


@pytest.mark.usefixtures("service")
def test_nobody_in_particular_is_nobody() -> None:
    """The gateway lets nobody without a token pass; this is for the day when it does."""
    status, refused = call("GET", owner=None)
    assert (status, refused["code"]) == (401, "unauthenticated")
