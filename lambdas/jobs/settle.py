"""Settle: write down what came of an attempt, and what follows for the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lambdas.jobs.errors import SettleLost
from lambdas.jobs.job import MAX_DEATHS, Attempt, AttemptOutcome, Job, Status
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.place import host_of
from lambdas.jobs.ports import DeadLetter, JobQueue, JobStore, Journal, Message
from lambdas.jobs.retry import Uniform, wait_before_retry_ms

if TYPE_CHECKING:
    from lambdas.jobs.horizon import Horizon

DIED_TOO_OFTEN = Outcome(
    Verdict.PERMANENT,
    error_code="died",
    error_message=f"{MAX_DEATHS} workers in a row died on this job. Whether the request was sent is not known.",
)
"""What is written of a job whose workers died as often as they may."""

REQUEST_DAMAGED = Outcome(
    Verdict.RETRYABLE,
    error_code="request_damaged",
    error_message="What is stored of the request cannot be read. Nothing was sent.",
)
"""What is written when headers and body beside a job cannot be read. Retried: newer code may have written them."""

SECRET_DAMAGED = Outcome(
    Verdict.RETRYABLE,
    error_code="secret_damaged",
    error_message="The owner's signing secret cannot be read. Nothing was sent.",
)
"""What is written when nobody can say how to sign a request. Retried: the secret may be replaced meanwhile."""


class Terms(NamedTuple):
    """What settling goes by: the horizon, how long finished jobs are kept, and the dice for the backoff."""

    horizon: Horizon
    retention_ms: int
    uniform: Uniform


def settled(job: Job, outcome: Outcome, *, terms: Terms, now_ms: int) -> tuple[Job, Attempt]:
    """The job after the attempt that runs, and that attempt; pure."""
    number = job.attempt_count
    if outcome.verdict is Verdict.SUCCEEDED:
        attempt = outcome.attempt(number, AttemptOutcome.SUCCEEDED)
        return job.succeeded(attempt, now_ms=now_ms, retention_ms=terms.retention_ms), attempt
    wait_ms = wait_before_retry_ms(job, outcome, uniform=terms.uniform)
    if wait_ms is None:
        attempt = outcome.attempt(number, AttemptOutcome.FAILED)
        return job.failed(attempt, now_ms=now_ms, retention_ms=terms.retention_ms), attempt
    attempt = outcome.attempt(number, AttemptOutcome.RETRY)
    again = job.retried(attempt, fire_at_ms=now_ms + wait_ms, now_ms=now_ms, horizon=terms.horizon)
    return again, again.attempts[-1]


def settle(job: Job, outcome: Outcome, *, store: JobStore, journal: Journal, terms: Terms, now_ms: int) -> Job | None:
    """Write the outcome of the job's running attempt and return the job after it.

    Conditional on the attempt, not on the clock: a settle that comes after its lease, but before anybody else's
    claim, is still the truth. When another attempt has begun it changes nothing, says so and returns None; when
    the job was settled already by this very attempt, it returns the job as it is. Raises StoreUnavailable if
    the outcome could not be written.
    """
    after, attempt = settled(job, outcome, terms=terms, now_ms=now_ms)
    try:
        store.settle(after, attempt=attempt)
    except SettleLost as lost:
        journal.tell("settle_lost", job_id=job.id, attempt=job.attempt_count, outcome=attempt.outcome)
        found = lost.found
        return found if found is not None and found.owes_notice else None
    journal.tell(
        "attempt",
        job_id=job.id,
        host=host_of(job.request.url),
        attempt=attempt.number,
        outcome=attempt.outcome,
        status_code=attempt.status_code,
        error=attempt.error.code if attempt.error else None,
        lateness_ms=attempt.lateness_ms,
        duration_ms=attempt.duration_ms,
        next_attempt_at_ms=attempt.next_attempt_at_ms,
    )
    return after


def settle_late(message: Message, *, store: JobStore, journal: Journal, terms: Terms, now_ms: int) -> Job | None:
    """Settle an attempt whose outcome could not be written when it was known.

    Returns the job after it, or None if the attempt is not the one that runs any more: then the outcome is old news.
    """
    job = store.find(message.due.job_id)
    if message.outcome is None or job is None or job.attempt_count != message.attempt:
        return None
    if job.status is Status.RUNNING:
        return settle(job, message.outcome, store=store, journal=journal, terms=terms, now_ms=now_ms)
    return job if job.owes_notice else None


def put_off(
    job: Job,
    *,
    fire_at_ms: int,
    store: JobStore,
    journal: Journal,
    terms: Terms,
    now_ms: int,
    for_target: bool = True,
) -> None:
    """Give a claimed job back unsent, to be fired at another time (arrow h); its attempt does not count.

    If the claim does not hold any more it changes nothing and says so. Raises StoreUnavailable: then nothing may be
    sent under the claim, for it may have been given back.
    """
    after = job.put_off(fire_at_ms=fire_at_ms, now_ms=now_ms, horizon=terms.horizon, for_target=for_target)
    try:
        store.put_off(after, claim_id=job.claim_id or "")
    except SettleLost:
        journal.tell("settle_lost", job_id=job.id, attempt=job.attempt_count, outcome="put_off")
        return
    journal.tell("put_off", job_id=job.id, host=host_of(job.request.url), next_attempt_at_ms=fire_at_ms)


def give_up(job: Job, *, queue: JobQueue) -> None:
    """Send the dead letter of a job that failed. Only after the failure is written, before anything is acknowledged."""
    error = job.last_attempt.error if job.last_attempt else None
    message = Message(job.due, attempt=job.attempt_count)
    queue.send_dead_letter(DeadLetter(message, reason=error.code if error else "failed"))
