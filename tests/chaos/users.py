"""The owners of a run's jobs. They schedule, change and cancel over HTTP, and try again when nobody answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from local.user import User
from tests.chaos.history import Change
from tests.chaos.planned import OWNERS, Plan, PlannedChange, PlannedJob
from tests.chaos.targets import Targets
from tests.live.deployed_stack import Answer, DeployedStack
from tests.live.times import milliseconds

PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.5
NEAR_SECONDS = 20
"""Closer jobs name a delay, others an instant."""


@dataclass
class Made:
    """A job as its owner knows it."""

    job_id: str | None = None
    due_ms: float = 0
    refusal: str = "never asked for"
    changes: list[Change] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """A job's changes are made one after the other."""


class Users:
    """Everybody who has jobs here. Thread-safe."""

    def __init__(self, stack: DeployedStack, plan: Plan, targets: Targets, began_ms: float) -> None:
        self._stack = stack
        self._plan = plan
        self._targets = targets
        self._began_ms = began_ms
        self._users: Sequence[User] = [stack.sign_in(f"chaos-{number}@example.com") for number in range(OWNERS)]
        self.made: Mapping[int, Made] = {job.number: Made() for job in plan.jobs}

    @property
    def owners(self) -> Sequence[str]:
        return [user.owner for user in self._users]

    def schedule(self, job: PlannedJob) -> None:
        """Make the job; once only, however often it must be asked for."""
        document: dict[str, Any] = {
            "name": f"{job.kind} {job.number}",
            "url": self._targets.url(job),
            "body": {"number": job.number},
            "timeout_seconds": job.timeout_seconds,
            "retry": {"max_attempts": job.max_attempts, "min_backoff_seconds": 1, "max_backoff_seconds": 3},
            "notify": {"on": list(job.notify_on)},
            **({"delay_seconds": job.ahead_s} if job.ahead_s < NEAR_SECONDS else {"at": self._moment(job.due_s)}),
        }
        key = f"chaos-{self._plan.seed}-{self._began_ms:.0f}-{job.number}"
        made = self.made[job.number]
        with made.lock:
            answer = self._ask(job, "POST", "/v1/jobs", document, {"idempotency-key": key})
            if answer is not None and answer.status in (200, 201):
                made.due_ms = milliseconds(answer.body["due_at"])
                made.job_id = answer.body["id"]
            else:
                made.refusal = "no answer" if answer is None else f"{answer.status} {answer.body}"

    def change(self, job: PlannedJob, planned: PlannedChange) -> None:
        """Move or cancel the job, if it was accepted."""
        made = self.made[job.number]
        with made.lock:
            if made.job_id is None:
                return
            asked_ms = time.time() * 1000
            path = f"/v1/jobs/{made.job_id}"
            if planned.due_s is None:
                answer, due_ms = self._ask(job, "DELETE", path), None
            else:
                at = self._moment(planned.due_s)
                answer, due_ms = self._ask(job, "PATCH", path, {"at": at}), milliseconds(at)
            status = answer.status if answer else None
            made.changes.append(Change(asked_ms, time.time() * 1000, status, due_ms))

    def shown(self, job: PlannedJob) -> dict[str, Any] | None:
        """What the API says of the job."""
        job_id = self.made[job.number].job_id
        answer = self._ask(job, "GET", f"/v1/jobs/{job_id}") if job_id else None
        return answer.body if answer and answer.status == 200 else None

    def _moment(self, seconds: float) -> str:
        at = datetime.fromtimestamp(self._began_ms / 1000 + seconds, UTC)
        return at.isoformat(timespec="milliseconds")

    def _ask(
        self,
        job: PlannedJob,
        method: str,
        path: str,
        document: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | None:
        """The API's answer, asking again while it is away; None if it stays away."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        answer: Answer | None = None
        while time.monotonic() < deadline:
            try:
                token = self._users[job.owner].token
                answer = self._stack.call(method, path, document, token=token, headers=headers)
            except (requests.RequestException, ValueError):  # nobody there, or no JSON
                answer = None
            if answer is not None and answer.status < 500 and answer.status != 429:
                return answer
            time.sleep(PAUSE_SECONDS)
        return answer
