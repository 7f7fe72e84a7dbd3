"""What users of the model were promised, and whether what is seen of the service keeps it, at every moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import invariant

from lambdas.jobs.due_job import DUE_SHARDS
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import MAX_DEATHS, AttemptOutcome, Job, Notify, Status
from lambdas.jobs.place import place_of
from lambdas.jobs.sending import Answer, Failure, OutgoingRequest
from lambdas.jobs.target_memory import FRESH_MS
from tests.fakes import FakeSender
from tests.model.disturbed_service import LIMITS, LONGEST_WAIT_MS, DisturbedService
from tests.world import WorkerDied

HEALING_HOURS = 24
"""How long everything may take to come to its end, once all is well. Retry-After asks for half an hour at most."""

ANSWERS: dict[str, Callable[[], Answer | Failure]] = {
    "200": lambda: FakeSender.answering(200),
    "404": lambda: FakeSender.answering(404),
    "503": lambda: FakeSender.answering(503),
    "503, now": lambda: FakeSender.answering(503, headers={"Retry-After": "0"}),
    "503, in 30 minutes": lambda: FakeSender.answering(503, headers={"Retry-After": "1800"}),
    "refuses": lambda: Failure("connect_failed", "Refused.", started_at_ms=None, duration_ms=1),
}
TARGETS = st.lists(st.sampled_from([*ANSWERS, "kills"]), min_size=1, max_size=4)
"""What a target does, one after the other, the last for ever; `kills` ends the worker in mid-request."""


@dataclass
class Promise:
    """What the user was told of a job, and what has been seen of it outside."""

    due_at_ms: int
    body: bytes
    script: list[str]
    cancelled: bool = False
    attempts: list[int] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


class PromisedService(DisturbedService):
    """The service, with what it has promised beside it: the invariants of `docs/journey.md`."""

    def __init__(self) -> None:
        super().__init__()
        self.promises: dict[str, Promise] = {}
        self.marks = [0] * DUE_SHARDS
        self.breaches: list[str] = []
        self.messages_lost = False

    def arrives(self, job_id: str, request: OutgoingRequest) -> Answer | Failure:
        """A request reaches its target. Was it right to send it, now, in this form?"""
        now_ms, job, promise = self.world.clock.now_ms(), self.store[job_id], self.promises[job_id]
        headers = dict(request.headers)
        number = int(headers["Punctual-Attempt"])
        right = {
            "the job runs": job.status is Status.RUNNING,
            "it is the attempt that was claimed last": number == job.attempt_count,
            "the attempt has sent nothing yet": number not in promise.attempts,
            "it is not before its time": now_ms >= job.fire_at_ms >= promise.due_at_ms,
            "it could be changed until just before": job.fire_at_ms - job.updated_at_ms <= LONGEST_WAIT_MS,
            "its target is not paused, or it is the probe, or it has waited long enough": self._may_be_sent(job),
            "the exchange ends inside the lease": now_ms + job.timeout_ms <= (job.lease_until_ms or 0),
            "it was not cancelled": not promise.cancelled,
            "it is what the user wrote last": request.body == promise.body,
            "it names the due time": headers["Punctual-Due-At"] == rfc3339(promise.due_at_ms),
        }
        self.breaches += [
            f"{job_id}, attempt {number}: not true that {what}" for what, true in right.items() if not true
        ]
        promise.attempts.append(number)
        promise.keys.add(headers["Idempotency-Key"])
        does = promise.script.pop(0) if len(promise.script) > 1 else promise.script[0]
        if does == "kills":
            self.undisturbed = False
            raise WorkerDied
        return ANSWERS[does]()

    def _may_be_sent(self, job: Job) -> bool:
        """Judged when it was claimed, by what was read up to two seconds before. Since then others may have been
        faster, or the table away."""
        target = self.world.targets.get(place_of(job.request.url))
        disturbed = bool(self.world.journal.of("target_unknown"))
        if target is None or not target.broken or disturbed or target.probe == job.claim_id:
            return True
        since_ms = job.updated_at_ms if job.waiting_since_ms is None else job.waiting_since_ms
        waited_ms = job.updated_at_ms - since_ms
        return target.since_ms > job.updated_at_ms - FRESH_MS or waited_ms >= LIMITS.longest_wait_ms

    @invariant()
    def every_unfinished_job_is_in_the_due_index_at_its_fire_time(self) -> None:
        """P1, after every write."""
        for job in self.store:
            entry = None if job.status.finished else job.due
            assert self.store.last_entry(job.id) == entry

    @invariant()
    def nothing_was_sent_that_should_not_have_been(self) -> None:
        """P3, P4; and the core has met no defect of its own."""
        assert not self.breaches
        assert not self.world.journal.of("defect")

    @invariant()
    def what_the_user_was_told_is_what_is_stored(self) -> None:
        """An accepted edit is never overwritten, a cancelled job stays cancelled."""
        for job_id, promise in self.promises.items():
            job = self.store[job_id]
            assert job.due_at_ms == promise.due_at_ms
            assert (job.status is Status.CANCELLED) == promise.cancelled
            assert not (job.handoff and job.status is not Status.SCHEDULED)

    @invariant()
    def attempts_are_counted_once_and_none_is_skipped(self) -> None:
        """A job that is put off has its number back; whatever was sent under a number is the only one that was."""
        for job_id, promise in self.promises.items():
            job = self.store[job_id]
            noted = job.attempts[-1].number if job.attempts else 0
            assert job.attempt_count == noted + (job.status is Status.RUNNING)
            assert all(number <= job.attempt_count for number in promise.attempts)
            assert len(set(promise.attempts)) == len(promise.attempts)

    @invariant()
    def a_job_that_waits_is_scheduled(self) -> None:
        """Or runs, as the probe or because it has waited long enough; its end forgets the waiting."""
        assert not [job for job in self.store if job.status.finished and job.waiting_since_ms is not None]

    @invariant()
    def marks_only_grow(self) -> None:
        """A sweep that is late must not take another's mark back."""
        marks = [self.store.swept_until(shard) for shard in range(DUE_SHARDS)]
        assert all(new >= old for new, old in zip(marks, self.marks, strict=True))
        self.marks = marks

    # When all is well again

    def teardown(self) -> None:
        """Everything works, and time passes: every job comes to its end, and whoever wanted to know was told."""
        self.world.next_sweep_ms = self.world.clock.now_ms()
        for _ in range(HEALING_HOURS):
            if self._all_is_done():
                break
            self.world.run(seconds=3_600)
        self.nothing_was_sent_that_should_not_have_been()
        self.what_the_user_was_told_is_what_is_stored()
        assert self.world.queue.letters == []
        assert self.world.sender.open_connections == 0
        for job_id in self.promises:
            self._has_ended_well(self.store[job_id])

    def _all_is_done(self) -> bool:
        waiting = self.world.queue.letters or self.world.queue.waiting
        return not waiting and all(job.status.finished and not self.owes_notice(job) for job in self.store)

    def owes_notice(self, job: Job) -> bool:
        return job.notified(self.world.notify_of).owes_notice

    def _has_ended_well(self, job: Job) -> None:
        promise = self.promises[job.id]
        note(f"{job.id} {job.status} after {[attempt.outcome.value for attempt in job.attempts]}")
        assert job.status.finished
        assert promise.keys <= {job.id}
        if self.undisturbed:
            assert not [attempt for attempt in job.attempts if attempt.outcome is AttemptOutcome.DIED], "nobody died"
        if (job.notify or Notify()).wants(job.status):
            assert self.world.alerts_of(job), "nobody was told"
            assert job.alerted_at_ms is not None
        if job.status is Status.SUCCEEDED:
            assert promise.attempts[-1:] == [job.attempt_count]
        if job.status is Status.FAILED:
            self._has_failed_for_a_reason(job)

    def _has_failed_for_a_reason(self, job: Job) -> None:
        """Its target refused it, its attempts are used up, or five workers in a row died: never an outage of ours."""
        last = job.attempts[-1]
        assert last.error is not None
        if last.error.code == "died":
            before = job.attempts[-MAX_DEATHS:-1]
            assert [attempt.outcome for attempt in before] == [AttemptOutcome.DIED] * (MAX_DEATHS - 1)
        elif last.error.code == "target_denied":
            told = any(alert.subject.endswith("is denied") for alert in self.world.alerts.sent)
            given_up = self.messages_lost or self.world.journal.of("letter_dropped")
            assert told or given_up, "nobody was told"
        elif last.error.code != "status_permanent":
            assert job.attempt_count >= job.retry.max_attempts
