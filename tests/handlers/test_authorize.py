"""T6: the function that knows callers, from the gateway's question to what it hands on, and what comes of that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas import wiring
from lambdas.adapters.jwt_tokens import JwtTokens
from lambdas.handlers import api, authorize
from lambdas.jobs.doorkeeper import Doorkeeper
from lambdas.jobs.errors import IssuerUnavailable, StoreUnavailable
from lambdas.jobs.keys import ApiKey, hash_of, key_text
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, event, http_event
from tests.tokens import ISSUER, FakeIssuerKeys, encoded, private_key, token

KEY = key_text("0" * 16, 7)


class Gateway:
    """Asks authorize, and hands on what it says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = service = Service()
        self.issuer_keys = FakeIssuerKeys()
        doorkeeper = Doorkeeper(
            issuer=ISSUER,
            tokens=JwtTokens(self.issuer_keys),
            keys=service.keys,
            journal=service.journal,
            clock=service.clock,
        )
        service.keys.add(ApiKey("0" * 16, "ada", "ci", ("jobs:read",), NOW_MS, hash_of(KEY)))
        monkeypatch.setattr(wiring, "authorize_parts", lambda: (doorkeeper, service.journal))
        monkeypatch.setattr(wiring, "api_parts", lambda: (service.desk(), service.journal))

    def asked(self, shown: str) -> Any:
        question = event("authorize")
        question["identitySource"] = [f"Bearer {shown}"]
        return authorize.handler(question, None)

    def call(self, shown: str, method: str = "GET") -> Any:
        request = http_event(method, "/v1/jobs", "{}", owner="somebody", headers={})
        request["requestContext"]["authorizer"]["lambda"] = self.asked(shown)["context"]
        answer = api.handler(request, None)
        return answer | {"body": json.loads(answer["body"])}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    return Gateway(monkeypatch)


def test_token_and_key_come_the_same_way(gateway: Gateway) -> None:
    """By one header, on every route."""
    assert gateway.call(token())["statusCode"] == 200
    assert gateway.call(KEY)["statusCode"] == 200


def test_what_is_handed_on_is_text_and_names_no_secret(gateway: Gateway) -> None:
    """T7: the gateway writes the owner and the key's id into its log."""
    for shown in (token(), KEY):
        answer = gateway.asked(shown)
        assert answer["isAuthorized"] is True
        assert all(isinstance(value, str) for value in answer["context"].values())
        assert shown[-20:] not in json.dumps(answer)
    assert gateway.asked(KEY)["context"]["key_id"] == "0" * 16


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
def test_what_is_wrong_is_401(gateway: Gateway, shown: str) -> None:
    """Each with a sentence that says nothing of the token."""
    answer = gateway.call(shown)
    assert (answer["statusCode"], answer["body"]["code"]) == (401, "unauthenticated")
    assert shown not in json.dumps(answer)
    assert answer["body"]["detail"].count("Send a valid one") == 1


def test_a_key_does_what_it_is_for_and_nothing_else(gateway: Gateway) -> None:
    """This one reads."""
    answer = gateway.call(KEY, "POST")
    assert (answer["statusCode"], answer["body"]["code"]) == (403, "forbidden")
    assert "jobs:write" in answer["body"]["detail"]


def test_where_nobody_can_tell_nothing_is_answered_that_the_gateway_would_remember(gateway: Gateway) -> None:
    """F20: an answer counts for a minute; an error for this request only."""
    gateway.issuer_keys.down = True
    with pytest.raises(IssuerUnavailable):
        gateway.asked(token())
    gateway.service.keys.down = True
    with pytest.raises(StoreUnavailable):
        gateway.asked(KEY)
