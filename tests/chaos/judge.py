"""Whether a run was as it should be. Goes by the plan and the history alone, and says what is wrong in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.history import History, Injected, JobHistory
from tests.chaos.planned import Fault, Kind
from tests.chaos.recorded import Attempt, attempts_of
from tests.chaos.telling import untold
from tests.live.target import Received
from tests.live.times import milliseconds

SKEW_MS = 5
"""How early a request may be: the clocks are one, so this is for rounding alone."""
MAX_DEATHS = 5
WORTH_A_HIT = 3
LAST_WORDS = {
    Kind.HOPELESS: "status_retryable",
    Kind.BROKEN: "status_permanent",
    Kind.HANGING: "timeout",
    Kind.DEAD: "connect_failed",
    Kind.POISON: "died",
}
"""The error that a job of this kind ends with."""


@dataclass(frozen=True)
class Duplicate:
    """A request that came although an earlier one of its job may have done the work, and why it came."""

    job_id: str
    attempt: int
    explained_by: Fault | None


def faults_of(history: History) -> Iterator[str]:
    """Everything that is wrong; nothing if all is well."""
    for job in history.jobs:
        yield from _faults_of_job(job, history)
    yield from untold(history)
    yield from (f"{job_id} is in the table, and nobody has made it" for job_id in history.strays)
    yield from history.broken_invariants
    yield from (f"a dead letter stays: {body}" for body in history.dead_letters)
    if history.left_messages:
        yield f"the jobs queue still holds {history.left_messages} messages"
    yield from _faults_that_hit_nothing(history)


def _faults_that_hit_nothing(history: History) -> Iterator[str]:
    """A run proves nothing about a fault that never was. One or two may miss, in a restart for example."""
    hit = {fault.fault for fault in history.faults if fault.hit}
    for fault, times in history.plan.planned_faults().items():
        if times >= WORTH_A_HIT and fault not in hit:
            yield f"{fault}: planned {times} times, and it never hit anything"


def duplicates(job: JobHistory, faults: Sequence[Injected]) -> Iterator[Duplicate]:
    """The requests of a job that came after one of which nothing, or success, was known."""
    recorded = {attempt.number: attempt for attempt in attempts_of(job)}
    for before, request in zip(job.requests, job.requests[1:], strict=False):
        earlier = recorded.get(_attempt_of(before) or 0)
        if earlier is not None and earlier.outcome == "retry" and _attempt_of(before) != _attempt_of(request):
            continue  # the target, or its silence, asked for another
        died = earlier is not None and earlier.error == "died"
        reason = _cause(job.job_id or "", earlier.number, faults) if died and earlier else None
        yield Duplicate(job.job_id or "", _attempt_of(request) or 0, reason)


def _cause(job_id: str, attempt: int, faults: Sequence[Injected]) -> Fault | None:
    """The kill or restart that an attempt died of: it was under way at that moment."""
    return next((fault.fault for fault in faults if (job_id, attempt) in fault.running), None)


def _faults_of_job(job: JobHistory, history: History) -> Iterator[str]:
    name = f"{job.planned.kind} job {job.planned.number} ({job.job_id})"
    if job.job_id is None:
        yield f"{name} was not accepted: {job.refusal}"
        return
    if job.shown is None:
        yield f"{name} was accepted and is lost: the API does not know it"
        return
    if job.shown["status"] not in ("succeeded", "failed", "cancelled"):
        yield f"{name} was accepted and is lost: it is still {job.shown['status']}"
        return
    for check in (_end, _requests, _records, _times, _changes):
        yield from (f"{name}: {fault}" for fault in check(job))
    yield from (f"{name}: {fault}" for fault in _deaths(job, history))


def _end(job: JobHistory) -> Iterator[str]:
    """Whether it ended as its target made it end."""
    assert job.shown is not None
    status, attempts = job.shown["status"], attempts_of(job)
    cancelled = any(change.confirmed and change.due_ms is None for change in job.changes)
    asked_to_cancel = any(change.due_ms is None for change in job.changes)
    if status == "cancelled" or cancelled:
        if status != "cancelled" or not asked_to_cancel:
            yield f"it is {status}, and was {'' if cancelled else 'not '}cancelled"
        return
    if _died_too_often(attempts):
        if status != "failed":
            yield f"{MAX_DEATHS} workers in a row died on it, and it is {status}"
        return
    if status != ("succeeded" if job.planned.ends_well else "failed"):
        yield f"it is {status}, which is not what its target makes of it"
    elif not attempts or attempts[-1].outcome != status:
        yield f"it is {status}, and its last attempt is {attempts[-1].outcome if attempts else 'missing'}"
    elif status == "failed" and attempts[-1].error != LAST_WORDS[job.planned.kind]:
        yield f"it failed with {attempts[-1].error}, not with {LAST_WORDS[job.planned.kind]}"
    elif status == "failed" and job.planned.kind is not Kind.BROKEN:
        yield from _used_up(job, attempts)


def _used_up(job: JobHistory, attempts: Sequence[Attempt]) -> Iterator[str]:
    """A worker that died has used an attempt, but is replaced even if it was the last."""
    deaths = sum(attempt.error == "died" for attempt in attempts)
    assert job.shown is not None
    if not job.planned.max_attempts <= job.shown["attempt_count"] <= job.planned.max_attempts + deaths:
        yield f"it was given up after {job.shown['attempt_count']} of {job.planned.max_attempts} attempts"


def _died_too_often(attempts: Sequence[Attempt]) -> bool:
    last = [attempt.error == "died" for attempt in attempts[-MAX_DEATHS:]]
    return len(last) == MAX_DEATHS and all(last)


def _requests(job: JobHistory) -> Iterator[str]:
    """Whether each request carried what a receiver needs, and no attempt sent two."""
    seen: set[int] = set()
    for request in job.requests:
        number = _attempt_of(request)
        if request.headers.get("idempotency-key") != job.job_id:
            yield f"a request had the Idempotency-Key {request.headers.get('idempotency-key')}"
        if number is None:
            yield f"a request had the Punctual-Attempt {request.headers.get('punctual-attempt')}"
        elif number in seen:
            yield f"attempt {number} was sent twice"
        else:
            seen.add(number)


def _records(job: JobHistory) -> Iterator[str]:
    """Whether the job's history tells what its target knows. It remembers ten attempts."""
    assert job.shown is not None
    attempts = attempts_of(job)
    sent = {_attempt_of(request) or 0: place for place, request in enumerate(job.requests)}
    count = job.shown["attempt_count"]
    numbers = [attempt.number for attempt in attempts]
    if numbers != list(range(count - len(attempts) + 1, count + 1)) or len(attempts) < min(count, 10):
        yield f"it counts {count} attempts and remembers {numbers}"
    for number in sent:
        if number > count:
            yield f"a request came as attempt {number}, and it counts {count}"
    for attempt in attempts:
        if attempt.status_code is None:
            continue
        if attempt.number not in sent:
            yield f"attempt {attempt.number} had the answer {attempt.status_code}, and no request came"
            continue
        answers = job.planned.answers
        given = answers[min(sent[attempt.number], len(answers) - 1)].status_within(job.planned.timeout_seconds)
        if attempt.status_code != given:
            yield f"attempt {attempt.number} is noted with {attempt.status_code}, and its target gave {given}"


