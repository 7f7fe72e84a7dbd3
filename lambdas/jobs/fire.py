"""Fire: claim a job, ask for its target, open its connection, wait for the exact instant, send, settle.

A batch of messages is worked on together, each job on its own instant and in its own thread, so that no slow target
delays another's job. Messages that were delivered before come last and alone: one of them may be what killed the
worker, and must not do so to its neighbours again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from lambdas.jobs.errors import DamagedItem, QueueUnavailable, StoreUnavailable, Unavailable, whereabouts
from lambdas.jobs.job import Job, Status
from lambdas.jobs.notice import notice_of
from lambdas.jobs.outcome import Outcome, judge
from lambdas.jobs.outgoing import outgoing_request
from lambdas.jobs.ports import Alerts, Claim, Clock, JobQueue, JobStore, Journal, Message, Sender
from lambdas.jobs.settle import (
    DIED_TOO_OFTEN,
    REQUEST_DAMAGED,
    SECRET_DAMAGED,
    Terms,
    give_up,
    put_off,
    settle,
    settle_late,
)
from lambdas.jobs.signing import SigningSecret, signed
from lambdas.jobs.target import DENIED_OUTCOME, Deny, PutOff

if TYPE_CHECKING:
    from lambdas.jobs.breaker import Breaker
    from lambdas.jobs.owners_alerts import NotifyOf
    from lambdas.jobs.sending import OutgoingRequest

EARLY_TOLERANCE_MS = 5_000
"""A message that is this much earlier than the lead is sent on instead of waited for: waiting costs money."""

LATE_OUTCOME_DELAY_SECONDS = 30
"""How long an outcome waits in the queue when the table does not take it."""

UNSIGNED_DELAY_MS = 30_000
"""How long a job is put off when its owner's secret cannot be read: nothing goes out unsigned that is to be signed."""

LONGEST_ALONE_MS = 75_000
"""What one message may take: the wait for its instant, the longest time-out, and the settling."""


class Worker(NamedTuple):
    """All that firing needs. `new_claim_id` makes an id that no other claim has.

    `secret_of` gives an owner's signing secret, or None when they have none; it may be remembered for a while. It
    raises StoreUnavailable, and DamagedItem for one that cannot be understood. `notify_of` gives what holds for jobs
    without a `notify` of their own, remembered for a while as well.
    """

    store: JobStore
    queue: JobQueue
    sender: Sender
    alerts: Alerts
    journal: Journal
    clock: Clock
    terms: Terms
    breaker: Breaker
    new_claim_id: Callable[[], str]
    secret_of: Callable[[str], SigningSecret | None]
    notify_of: NotifyOf


def fire_batch(messages: Sequence[Message], *, worker: Worker, time_left_ms: Callable[[], int]) -> Sequence[Message]:
    """Work on all messages and return those that must come again: nothing of theirs was settled.

    Those that come alone are ordered by how often they were delivered: the likeliest to kill the worker is the last.
    `time_left_ms` says how long the invocation may still run; messages that come alone are begun only while there
    is time for the longest exchange; the rest comes again.
    """
    together = [message for message in messages if message.receive_count <= 1]
    alone = sorted((message for message in messages if message.receive_count > 1), key=lambda m: m.receive_count)
    unsettled: list[Message] = []
    if together:
        with ThreadPoolExecutor(max_workers=len(together)) as threads:
            done = list(threads.map(lambda message: _settled(message, worker), together))
        unsettled += [message for message, is_done in zip(together, done, strict=True) if not is_done]
    for message in alone:
        if time_left_ms() < LONGEST_ALONE_MS or not _settled(message, worker):
            unsettled.append(message)
    return unsettled


def _settled(message: Message, worker: Worker) -> bool:
    """Fire one message; False if it must come again. No trouble of one job may reach another's."""
    try:
        fire(message, worker=worker)
    except (Unavailable, DamagedItem) as error:
        worker.journal.tell("message_kept", job_id=message.due.job_id, error=str(error))
        return False
    except Exception as error:  # a defect of ours: say so, keep the message, go on with the others
        worker.journal.tell("defect", job_id=message.due.job_id, error=whereabouts(error))
        return False
    return True


def fire(message: Message, *, worker: Worker) -> None:
    """See one message to its end. Returns when it may be acknowledged; raises Unavailable when it may not."""
    now_ms = worker.clock.now_ms()
    if message.outcome is not None:
        _conclude(
            settle_late(message, store=worker.store, journal=worker.journal, terms=worker.terms, now_ms=now_ms),
            worker,
        )
        return
    early_ms = message.due.fire_at_ms - now_ms
    horizon = worker.terms.horizon
    if early_ms > horizon.near_ms:
        _drop(message, "not_near", worker)  # the sweep has it
        return
    if early_ms > horizon.lead_ms + EARLY_TOLERANCE_MS:
        _send_on(message, max(1, horizon.delay_seconds(message.due.fire_at_ms, now_ms)), worker)
        return
    claim_id = worker.new_claim_id()
    claim = worker.store.claim(message.due.job_id, fire_at_ms=message.due.fire_at_ms, claim_id=claim_id, now_ms=now_ms)
    job = claim.won or _won_otherwise(message, claim, claim_id, worker)
    if job is not None:
        _attempt(job, worker)
    elif message.receive_count > 1 and claim.found is not None:
        worker.breaker.remind_again(claim.found)


