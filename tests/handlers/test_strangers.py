"""T5: what belongs to another owner is answered like what never was, by every route and in every way to ask."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lambdas import wiring
from lambdas.handlers import api
from lambdas.handlers.routes import ROUTES
from tests.examples import RETENTION_MS, a_job, new_id
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, http_event

WITH_AN_ID = [
    (method, path) for path, methods in ROUTES.items() if "job_id" in path for method in [*methods, "HEAD", "OPTIONS"]
]
SOON = {"url": "https://example.com/", "delay_seconds": 60}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    monkeypatch.setattr(wiring, "api_parts", lambda: (service.desk(), service.journal))
    return service


def call(
    method: str, path: str, document: Any = None, *, owner: str = "ada", query: str = "", **headers: str
) -> dict[str, Any]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    content = "" if document is None else json.dumps(document)
    return api.handler(http_event(method, path, content, owner=owner, headers=sent, query=query), None)


def seen(answer: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
    """All of an answer but how many requests whoever asks has left; the request's id is the recorded one in each."""
    headers = {name: value for name, value in answer["headers"].items() if name != "ratelimit"}
    return answer["statusCode"], headers, answer.get("body")


def path_of(pattern: str, job_id: str) -> str:
    return re.sub(r"\(\?P<job_id>[^)]*\)", job_id, pattern)


@pytest.mark.parametrize(("method", "pattern"), WITH_AN_ID)
@pytest.mark.parametrize("headers", [{}, {"if_match": "1"}, {"if_match": "7"}, {"if_none_match": '"1"'}], ids=str)
@pytest.mark.parametrize("ended", [False, True], ids=["scheduled", "ended"])
def test_anothers_job_is_answered_like_one_that_never_was(
    service: Service, method: str, pattern: str, headers: dict[str, str], ended: bool
) -> None:
    """Status, headers and body; and nothing becomes of it."""
    theirs = service.store.add(a_job(owner="eve"))
    if ended:
        service.store.replace(theirs.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS), read_version=1)
    before = list(service.store)
    document = {"name": "mine"} if method == "PATCH" else None
    answers = [call(method, path_of(pattern, id_), document, **headers) for id_ in (theirs.id, new_id())]
    assert seen(answers[0]) == seen(answers[1])
    assert answers[0]["statusCode"] == (204 if method == "OPTIONS" else 405 if _is_not_read(method, pattern) else 404)
    assert list(service.store) == before


def _is_not_read(method: str, pattern: str) -> bool:
    return method == "HEAD" and "GET" not in ROUTES[pattern]


def test_a_rerun_of_anothers_job_with_a_key_is_one_of_nothing(service: Service) -> None:
    """Also when the other has used that very key for it."""
    theirs = service.store.add(a_job(owner="eve"))
    service.store.replace(theirs.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS), read_version=1)
    assert call("POST", f"/v1/jobs/{theirs.id}/rerun", owner="eve", idempotency_key="k")["statusCode"] == 201
    paths = [f"/v1/jobs/{id_}/rerun" for id_ in (theirs.id, new_id())]
    assert seen(call("POST", paths[0], idempotency_key="k")) == seen(call("POST", paths[1], idempotency_key="k"))


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/jobs/batch"])
@pytest.mark.parametrize("name", ["same", "other"])
def test_anothers_key_is_answered_like_one_that_was_never_used(service: Service, path: str, name: str) -> None:
    """For the same content and for other content."""

    def document(name: str) -> dict[str, Any]:
        job = {**SOON, "name": name}
        return {"jobs": [job]} if path.endswith("batch") else job

    call("POST", path, document("same"), owner="eve", idempotency_key="used")
    used, unused = (call("POST", path, document(name), idempotency_key=key) for key in ("used", "unused"))
    (of_used, of_unused) = ([json.loads(answer["body"])] for answer in (used, unused))
    assert used["statusCode"] == unused["statusCode"] in (201, 207)
    assert "idempotency-replayed" not in used["headers"]
    assert [_without_id(each) for each in of_used] == [_without_id(each) for each in of_unused]


def _without_id(content: Any) -> str:
    return re.sub(r"job_[0-9a-f]{32}", "job_", json.dumps(content))


def test_anothers_cursor_is_answered_like_one_that_nobody_got(service: Service) -> None:
    """It cannot even be told from noise."""
    for owner in ("eve", "ada"):
        for n in range(3):
            service.store.add(a_job(owner=owner, due_in_ms=n * 1_000))
    cursor = json.loads(call("GET", "/v1/jobs", owner="eve", query="limit=1")["body"])["next_cursor"]
    answers = [call("GET", "/v1/jobs", query=f"limit=1&cursor={each}") for each in (cursor, "bm9pc2U")]
    assert seen(answers[0]) == seen(answers[1])
    assert json.loads(answers[0]["body"])["code"] == "cursor_invalid"


@pytest.mark.parametrize("query", ["", "status=upcoming", "status=failed,scheduled&order=desc", "limit=1"])
def test_a_list_holds_nothing_of_others(service: Service, query: str) -> None:
    """Whatever is asked, it is what a service without others would say."""
    empty = call("GET", "/v1/jobs", query=query)
    for n in range(3):
        service.store.add(a_job(owner="eve", due_in_ms=n))
    assert seen(call("GET", "/v1/jobs", query=query)) == seen(empty)
