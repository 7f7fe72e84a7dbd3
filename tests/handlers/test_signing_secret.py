"""The routes of the signing secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.handlers import api
from lambdas.jobs.signing import OVERLAP_MS, is_secret
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, http_event

SECRET, ROTATE = "/v1/signing-secret", "/v1/signing-secret/rotate"
Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call(service: Service) -> Call:
    def call(method: str, path: str, owner: str | None = "ada") -> dict[str, Any]:
        answer = api.handler(http_event(method, path, owner=owner, headers={}), None)
        return {**answer, "body": json.loads(answer["body"])}

    return call


def test_the_first_read_makes_the_secret_and_the_next_shows_it(service: Service, call: Call) -> None:
    """In a form that every library of Standard Webhooks takes, and in no cache."""
    first = call("GET", SECRET)
    service.clock.advance(seconds=1)
    assert first["statusCode"] == 200
    assert first["headers"]["cache-control"] == "no-store"
    assert set(first["body"]) == {"secret", "created_at", "previous_expires_at"}
    assert is_secret(first["body"]["secret"])
    assert (first["body"]["created_at"], first["body"]["previous_expires_at"]) == ("2026-09-21T14:13:20.000Z", None)
    assert call("GET", SECRET)["body"] == first["body"]


def test_a_rotation_answers_with_the_new_secret_and_until_when_the_old_one_signs(service: Service, call: Call) -> None:
    """A day; after that the answer is silent about it."""
    old = call("GET", SECRET)["body"]
    answer = call("POST", ROTATE)
    assert answer["statusCode"] == 200
    assert answer["headers"]["cache-control"] == "no-store"
    assert answer["body"]["secret"] != old["secret"]
    assert answer["body"]["previous_expires_at"] == "2026-09-22T14:13:20.000Z"
    assert call("GET", SECRET)["body"] == answer["body"]
    service.clock.ms = NOW_MS + OVERLAP_MS
    assert call("GET", SECRET)["body"] == {**answer["body"], "previous_expires_at": None}


def test_each_owner_sees_and_rotates_their_own(call: Call) -> None:
    """T5."""
    hers = call("GET", SECRET, "eve")["body"]
    call("POST", ROTATE, "ada")
    assert call("GET", SECRET, "eve")["body"] == hers
    assert call("GET", SECRET, "ada")["body"]["secret"] != hers["secret"]


@pytest.mark.parametrize(("method", "path"), [("GET", SECRET), ("POST", ROTATE)])
def test_nobody_without_an_owner_gets_one(service: Service, call: Call, method: str, path: str) -> None:
    """The gateway lets none of them pass; should it ever, nothing is made."""
    assert call(method, path, None)["statusCode"] == 401
    assert service.secrets.reads == 0


@pytest.mark.parametrize(("method", "path"), [("GET", SECRET), ("POST", ROTATE)])
def test_while_the_table_or_kms_is_away_the_answer_is_503(service: Service, call: Call, method: str, path: str) -> None:
    """F20."""
    service.secrets.down = True
    answer = call(method, path)
    assert (answer["statusCode"], answer["body"]["code"]) == (503, "unavailable")


def test_the_log_tells_of_a_rotation_and_of_no_secret(service: Service, call: Call) -> None:
    """T7."""
    call("GET", SECRET)
    call("POST", ROTATE)
    assert [facts["owner"] for facts in service.journal.of("secret_rotated")] == ["ada"]
    assert "whsec" not in repr(service.journal.lines)


def test_a_secret_that_cannot_be_read_is_said_to_be_so_and_can_be_replaced(service: Service, call: Call) -> None:
    """F28: what to do is in the answer, and the log names the owner."""
    old = call("GET", SECRET)["body"]["secret"]
    service.secrets.damaged = {"ada"}
    answer = call("GET", SECRET)
    assert (answer["statusCode"], answer["body"]["code"]) == (409, "secret_damaged")
    assert ROTATE in answer["body"]["detail"]
    assert [facts["owner"] for facts in service.journal.of("secret_damaged")] == ["ada"]
    new = call("POST", ROTATE)
    assert (new["statusCode"], new["body"]["previous_expires_at"]) == (200, None)
    assert new["body"]["secret"] != old
    assert call("GET", SECRET)["body"] == new["body"]
