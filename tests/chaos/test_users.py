"""The owners ask until they are answered, and note what they were told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest
import requests

from local.user import User
from tests.chaos import users
from tests.chaos.histories import BEGAN_MS, DUE_MS, JOB_ID, moment, planned
from tests.chaos.planned import Plan, PlannedChange, PlannedJob
from tests.chaos.targets import Targets, all_serving
from tests.live.deployed_stack import Answer, DeployedStack

AWAY = requests.ConnectionError()
NO_JSON = requests.JSONDecodeError("", "", 0)


class Stack:
    """An API that answers from a list, and remembers what it was asked."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, str, Any, Mapping[str, str]]] = []

    def sign_in(self, name: str) -> User:
        return User(owner=name, token=f"token of {name}")

    def call(self, method: str, path: str, document: Any, *, token: str, headers: Mapping[str, str] | None) -> Answer:
        self.asked.append((method, path, document, {"token": token, **(headers or {})}))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "PAUSE_SECONDS", 0)


@pytest.fixture
def targets() -> Iterator[Targets]:
    with all_serving() as serving:
        yield serving


def answer(status: int, **body: Any) -> Answer:
    return Answer(status, {}, body, json.dumps(body).encode())


ACCEPTED = answer(201, id=JOB_ID, due_at=moment(DUE_MS))


def owners_of(job: PlannedJob, stack: Stack, targets: Targets) -> users.Users:
    return users.Users(cast(DeployedStack, stack), Plan(1, 60, (job,), ()), targets, BEGAN_MS)


def test_a_job_is_asked_for_with_one_key_until_there_is_an_answer(targets: Targets) -> None:
    """The API may be away, killed in mid-answer, or busy."""
    stack, job = Stack(AWAY, NO_JSON, answer(503), answer(429), ACCEPTED), planned()
    owners = owners_of(job, stack, targets)
    owners.schedule(job)
    (first, *others) = stack.asked
    assert owners.made[1].job_id == JOB_ID and owners.made[1].due_ms == DUE_MS
    assert len(others) == 4 and all(asked == first for asked in others)
    method, path, document, headers = first
    assert (method, path, document["at"]) == ("POST", "/v1/jobs", moment(DUE_MS))
    assert headers["token"] == "token of chaos-0@example.com" and headers["idempotency-key"]


def test_a_near_job_names_a_delay(targets: Targets) -> None:
    """It is due so long after it is accepted, however long that takes."""
    stack, job = Stack(ACCEPTED), replace(planned(), ahead_s=1.5)
    owners_of(job, stack, targets).schedule(job)
    assert stack.asked[0][2]["delay_seconds"] == 1.5 and "at" not in stack.asked[0][2]


def test_a_refusal_is_noted(targets: Targets) -> None:
    """It is not asked again, and its changes are not asked for at all."""
    stack, job = Stack(answer(422, code="at_past")), planned()
    owners = owners_of(job, stack, targets)
    owners.schedule(job)
    owners.change(job, PlannedChange(1.0, None))
    assert owners.made[1].job_id is None and "at_past" in owners.made[1].refusal
    assert len(stack.asked) == 1 and owners.made[1].changes == [] and owners.shown(job) is None


def test_changes_are_noted_with_what_the_api_said_last(targets: Targets) -> None:
    """A move and a cancellation, each asked for until there is an answer."""
    stack, job = Stack(ACCEPTED, AWAY, answer(200), answer(409)), planned()
    owners = owners_of(job, stack, targets)
    owners.schedule(job)
    owners.change(job, PlannedChange(1.0, 90.0))
    owners.change(job, PlannedChange(2.0, None))
    moved, cancelled = owners.made[1].changes
    assert (moved.status, moved.due_ms, moved.confirmed) == (200, BEGAN_MS + 90_000, True)
    assert (cancelled.status, cancelled.due_ms, cancelled.confirmed) == (409, None, False)
    assert [asked[:3] for asked in stack.asked[1:]] == [
        ("PATCH", f"/v1/jobs/{JOB_ID}", {"at": moment(BEGAN_MS + 90_000)}),
        ("PATCH", f"/v1/jobs/{JOB_ID}", {"at": moment(BEGAN_MS + 90_000)}),
        ("DELETE", f"/v1/jobs/{JOB_ID}", None),
    ]
    assert moved.asked_ms <= moved.answered_ms <= cancelled.asked_ms


def test_patience_has_an_end(targets: Targets, monkeypatch: pytest.MonkeyPatch) -> None:
    """An API that stays away is told as such."""
    monkeypatch.setattr(users, "PATIENCE_SECONDS", 0)
    job = planned()
    owners = owners_of(job, Stack(), targets)
    owners.schedule(job)
    assert owners.made[1].refusal == "no answer"