def _deaths(job: JobHistory, history: History) -> Iterator[str]:
    for attempt in attempts_of(job):
        if attempt.error == "died" and _cause(job.job_id or "", attempt.number, history.faults) is None:
            yield f"attempt {attempt.number} died, and nobody killed it"
    for duplicate in duplicates(job, history.faults):
        if duplicate.explained_by is None:
            yield f"the request of attempt {duplicate.attempt} is a duplicate, and nothing explains it"


def _times(job: JobHistory) -> Iterator[str]:
    """Whether no request was early: before the due time that was in force, or before a retry's own time."""
    attempts = {attempt.number: attempt for attempt in attempts_of(job)}
    for request in job.requests:
        due_ms = min(_due_times_at(job, request.arrived_ms))
        if request.arrived_ms < due_ms - SKEW_MS:
            yield f"a request came {due_ms - request.arrived_ms:.0f} ms before its due time"
        before = attempts.get((_attempt_of(request) or 0) - 1)
        if before is not None and before.next_attempt_at is not None and not job.changes:
            early_ms = milliseconds(before.next_attempt_at) - request.arrived_ms
            if early_ms > SKEW_MS:
                yield f"a retry came {early_ms:.0f} ms before its time"


def _due_times_at(job: JobHistory, at_ms: float) -> list[float]:
    """The due times that may have been in force: the last confirmed one, and those asked for since."""
    due_times = [job.due_ms]
    for change in job.changes:
        if change.due_ms is None or change.asked_ms > at_ms:
            continue
        if change.confirmed and change.answered_ms <= at_ms:
            due_times = []
        due_times.append(change.due_ms)
    return due_times


def _changes(job: JobHistory) -> Iterator[str]:
    """Whether what was changed last is what happened."""
    assert job.shown is not None
    for change in job.changes:
        if change.status not in (200, 409):
            yield f"a change was answered with {change.status}"
        if change.confirmed and change.due_ms is None:
            late = [request for request in job.requests if request.arrived_ms > change.answered_ms]
            if late:
                yield f"{len(late)} requests came after it was cancelled"
    if job.changes and job.changes[-1].confirmed and job.changes[-1].due_ms is not None:
        due_ms = milliseconds(job.shown["due_at"])
        if due_ms != job.changes[-1].due_ms:
            yield f"it was moved to {job.changes[-1].due_ms:.0f}, and is due at {due_ms:.0f}"


def _attempt_of(request: Received) -> int | None:
    number = request.headers.get("punctual-attempt", "")
    return int(number) if number.isdigit() else None
