"""The routes of API keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.handlers import api
from lambdas.jobs.keys import EVERY_SCOPE, MOST_KEYS, key_id_of
from tests.handlers.recorded import Service, http_event

KEYS = "/v1/keys"
ASKED = {"name": "deploy", "scopes": ["jobs:read", "jobs:write"], "expires_at": "2027-01-01T00:00:00Z"}
Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call(service: Service) -> Call:
    def call(
        method: str,
        path: str = KEYS,
        document: Any = None,
        owner: str = "ada",
        scopes: frozenset[str] = EVERY_SCOPE,
        **headers: str,
    ) -> dict[str, Any]:
        content = "" if document is None else json.dumps(document)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = api.handler(http_event(method, path, content, owner=owner, scopes=scopes, headers=sent), None)
        return {**answer, "body": json.loads(answer["body"] or "null")}

    return call


def test_a_new_key_is_shown_once(service: Service, call: Call) -> None:
    """Whole in the answer that made it, and nowhere after; in no cache."""
    made = call("POST", document=ASKED)
    assert made["statusCode"] == 201
    assert made["headers"]["cache-control"] == "no-store"
    text = made["body"].pop("key")
    assert key_id_of(text) == made["body"]["id"]
    assert made["body"] == {
        "id": made["body"]["id"],
        "name": "deploy",
        "scopes": ["jobs:read", "jobs:write"],
        "created_at": "2026-09-21T14:13:20.000Z",
        "expires_at": "2027-01-01T00:00:00.000Z",
        "last_used_at": None,
    }
    listed = call("GET")
    assert (listed["statusCode"], listed["body"]) == (200, {"keys": [made["body"]]})
    assert text not in repr(service.journal.lines)
    (told,) = service.journal.of("key_made")
    assert (told["owner"], told["key_id"]) == ("ada", made["body"]["id"])


def test_no_two_keys_are_alike(call: Call) -> None:
    """Nor is a part of one."""
    first, second = (call("POST", document=ASKED)["body"] for _ in range(2))
    assert first["id"] != second["id"]
    assert first["key"].split("_")[3][:43] != second["key"].split("_")[3][:43]


def test_a_revoked_key_is_gone(service: Service, call: Call) -> None:
    """204, then it is as if it had never been."""
    made = call("POST", document=ASKED)["body"]
    path = f"{KEYS}/{made['id']}"
    revoked = call("DELETE", path)
    assert (revoked["statusCode"], revoked["body"]) == (204, None)
    assert call("GET")["body"] == {"keys": []}
    again = call("DELETE", path)
    assert (again["statusCode"], again["body"]["code"]) == (404, "not_found")
    assert [facts["key_id"] for facts in service.journal.of("key_revoked")] == [made["id"]]


@pytest.mark.parametrize("key_id", ["0" * 16, "nonsense", "KEY%230", "punctual_live_0"])
def test_a_key_that_there_is_not_cannot_be_revoked(call: Call, key_id: str) -> None:
    """Whatever its id looks like."""
    answer = call("DELETE", f"{KEYS}/{key_id}")
    assert (answer["statusCode"], answer["body"]["code"]) == (404, "not_found")


def test_anothers_keys_are_neither_seen_nor_revoked(service: Service, call: Call) -> None:
    """T5: the same answers as if there were none."""
    theirs = call("POST", document=ASKED, owner="eve")["body"]
    assert call("GET")["body"] == {"keys": []}
    answers = [call("DELETE", f"{KEYS}/{key_id}") for key_id in (theirs["id"], "f" * 16)]
    assert answers[0] == answers[1]
    assert len(service.keys.of_owner("eve")) == 1


def test_a_key_makes_none_that_may_do_more(call: Call) -> None:
    """T6."""
    fewer = frozenset({"keys:write", "jobs:read"})
    refused = call("POST", document=ASKED, scopes=fewer)
    assert (refused["statusCode"], refused["body"]["code"]) == (403, "forbidden")
    assert "jobs:write" in refused["body"]["detail"]
    assert call("POST", document={**ASKED, "scopes": sorted(fewer)}, scopes=fewer)["statusCode"] == 201


@pytest.mark.parametrize(
    ("document", "headers", "status", "code"),
    [
        (ASKED, {"content_type": "text/plain"}, 415, "media_type"),
        (None, {}, 400, "empty_body"),
        ([], {}, 422, "not_an_object"),
        ({**ASKED, "key": "mine"}, {}, 422, "unknown_field"),
    ],
)
def test_a_document_that_is_none_makes_no_key(
    service: Service, call: Call, document: Any, headers: dict[str, str], status: int, code: str
) -> None:
    """The same rules as for jobs."""
    answer = call("POST", document=document, **headers)
    assert (answer["statusCode"], answer["body"]["code"]) == (status, code)
    assert not service.keys.of_owner("ada")


def test_too_many_keys_are_429(call: Call) -> None:
    """T10. Revoking one makes room."""
    made = [call("POST", document=ASKED)["body"] for _ in range(MOST_KEYS)]
    refused = call("POST", document=ASKED)
    assert (refused["statusCode"], refused["body"]["code"]) == (429, "quota_exceeded")
    assert int(refused["headers"]["retry-after"]) > 0
    assert refused["headers"]["ratelimit-policy"] == f'"api-keys";q={MOST_KEYS}'
    assert refused["headers"]["ratelimit"] == '"api-keys";r=0'
    call("DELETE", f"{KEYS}/{made[0]['id']}")
    assert call("POST", document=ASKED)["statusCode"] == 201


@pytest.mark.parametrize(("method", "path"), [("GET", KEYS), ("POST", KEYS), ("DELETE", f"{KEYS}/{'0' * 16}")])
def test_while_the_table_is_away_the_answer_is_503(service: Service, call: Call, method: str, path: str) -> None:
    """F20."""
    service.keys.down = True
    answer = call(method, path, ASKED)
    assert (answer["statusCode"], answer["body"]["code"]) == (503, "unavailable")


def test_a_repeated_request_makes_one_key(service: Service, call: Call) -> None:
    """F1: the second answer is 200 and says so; it shows no secret."""
    first, again = (call("POST", document=ASKED, idempotency_key="k") for _ in range(2))
    assert (first["statusCode"], again["statusCode"]) == (201, 200)
    assert again["headers"]["idempotency-replayed"] == "true"
    assert again["body"] == {name: value for name, value in first["body"].items() if name != "key"}
    assert len(service.journal.of("key_made")) == 1
    other = call("POST", document={**ASKED, "name": "other"}, idempotency_key="k")
    assert (other["statusCode"], other["body"]["code"]) == (422, "idempotency_key_reused")
    wrong = call("POST", document=ASKED, idempotency_key="a,b")
    assert (wrong["statusCode"], wrong["body"]["code"]) == (400, "idempotency_key_invalid")
