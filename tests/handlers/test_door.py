"""T6: no route below /v1 without a caller, and none with a token that is not for it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas import wiring
from lambdas.handlers import api, check
from lambdas.handlers.door import GUARDED
from lambdas.handlers.routes import ROUTES
from lambdas.jobs.caller import EVERY_SCOPE, Doorkeeper
from lambdas.jobs.errors import IssuerUnavailable
from lambdas.jobs.keys import SCOPES, ApiKey, hash_of, key_text
from tests.examples import a_job
from tests.fake_keys import FakeDoor
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, http_event
from tests.tokens import ISSUER, FakeIssuerKeys, encoded, private_key, token

ALL = [
    (method, re.sub(r"\(\?P<\w+>[^)]*\)", "0" * 16, pattern), scope)
    for pattern, methods in ROUTES.items()
    for method, (scope, _) in methods.items()
]
BELOW = [(method, path, scope) for method, path, scope in ALL if path.startswith(GUARDED)]
KEY = key_text("0" * 16, 7)


@dataclass
class Entered:
    service: Service
    door: FakeDoor

    def call(self, method: str, path: str, authorization: str | None = "Bearer ada", content: str = "{}") -> Any:
        headers = {} if authorization is None else {"authorization": authorization}
        answer = api.handler(http_event(method, path, content, owner=None, headers=headers), None)
        return answer | {"body": json.loads(answer["body"] or "null")}


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> Entered:
    service = Service()
    monkeypatch.setattr(wiring, "api_parts", lambda: (service.desk(), service.journal))
    assert isinstance(service.door, FakeDoor)
    return Entered(service, service.door)


@pytest.mark.parametrize(
    ("method", "path"), [*((method, path) for method, path, _ in BELOW), ("GET", "/v1/"), ("POST", "/v1/nowhere")]
)
def test_nobody_gets_below_without_a_token(entered: Entered, method: str, path: str) -> None:
    """Not even to learn which paths there are."""
    answer = entered.call(method, path, None)
    assert (answer["statusCode"], answer["body"]["code"]) == (401, "unauthenticated")
    assert answer["headers"]["www-authenticate"] == "Bearer"
    assert answer["headers"]["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["//v1/jobs", "/v1//jobs", "/V1/jobs", "/v1", "/v1%2Fjobs", "/health/../v1/jobs"])
def test_a_path_that_goes_around_the_door_leads_nowhere(entered: Entered, path: str) -> None:
    """Whatever the gateway makes of it: 401 or 404."""
    entered.service.store.add(a_job())
    assert entered.call("GET", path, None)["statusCode"] in (401, 404)


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


@pytest.mark.parametrize(("method", "path", "scope"), [each for each in BELOW if each[2]])
def test_a_token_without_a_routes_scope_is_refused_and_told_which(
    entered: Entered, method: str, path: str, scope: str
) -> None:
    """It may do everything else, and does nothing."""
    entered.door.scopes = EVERY_SCOPE - {scope}
    answer = entered.call(method, path, content="no json")
    assert (answer["statusCode"], answer["body"]["code"]) == (403, "forbidden")
    assert scope in answer["body"]["detail"]
    assert answer["headers"]["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
    entered.door.scopes = frozenset({scope})
    assert entered.call(method, path)["statusCode"] not in (401, 403)


@pytest.mark.parametrize("method", ["HEAD"])
def test_asking_for_headers_asks_for_the_same_scope(entered: Entered, method: str) -> None:
    """HEAD is GET."""
    entered.door.scopes = EVERY_SCOPE - {"jobs:read"}
    assert entered.call(method, "/v1/jobs")["statusCode"] == 403


def test_a_browser_may_ask_before_it_sends_a_token(entered: Entered) -> None:
    """OPTIONS, and health: both say nothing of anybody."""
    assert entered.call("OPTIONS", "/v1/jobs", None)["statusCode"] == 204
    assert entered.call("GET", "/health", None)["statusCode"] == 200


def test_the_log_says_whose_request_it_was(entered: Entered) -> None:
    """By the id under which the gateway's log has the rest of it."""
    entered.call("GET", "/v1/jobs")
    (told,) = entered.service.journal.of("called")
    assert (told["owner"], told["key_id"], told["request_id"]) == ("ada", None, "SYZ2gh2ZliAEPJw=")


def test_while_nobody_can_tell_who_asks_the_answer_is_503(entered: Entered, monkeypatch: pytest.MonkeyPatch) -> None:
    """F20: the issuer is away, and the token may well be good."""

    def away(_: str) -> Any:
        raise IssuerUnavailable("a test said so")

    monkeypatch.setattr(entered.door, "who", away)
    answer = entered.call("GET", "/v1/jobs")
    assert (answer["statusCode"], answer["body"]["code"]) == (503, "unavailable")
    assert answer["headers"]["retry-after"]


class TestRealDoor:
    """The handler with the real doorkeeper."""

    @pytest.fixture
    def call(self, entered: Entered) -> Any:
        service = entered.service
        service.door = Doorkeeper(
            issuer=ISSUER,
            issuer_keys=FakeIssuerKeys(),
            keys=service.keys,
            journal=service.journal,
            clock=service.clock,
        )
        service.keys.add(ApiKey("0" * 16, "ada", "ci", ("jobs:read",), NOW_MS, hash_of(KEY)))
        return lambda shown, method="GET": entered.call(method, "/v1/jobs", f"Bearer {shown}")

    def test_token_and_key_come_the_same_way(self, call: Any) -> None:
        """By one header, on every route."""
        assert call(token())["statusCode"] == 200
        assert call(KEY)["statusCode"] == 200

    @pytest.mark.parametrize(
        "shown",
        [
            token(exp=NOW_MS // 1000),
            token(key=private_key(1)),
            token(client_id="another"),
            token(token_use="id"),  # nosec B106 - a kind, no password
            f"{encoded({'alg': 'none'})}.{token().split('.')[1]}.",
            token(header={"alg": "HS256"}),
            key_text("0" * 16, 8),
            key_text("f" * 16, 7),
            KEY[:-1],
            "nonsense",
        ],
        ids=["expired", "forged", "audience", "id token", "none", "HS256", "secret", "unknown", "cut off", "nonsense"],
    )
    def test_what_is_wrong_is_401(self, call: Any, shown: str) -> None:
        """Each with a sentence that says nothing of the token."""
        answer = call(shown)
        assert (answer["statusCode"], answer["body"]["code"]) == (401, "unauthenticated")
        assert shown not in json.dumps(answer)

    def test_a_key_does_what_it_is_for_and_nothing_else(self, call: Any) -> None:
        """This one reads."""
        answer = call(KEY, "POST")
        assert (answer["statusCode"], answer["body"]["code"]) == (403, "forbidden")
        assert "jobs:write" in answer["body"]["detail"]
