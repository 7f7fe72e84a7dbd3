"""T5: what belongs to another owner is answered like what never was, by every route and in every way to ask."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lambdas.handlers import api
from lambdas.handlers.routes import ROUTES
from lambdas.jobs.counting import Standing
from lambdas.jobs.keys import ApiKey
from lambdas.jobs.target import Sign, Target
from tests.examples import RETENTION_MS, a_job, new_id
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, http_event

WITH_AN_ID = [
    (method, path) for path, methods in ROUTES.items() if "job_id" in path for method in [*methods, "HEAD", "OPTIONS"]
]
LISTS = ["/v1/jobs", "/v1/keys", "/v1/targets", "/v1/me", "/v1/criteria", "/v1/stats"]
SOON = {"url": "https://example.com/", "delay_seconds": 60}


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


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/v1/keys/{}"), ("PATCH", "/v1/targets/{}")])
def test_anothers_key_or_target_is_answered_like_one_that_never_was(service: Service, method: str, path: str) -> None:
    """And stays as it was."""
    key, target = of_eve(service)
    theirs, never = (key.id, "f" * 16) if "keys" in path else (target.host, "never.example.com")
    document = {"state": "allowed"} if method == "PATCH" else None
    answers = [call(method, path.format(each), document) for each in (theirs, never)]
    assert seen(answers[0]) == seen(answers[1])
    assert answers[0]["statusCode"] == 404
    assert list(service.keys.of_owner("eve")) == [key]
    assert list(service.targets.list("eve")) == [target]


@pytest.mark.parametrize("path", LISTS)
def test_what_names_nothing_shows_nothing_of_others(service: Service, path: str) -> None:
    """It says what a service without others would say."""
    alone = call("GET", path)
    of_eve(service)
    job = service.store.add(a_job(owner="eve"))
    service.counters.preset(Standing("eve", job.due_at_ms, job.status))
    assert seen(call("GET", path)) == seen(alone)


def test_every_route_is_tried_with_what_is_anothers() -> None:
    """A new kind of thing that a path can name, or a new list, is to be tried above."""
    assert {name for path in ROUTES for name in re.findall(r"\?P<(\w+)>", path)} == {"job_id", "key_id", "host"}
    reading = [path for path, methods in ROUTES.items() if "GET" in methods and "?P<" not in path]
    # The secret of another is told from ours by value: see test_each_owner_sees_and_rotates_their_own.
    assert {*LISTS, "/v1/signing-secret", "/health", "/openapi.json", "/docs"} == set(reading)


def of_eve(service: Service) -> tuple[ApiKey, Target]:
    """A key and a target in trouble, of somebody else."""
    key = ApiKey("0" * 16, "eve", "hers", ("jobs:read",), NOW_MS, b"hash")
    service.keys.add(key)
    return key, service.targets.count("eve", "api.example.com", sign=Sign.FAILURE, now_ms=NOW_MS)
