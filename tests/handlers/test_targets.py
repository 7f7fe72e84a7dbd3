"""The routes of targets: what an owner sees of hosts in trouble, and lifts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.handlers import api
from lambdas.jobs.target import Limits, Sign, Target
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, http_event

LIMITS = Limits()
Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call(service: Service) -> Call:
    """Calls the function as `ada`, unless told otherwise; returns the status and the body."""

    def call(method: str, path: str, document: Any = None, *, owner: str | None = "ada") -> dict[str, Any]:
        content = "" if document is None else json.dumps(document)
        answer = api.handler(http_event(method, path, content, owner=owner, headers={}), None)
        return {"status": answer["statusCode"], "body": json.loads(answer["body"])}

    return call


def in_trouble(service: Service, host: str, *, owner: str = "ada", kind: str = "paused") -> Target:
    target = service.targets.count(owner, host, sign=Sign.FAILURE, now_ms=NOW_MS)
    changed = {
        "paused": target.opened("connect_failed", asked_ms=0, now_ms=NOW_MS, limits=LIMITS),
        "asked": target.asked_to_wait(5_000, now_ms=NOW_MS, limits=LIMITS),
        "denied": target.denied("status_permanent", now_ms=NOW_MS),
        "failing": target,
    }[kind]
    if changed is not target:
        service.targets.replace(changed, read_version=target.version, now_ms=NOW_MS)
    return changed


def test_targets_in_trouble_are_listed_with_why_and_until_when(service: Service, call: Call) -> None:
    """Those that are well are not: nothing is known of them."""
    in_trouble(service, "a.example.com", kind="denied")
    in_trouble(service, "b.example.com:8443")
    in_trouble(service, "c.example.com", kind="asked")
    in_trouble(service, "d.example.com", kind="failing")
    answer = call("GET", "/v1/targets")
    seen = [(t["host"], t["state"], t["reason"], t["until"], t["failures"]) for t in answer["body"]["targets"]]
    assert answer["status"] == 200
    assert seen == [
        ("a.example.com", "denied", "status_permanent", None, 1),
        ("b.example.com:8443", "paused", "connect_failed", "2026-09-21T14:13:50.000Z", 1),
        ("c.example.com", "paused", "retry_after", "2026-09-21T14:13:25.000Z", 1),
        ("d.example.com", "allowed", None, None, 1),
    ]


def test_a_pause_that_the_target_asked_for_is_over_when_its_time_has_come(service: Service, call: Call) -> None:
    """Though its record is still there."""
    in_trouble(service, "a.example.com", kind="asked")
    service.clock.advance(seconds=5)
    (target,) = call("GET", "/v1/targets")["body"]["targets"]
    assert (target["state"], target["reason"], target["until"]) == ("allowed", None, None)


@pytest.mark.parametrize("kind", ["paused", "denied", "failing"])
@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("a.example.com", "a.example.com"),
        ("a.example.com", "A.Example.COM"),
        ("a.example.com:8443", "a.example.com:8443"),
        ("a.example.com:8443", "a.example.com%3A8443"),
        ("[2606:2800::1]", "%5B2606:2800::1%5D"),
    ],
)
def test_what_is_held_against_a_target_can_be_lifted(
    service: Service, call: Call, kind: str, host: str, path: str
) -> None:
    """Its jobs are sent again, and a row begins anew."""
    in_trouble(service, host, kind=kind)
    answer = call("PATCH", f"/v1/targets/{path}", {"state": "allowed"})
    assert answer["status"] == 200
    assert {name: answer["body"][name] for name in ("host", "state", "reason", "until")} == {
        "host": host,
        "state": "allowed",
        "reason": None,
        "until": None,
    }
    assert call("GET", "/v1/targets")["body"] == {"targets": []}
    assert service.journal.of("target_lifted")[0]["host"] == host


@pytest.mark.parametrize("owner", ["ada", "bob"])
def test_what_nobody_holds_anything_against_is_not_found(service: Service, call: Call, owner: str) -> None:
    """T5: one that is well looks like one that is somebody else's, and that one stays as it is."""
    theirs = in_trouble(service, "a.example.com", owner="carol")
    answer = call("PATCH", "/v1/targets/a.example.com", {"state": "allowed"}, owner=owner)
    assert (answer["status"], answer["body"]["code"]) == (404, "not_found")
    assert call("GET", "/v1/targets", owner=owner)["body"] == {"targets": []}
    assert service.targets.find("carol", "a.example.com") == theirs


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        ({"state": "paused"}, ["range"]),
        ({"state": "denied"}, ["range"]),
        ({"state": None}, ["type"]),
        ({"state": 1}, ["type"]),
        ({}, ["required"]),
        ({"state": "allowed", "until": "2026-01-01"}, ["unknown_field"]),
        ({"paused": True}, ["unknown_field", "required"]),
        ([], ["not_an_object"]),
    ],
)
def test_nothing_but_lifting_can_be_asked_for(service: Service, call: Call, document: Any, codes: list[str]) -> None:
    """All faults at once, and the target stays as it is."""
    held = in_trouble(service, "a.example.com")
    answer = call("PATCH", "/v1/targets/a.example.com", document)
    assert (answer["status"], [error["code"] for error in answer["body"]["errors"]]) == (422, codes)
    assert service.targets.find("ada", "a.example.com") == held


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/targets"), ("PATCH", "/v1/targets/a.example.com")])
def test_nobody_without_an_owner_sees_or_lifts_anything(call: Call, method: str, path: str) -> None:
    """For the day when the gateway lets one pass."""
    assert call(method, path, {"state": "allowed"}, owner=None)["status"] == 401