def _won_otherwise(message: Message, claim: Claim, claim_id: str, worker: Worker) -> Job | None:
    """The job if a claim that was refused at first is won after all, else None: the message is done with."""
    found = claim.found
    now_ms = worker.clock.now_ms()
    if found is not None and _is_owed(found, worker):
        # A worker died between settling and telling. Whatever time the message is for: nothing but messages finds a
        # job that has left the due index.
        _conclude(found, worker)
    elif found is None or found.due != message.due:
        _drop(message, "stale", worker)
    elif found.deaths_used_up(now_ms):
        _conclude(_write(found, DIED_TOO_OFTEN, worker), worker)
    elif found.lease_lapsed(now_ms):
        won = worker.store.take_over(found, claim_id=claim_id, now_ms=now_ms).won
        if won is not None:
            worker.journal.tell("taken_over", job_id=won.id, attempt=won.attempt_count, deaths=won.deaths)
            return won
        _drop(message, "lost_take_over", worker)
    else:
        _drop(message, "double", worker)
    return None


def _attempt(job: Job, worker: Worker) -> None:
    """Send the job, or not, as its target stands, and see to what follows."""
    try:
        secret = worker.secret_of(job.owner)
    except StoreUnavailable as error:
        # Given back, not kept: under a claim that only runs out, it would count as the death of a worker.
        worker.journal.tell("secret_unavailable", job_id=job.id, error=str(error))
        _put_off(job, max(job.fire_at_ms, worker.clock.now_ms()) + UNSIGNED_DELAY_MS, worker, for_target=False)
        return
    except DamagedItem:
        _conclude(_write(job, SECRET_DAMAGED, worker), worker)
        return
    admission = worker.breaker.admit(job)
    if isinstance(admission, PutOff):
        _put_off(job, admission.fire_at_ms, worker)
        worker.breaker.remind(job)
    elif isinstance(admission, Deny):
        _conclude(_write(job, DENIED_OUTCOME, worker), worker)
        worker.breaker.remind(job)
    else:
        _exchange(job, secret, worker)


def _put_off(job: Job, fire_at_ms: int, worker: Worker, *, for_target: bool = True) -> None:
    put_off(
        job,
        fire_at_ms=fire_at_ms,
        store=worker.store,
        journal=worker.journal,
        terms=worker.terms,
        now_ms=worker.clock.now_ms(),
        for_target=for_target,
    )


def _exchange(job: Job, secret: SigningSecret | None, worker: Worker) -> None:
    """Open, wait, send, settle; and note what that says of the target, also if nobody else can be told."""
    try:
        job = worker.store.with_request(job)
    except DamagedItem:
        _conclude(_write(job, REQUEST_DAMAGED, worker), worker)
        return
    timeout_seconds = job.timeout_ms / 1000
    opened = worker.sender.open(_request(job, secret, worker), timeout_seconds=timeout_seconds)
    try:
        latest_ms = (job.lease_until_ms or 0) - job.timeout_ms
        result = opened.send_at(job.fire_at_ms, latest_ms=latest_ms)
    finally:
        opened.close()
    outcome = judge(job, result)
    try:
        _conclude(_write(job, outcome, worker), worker)
    except Unavailable:
        worker.breaker.note(job, outcome)
        raise
    worker.breaker.note(job, outcome)


def _request(job: Job, secret: SigningSecret | None, worker: Worker) -> OutgoingRequest:
    """What is to be sent, signed if the owner has a secret."""
    request = outgoing_request(job)
    if secret is None:
        return request
    return signed(request, secret, message_id=job.id, at_ms=max(job.fire_at_ms, worker.clock.now_ms()))


def _write(job: Job, outcome: Outcome, worker: Worker) -> Job | None:
    """Settle; an outcome that the table does not take goes back to the queue, to be written later.

    So a request that was sent is not sent again because its outcome could not be written.
    """
    try:
        return settle(
            job,
            outcome,
            store=worker.store,
            journal=worker.journal,
            terms=worker.terms,
            now_ms=worker.clock.now_ms(),
        )
    except StoreUnavailable as error:
        worker.journal.tell("outcome_postponed", job_id=job.id, attempt=job.attempt_count, error=str(error))
        _send_on(Message(job.due, job.attempt_count, outcome), LATE_OUTCOME_DELAY_SECONDS, worker)
        return None


def _conclude(job: Job | None, worker: Worker) -> None:
    """After settling: the dead letter of a job that failed, the notice of one that succeeded and is to be told."""
    if job is None or not _is_owed(job, worker):
        return
    if job.status is Status.FAILED:
        give_up(job, queue=worker.queue)
    else:
        worker.alerts.send(notice_of(job))
        worker.store.mark_alerted(job, now_ms=worker.clock.now_ms())


def _is_owed(job: Job, worker: Worker) -> bool:
    """Whether there is somebody to tell of the job's end. Of a failure its burial will ask, which is in no hurry."""
    if not job.owes_notice or job.status is Status.FAILED:
        return job.owes_notice
    return job.notified(worker.notify_of).owes_notice


def _send_on(message: Message, delay_seconds: int, worker: Worker) -> None:
    if worker.queue.send([(message, delay_seconds)]):
        raise QueueUnavailable("the queue refused a message that was to be sent on")


def _drop(message: Message, why: str, worker: Worker) -> None:
    worker.journal.tell("message_dropped", job_id=message.due.job_id, why=why)
