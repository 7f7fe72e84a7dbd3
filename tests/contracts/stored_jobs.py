"""How a job of a store's tests comes to its ends, one after the other."""

from __future__ import annotations

from lambdas.jobs.job import AttemptOutcome, Job
from lambdas.jobs.ports import JobStore
from tests.examples import HORIZON, RETENTION_MS, an_attempt
from tests.fakes import NOW_MS

LATER_MS = NOW_MS + 60_000
LONG_AFTER_MS = NOW_MS + 3_600_000


def running(store: JobStore, job: Job) -> Job:
    """The job, stored and claimed as `claim-1` at its fire time."""
    store.add(job)
    won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=job.fire_at_ms).won
    assert won is not None
    return won


def retried(job: Job, *, fire_at_ms: int = LATER_MS + 10_000, now_ms: int = LATER_MS) -> Job:
    attempt = an_attempt(job.attempt_count, AttemptOutcome.RETRY)
    return job.retried(attempt, fire_at_ms=fire_at_ms, now_ms=now_ms, horizon=HORIZON)


def failed(job: Job, *, now_ms: int = LATER_MS) -> Job:
    attempt = an_attempt(job.attempt_count, AttemptOutcome.FAILED)
    return job.failed(attempt, now_ms=now_ms, retention_ms=RETENTION_MS)


def succeeded(job: Job, *, now_ms: int = LATER_MS) -> Job:
    return job.succeeded(an_attempt(job.attempt_count), now_ms=now_ms, retention_ms=RETENTION_MS)


def settle(store: JobStore, job: Job) -> None:
    store.settle(job, attempt=job.attempts[-1])


def read(store: JobStore, job: Job, *, now_ms: int = LATER_MS) -> Job:
    return store.read(job.id, owner=job.owner, now_ms=now_ms)
