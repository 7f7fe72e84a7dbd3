"""Jobs that the service behind the program has already."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from lambdas.jobs.job import Attempt, AttemptOutcome, Job, Request, Status
from tests.client.gateway import OWNER
from tests.examples import RETENTION_MS, a_job, an_attempt
from tests.handlers.recorded import Service

URL = "https://shop.example.com/api/items/_delete"


def stored(service: Service, status: Status = Status.SCHEDULED, *, due_in: float = 3600, **changes: Any) -> Job:
    """A job of the one who is signed in, due so many seconds from now, real time, to which the service's clock is set.

    `attempts` are those that were made; one that has ended with an answer has one unless told otherwise.
    """
    now_ms = set_clock(service)
    due_at_ms = now_ms + round(due_in * 1000)
    attempts = changes.pop("attempts", None)
    request = changes.pop("request", Request("DELETE", URL))
    job = a_job(owner=OWNER, request=request, due_at_ms=due_at_ms, **changes)
    if attempts is None and status in (Status.SUCCEEDED, Status.FAILED):
        outcome = AttemptOutcome.SUCCEEDED if status is Status.SUCCEEDED else AttemptOutcome.FAILED
        attempts = [an_attempt(1, outcome, started_at_ms=due_at_ms + 1)]
    if attempts:
        job = replace(job, attempts=tuple(attempts), attempt_count=attempts[-1].number)
    last_ms = min(due_at_ms, now_ms)
    job = replace(job, status=status, created_at_ms=last_ms - 60_000, updated_at_ms=last_ms)
    if status.finished:
        job = replace(job, finished_at_ms=due_at_ms + 200, expires_at_ms=due_at_ms + RETENTION_MS)
    service.store.put(job)
    return job


def set_clock(service: Service) -> int:
    """Let the service's clock show what the program's does. Returns its milliseconds."""
    service.clock.ms = round(time.time() * 1000)
    return service.clock.ms


def retried(number: int, **changes: Any) -> Attempt:
    """An attempt that will be made again."""
    return an_attempt(number, AttemptOutcome.RETRY, **changes)
