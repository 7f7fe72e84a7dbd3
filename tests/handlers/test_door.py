"""T6: no route below /v1 without a caller, and none with a token that is not for it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lambdas.handlers import api, check
from lambdas.handlers.door import GUARDED, let_in, written
from lambdas.handlers.http import HttpRequest
from lambdas.handlers.routes import ROUTES
from lambdas.jobs.caller import Caller
from lambdas.jobs.keys import EVERY_SCOPE, SCOPES
from tests.examples import a_job
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, http_event

ALL = [
    (method, re.sub(r"\(\?P<\w+>[^)]*\)", "0" * 16, pattern), scope)
    for pattern, methods in ROUTES.items()
    for method, (scope, _) in methods.items()
]
BELOW = [(method, path, scope) for method, path, scope in ALL if path.startswith(GUARDED)]


def call(
    method: str,
    path: str,
    content: str = "{}",
    *,
    owner: str | None = "ada",
    scopes: frozenset[str] = EVERY_SCOPE,
    by: Any = api,
    authorized: dict[str, str] | None = None,
) -> Any:
    """What the function answers to this caller; `authorized` is what the gateway hands on instead."""
    event = http_event(method, path, content, owner=owner, scopes=scopes, headers={})
    if authorized is not None:
        event["requestContext"]["authorizer"] = {"lambda": authorized}
    answer = by.handler(event, None)
    return answer | {"body": json.loads(answer["body"] or "null")}


@pytest.mark.parametrize(
    ("method", "path"), [*((method, path) for method, path, _ in BELOW), ("GET", "/v1/"), ("POST", "/v1/nowhere")]
)
@pytest.mark.usefixtures("service")
def test_nobody_gets_below_without_a_token(method: str, path: str) -> None:
    """Not even to learn which paths there are. The gateway has refused them; this is for the day when it has not."""
    answer = call(method, path, owner=None)
    assert (answer["statusCode"], answer["body"]["code"]) == (401, "unauthenticated")
    assert answer["headers"]["www-authenticate"] == "Bearer"
    assert answer["headers"]["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("by", [api, check], ids=["api", "check"])
@pytest.mark.parametrize(
    "authorized",
    [
        {"refused": "There is no such API key, or it was revoked."},
        {"refused": "There is no such API key, or it was revoked.", "owner": "ada", "scopes": "jobs:write"},
        {"owner": "", "scopes": "jobs:write"},
        {"scopes": "jobs:write"},
        {"owner": "ada", "scopes": "jobs:write", "until_ms": str(NOW_MS)},
    ],
    ids=["refused", "refused and named", "nobody", "no owner", "over meanwhile"],
)
def test_whom_authorize_does_not_know_is_refused_with_its_reason(by: Any, authorized: dict[str, str]) -> None:
    """And who was known when the gateway asked, and is over by now."""
    answer = call("POST", "/v1/validate", by=by, authorized=authorized)
    assert (answer["statusCode"], answer["body"]["code"]) == (401, "unauthenticated")
    assert answer["body"]["detail"].startswith(authorized.get("refused", "The"))


@pytest.mark.parametrize(
    "caller", [Caller("ada", EVERY_SCOPE, until_ms=NOW_MS + 1), Caller("b c", frozenset(), "0" * 16)]
)
def test_a_caller_is_the_same_on_both_sides_of_the_gateway(caller: Caller) -> None:
    request = HttpRequest("GET", "/v1/jobs", (), {}, b"", "id", authorized=written(caller))
    assert let_in(request, now_ms=NOW_MS) == caller


@pytest.mark.parametrize("path", ["//v1/jobs", "/v1//jobs", "/V1/jobs", "/v1", "/v1%2Fjobs", "/health/../v1/jobs"])
def test_a_path_that_goes_around_the_door_leads_nowhere(service: Service, path: str) -> None:
    """Whatever the gateway makes of it: 401 or 404."""
    service.store.add(a_job())
    assert call("GET", path, owner=None)["statusCode"] in (401, 404)


def test_the_other_function_asks_for_the_same() -> None:
    """Whichever function a route leads to."""
    assert check.ROUTES.keys() < ROUTES.keys()
    for path, methods in check.ROUTES.items():
        assert {name: scope for name, (scope, _) in methods.items()} == {
            name: scope for name, (scope, _) in ROUTES[path].items()
        }


def test_every_route_below_says_what_it_asks_for() -> None:
    """One scope, or none for what only says who asks. What reads asks for no right to write, but for secrets."""
    assert {scope for _, _, scope in BELOW} <= {*SCOPES, None}
    assert [path for _, path, scope in ALL if scope is None] == [
        "/v1/me",
        "/v1/criteria",
        "/health",
        "/openapi.json",
        "/docs",
    ]
    reading = {path: scope for method, path, scope in BELOW if method == "GET" and scope}
    assert {path for path, scope in reading.items() if not scope.endswith(":read")} == {"/v1/signing-secret"}
    assert all(scope and scope.endswith(":write") for method, _, scope in BELOW if method != "GET")


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(("method", "path", "scope"), [each for each in BELOW if each[2]])
def test_a_token_without_a_routes_scope_is_refused_and_told_which(method: str, path: str, scope: str) -> None:
    """It may do everything else, and does nothing."""
    by = check if path in check.ROUTES else api
    answer = call(method, path, "no json", scopes=EVERY_SCOPE - {scope}, by=by)
    assert (answer["statusCode"], answer["body"]["code"]) == (403, "forbidden")
    assert scope in answer["body"]["detail"]
    assert answer["headers"]["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
    assert call(method, path, scopes=frozenset({scope}), by=by)["statusCode"] not in (401, 403, 500)


@pytest.mark.usefixtures("service")
def test_asking_for_headers_asks_for_the_same_scope() -> None:
    """HEAD is GET."""
    assert call("HEAD", "/v1/jobs", scopes=EVERY_SCOPE - {"jobs:read"})["statusCode"] == 403


@pytest.mark.usefixtures("service")
def test_a_browser_may_ask_before_it_sends_a_token() -> None:
    """OPTIONS, and health: both say nothing of anybody."""
    assert call("OPTIONS", "/v1/jobs", owner=None)["statusCode"] == 204
    assert call("GET", "/health", owner=None)["statusCode"] == 200
