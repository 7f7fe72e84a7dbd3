"""Jobs to begin a test with."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from lambdas.jobs.due_job import due_shard
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.job import (
    Attempt,
    AttemptError,
    AttemptOutcome,
    Body,
    Expectation,
    Job,
    Note,
    Notify,
    Request,
    RetryPolicy,
)
from tests.fakes import NOW_MS

HORIZON = Horizon()
RETENTION_MS = 30 * 86_400_000


def new_id(shard: int | None = None) -> str:
    """An id that no other job has; of one shard of the due index, if asked."""
    while True:
        job_id = f"job_{uuid.uuid4().hex}"
        if shard is None or due_shard(job_id) == shard:
            return job_id


def new_key() -> bytes:
    """A key that no other secret has."""
    return uuid.uuid4().bytes * 2


def a_job(*, due_in_ms: int = 60_000, shard: int | None = None, **changes: Any) -> Job:
    """A new job of `ada`, stored at NOW_MS and due a minute later, with what a test changes."""
    due_at_ms = changes.pop("due_at_ms", NOW_MS + due_in_ms)
    job = Job(
        id=changes.pop("id", None) or new_id(shard),
        owner=changes.pop("owner", "ada"),
        request=changes.pop("request", Request("POST", "https://example.com/orders")),
        due_at_ms=due_at_ms,
        fire_at_ms=changes.pop("fire_at_ms", due_at_ms),
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS,
    )
    return replace(job.planned(now_ms=NOW_MS, horizon=HORIZON), **changes)


def a_full_job(**changes: Any) -> Job:
    """A job that uses every field a user can set."""
    fields: dict[str, Any] = {
        "request": Request(
            "PUT",
            "https://xn--bcher-kva.example/a?b=c",
            headers=(("X-Trace", "é"), ("authorization", "Bearer s3cret"), ("x-empty", "")),
            body=Body(b'{"a":[1,null]}', "json"),
            secret_headers=("X-Trace",),
        ),
        "name": "purge – items \U0001f9f9",
        "timezone": "America/New_York",
        "retry": RetryPolicy(max_attempts=3, min_backoff_seconds=1, max_backoff_seconds=60),
        "timeout_ms": 1_500,
        "expect": Expectation(statuses=("2xx", 404, "201"), body_contains="ok", json_subset='{"a":1.5}'),
        "notify": Notify(on=("succeeded", "failed")),
        "notes": (Note("at_ambiguous", "That time exists twice.", other_ms=NOW_MS + 7), Note("other", "No instant.")),
        "schedule_id": "schedule_1",
        "rerun_of": new_id(),
    }
    return a_job(**{**fields, **changes})


def large_request(size: int = 20_000) -> Request:
    """A request that does not fit into a job's item."""
    return Request("POST", "https://example.com/", headers=(("X-A", "1"),), body=Body(b"x" * size, "text"))


def an_attempt(number: int = 1, outcome: AttemptOutcome = AttemptOutcome.SUCCEEDED, **changes: Any) -> Attempt:
    """An attempt that was answered: 200 if it succeeded, else 503."""
    attempt = Attempt(
        number=number,
        outcome=outcome,
        started_at_ms=NOW_MS + 60_001,
        lateness_ms=1,
        duration_ms=130,
        status_code=200 if outcome is AttemptOutcome.SUCCEEDED else 503,
        error=None,
    )
    if outcome is not AttemptOutcome.SUCCEEDED:
        error = AttemptError("status_retryable", "The target answered 503, and it was sorry.")
        attempt = replace(attempt, error=error, response_excerpt="sorry \ufffd\n")
    return replace(attempt, **changes)
