"""The protocol of the journey, disturbed at every step: nothing accepted is lost, nothing fires twice by design.

The machine below may do to the service whatever the world may: create and edit jobs, deliver the stream's records late,
twice, in any order or never, let sweeps and workers die or freeze between any two of their steps, take the table, the
queue, the alerts or all functions away, lose and double messages, let targets be paused, tried and denied, let time
pass. The core is the real one, the ports are the fakes.
After every step the invariants of `docs/journey.md` hold; when everything is well again, every job comes to its end.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lambdas.jobs.due_job import DUE_SHARDS
from lambdas.jobs.errors import (
    AlertsUnavailable,
    EditLost,
    PunctualError,
    QueueUnavailable,
    StoreUnavailable,
    Unavailable,
)
from lambdas.jobs.fire import EARLY_TOLERANCE_MS
from lambdas.jobs.hand_off import hand_off
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import MAX_DEATHS, AttemptOutcome, Body, Job, Notify, Request, RetryPolicy, Status
from lambdas.jobs.place import place_of
from lambdas.jobs.ports import DeadLetter, Message
from lambdas.jobs.sending import Answer, Failure, OutgoingRequest
from lambdas.jobs.sweep import SweepIncomplete
from lambdas.jobs.target import Limits, Sign, State
from lambdas.jobs.target_memory import FRESH_MS
from tests.examples import HORIZON, RETENTION_MS, a_job
from tests.fakes import FakeClock, FakeSender
from tests.world import SWEEP_PERIOD_MS, LaggingStore, WorkerDied, World

INDEX_LAG_MS = 30_000
"""How late the due index shows a write; with the minute below it is well within the margin of two."""

JUDGED_AGO_MS = 60_000
"""How long before its write a job's near rule may have read the clock, at most."""

HEALING_HOURS = 24
"""How long everything may take to come to its end, once all is well. Retry-After asks for half an hour at most."""

HOSTS = ("a.example.com", "b.example.com")
LIMITS = Limits(failures=2, refusals=3, first_pause_ms=20_000, longest_pause_ms=300_000, longest_wait_ms=3_600_000)
"""Few, so that the short lives of these jobs see targets paused and denied."""

LONGEST_WAIT_MS = HORIZON.lead_ms + EARLY_TOLERANCE_MS
"""How long before its instant a job may be claimed."""

STORE_STEPS = ["claim", "take_over", "put_off", "with_request", "settle", "find", "mark_alerted"]
TARGET_STEPS = [("targets", step) for step in ("find", "count", "replace", "forget")]
WORK_STEPS = [
    *(("store", step) for step in STORE_STEPS),
    *TARGET_STEPS,
    ("queue", "send"),
    ("queue", "send_dead_letter"),
]
ALERT_STEPS = [("alerts", "send")]
BURY_STEPS = [("store", step) for step in ("find", "settle", "read", "mark_alerted")]
SWEEP_STEPS = [("store", "swept_until"), ("store", "due"), ("store", "advance_mark"), ("queue", "send")]


@dataclass(frozen=True)
class Fault:
    """What happens at the next use of a port's method, just before it is done or just after, when only the reply is
    missing: the worker dies, the port fails once, it goes away for as long as the rule lasts, the worker freezes while
    others work, a rival is faster."""

    port: str
    method: str
    when: str
    kind: str


def faults(steps: list[tuple[str, str]]) -> st.SearchStrategy[Fault | None]:
    kinds = ["dies", "fails", "goes away", "freezes", "is raced"]
    fault = st.builds(
        lambda step, when, kind: Fault(step[0], step[1], when, kind),
        st.sampled_from(steps),
        st.sampled_from(["before", "after"]),
        st.sampled_from(kinds),
    )
    return st.none() | fault


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

DUE_IN_MS = st.one_of(st.integers(0, 10_000), st.integers(0, 1_020_000), st.integers(1_020_000, 3_600_000))
SOON = st.integers(0, 2**16)
"""Which of several: a job, a record, a message."""


@dataclass
class Promise:
    """What the user was told of a job, and what has been seen of it outside."""

    due_at_ms: int
    body: bytes
    script: list[str]
    cancelled: bool = False
    attempts: list[int] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


class Protocol(RuleBasedStateMachine):
    """Jobs, and everything that may happen to them."""

    def __init__(self) -> None:
        super().__init__()
        clock = FakeClock()
        self.store = LaggingStore(clock, lag_ms=INDEX_LAG_MS, page_size=2)
        self.world = World(clock=clock, store=self.store, batch_size=1, limits=LIMITS)  # threads would differ
        self.promises: dict[str, Promise] = {}
        self.marks = [0] * DUE_SHARDS
        self.breaches: list[str] = []
        self.messages_lost = False
        self.undisturbed = True

    # What users do

    @rule(
        due_in_ms=DUE_IN_MS,
        judged_ago_ms=st.integers(0, JUDGED_AGO_MS),
        script=TARGETS,
        max_attempts=st.integers(1, 3),
        notify=st.sampled_from([None, Notify(("failed",)), Notify(("failed", "succeeded")), Notify(())]),
        host=st.sampled_from(HOSTS),
    )
    def creates(
        self,
        due_in_ms: int,
        judged_ago_ms: int,
        script: list[str],
        max_attempts: int,
        notify: Notify | None,
        host: str,
    ) -> None:
        """A new job, near or far. The api read the clock some time before it wrote."""
        number = len(self.promises)
        read_ms = self.world.clock.now_ms() - judged_ago_ms
        job = a_job(
            id=f"job_{number:032x}",
            due_at_ms=read_ms + due_in_ms,
            request=Request("POST", f"https://{host}/{number}", body=Body(b"first", "text")),
            retry=RetryPolicy(max_attempts, 1, 60),
            timeout_ms=10_000,
            notify=notify,
        )
        self.store.add(job.planned(now_ms=read_ms, horizon=self.world.horizon))
        self.promises[job.id] = Promise(job.due_at_ms, b"first", list(script))
        self.world.sender.answers[job.request.url] = [lambda request: self._arrives(job.id, request)]

    @precondition(lambda self: self.promises)
    @rule(which=SOON, due_in_ms=DUE_IN_MS, judged_ago_ms=st.integers(0, JUDGED_AGO_MS), raced=st.booleans())
    def reschedules(self, which: int, due_in_ms: int, judged_ago_ms: int, raced: bool) -> None:
        """PATCH with another time and another body; a worker may be faster."""
        read_ms = self.world.clock.now_ms() - judged_ago_ms
        at_ms = read_ms + due_in_ms

        def edit(job: Job) -> Job:
            body = Body(f"edit {job.version}".encode(), "text")
            moved = replace(job, due_at_ms=at_ms, fire_at_ms=at_ms, request=replace(job.request, body=body))
            return moved.edited(now_ms=read_ms, horizon=self.world.horizon)

        edited = self._edit(which, edit, raced)
        if edited is not None:
            promise = self.promises[edited.id]
            promise.due_at_ms = at_ms
            promise.body = edited.request.body.content if edited.request.body else b""

    @precondition(lambda self: self.promises)
    @rule(which=SOON, raced=st.booleans())
    def cancels(self, which: int, raced: bool) -> None:
        """DELETE; a worker may be faster."""
        now_ms = self.world.clock.now_ms()
        edited = self._edit(which, lambda job: job.cancelled(now_ms=now_ms, retention_ms=RETENTION_MS), raced)
        if edited is not None:
            self.promises[edited.id].cancelled = True

    def _edit(self, which: int, edit: Callable[[Job], Job], raced: bool) -> Job | None:
        """The job after the edit, or None if it lost; it must lose unless the job is scheduled."""
        job_id = pick(list(self.promises), which)
        job = self.store[job_id]
        if raced:
            self.store.before["replace"] = self._work_once
        try:
            return self.store.replace(edit(job), read_version=job.version)
        except EditLost:
            if self.store[job_id] == job and job.status is Status.SCHEDULED:
                self.breaches.append(f"an edit of {job_id} lost against nobody")
            return None
        finally:
            self.store.before.pop("replace", None)

    @rule(host=st.sampled_from(HOSTS))
    def lifts(self, host: str) -> None:
        """PATCH of a target, whatever is held against it."""
        self.world.targets.lift("ada", host)

    @rule(host=st.sampled_from(HOSTS))
    def fails_for_others(self, host: str) -> None:
        """A target that other jobs of the owner have failed at, as often in a row as it takes."""
        now_ms, targets = self.world.clock.now_ms(), self.world.targets
        for _ in range(LIMITS.failures):
            target = targets.count("ada", host, sign=Sign.FAILURE, now_ms=now_ms)
        if target.state is State.ALLOWED:
            opened = target.opened("connect_failed", asked_ms=0, now_ms=now_ms, limits=LIMITS)
            targets.replace(opened.told(now_ms=now_ms), read_version=target.version, now_ms=now_ms)

    # What AWS does

    @precondition(lambda self: self.store.stream)
    @rule(which=SOON, how=st.sampled_from(["once", "once", "twice", "never"]))
    def delivers_a_record(self, which: int, how: str) -> None:
        """Any record, so in any order; one that fails for good is never delivered."""
        due = self.store.stream.pop(which % len(self.store.stream))
        for _ in range(["never", "once", "twice"].index(how)):
            with contextlib.suppress(QueueUnavailable):  # the record's retries are used up
                hand_off([due], queue=self.world.queue, horizon=self.world.horizon, now_ms=self.world.clock.now_ms())

    @rule(fault=faults(SWEEP_STEPS))
    def sweeps(self, fault: Fault | None) -> None:
        """At any time, so also twice at once, or not for long. It may die half-way."""
        self._disturbed(fault, self._sweep_once)

    @rule(fault=faults(WORK_STEPS + ALERT_STEPS))
    def works(self, fault: Fault | None) -> None:
        """A worker takes the next message, if there is one that can be received."""
        self._disturbed(fault, self._work_once)

    @rule(fault=faults(WORK_STEPS + ALERT_STEPS))
    def a_fresh_worker_works(self, fault: Fault | None) -> None:
        """One that knows nothing yet of targets, as all but one of many do not."""
        self.world.worker = self.world.worker._replace(breaker=self.world.a_breaker())
        self._disturbed(fault, self._work_once)

    @rule(fault=faults(BURY_STEPS + ALERT_STEPS))
    def buries(self, fault: Fault | None) -> None:
        """All dead letters are judged."""
        self._disturbed(fault, self.world.bury)

    @rule(seconds=st.sampled_from([1, 10, 60, 200, 1_000]))
    def time_passes(self, seconds: int) -> None:
        """And nobody does anything."""
        self.world.clock.advance(seconds=seconds)

    @precondition(lambda self: self.world.queue.waiting)
    @rule(which=SOON, what=st.sampled_from(["loses", "doubles", "moves"]))
    def queue_misbehaves(self, which: int, what: str) -> None:
        """A message is lost, delivered twice, or moved to the dead letters although nobody has seen it.

        SQS loses nothing that was not acknowledged. Losing is for what the design must bear all the same: messages of
        unfinished jobs, which the due index remembers.
        """
        _, message = pick(self.world.queue.waiting, which)
        if what == "loses" and self._owes_notice(self.store[message.due.job_id]):
            return
        self.messages_lost |= what == "loses"
        taken = self.world.queue.lose(which % len(self.world.queue.waiting))
        if what == "doubles":
            self.world.queue.give_back(taken)
            self.world.queue.give_back(taken, after_seconds=5)
        if what == "moves":
            self.world.queue.letters.append(DeadLetter(replace(taken, receive_count=1)))

    @rule(seconds=st.sampled_from([5, 60, 300, 1_000]), fault=faults(SWEEP_STEPS + WORK_STEPS + ALERT_STEPS))
    def everybody_works(self, seconds: int, fault: Fault | None) -> None:
        """Time passes as it does in AWS, and at some point there is a fault."""
        self.world.next_sweep_ms = min(self.world.next_sweep_ms, self.world.clock.now_ms() + SWEEP_PERIOD_MS)
        self._disturbed(fault, lambda: self.world.run(seconds=seconds))

    @rule(port=st.sampled_from(["store", "queue", "alerts"]), seconds=st.sampled_from([5, 60, 300, 1_000]))
    def is_away(self, port: str, seconds: int) -> None:
        """An outage, while everybody goes on trying."""
        self._port(port).down, self.undisturbed = True, False
        self._disturbed(None, lambda: self.world.run(seconds=seconds))

    @rule(seconds=st.sampled_from([60, 300, 1_000]))
    def is_throttled(self, seconds: int) -> None:
        """No function runs; what the queue delivers comes back and counts as received."""
        self.world.throttled = True
        self._disturbed(None, lambda: self.world.run(seconds=seconds))
        self.world.throttled = False

    # How faults happen

    def _disturbed(self, fault: Fault | None, act: Callable[[], object]) -> None:
        if fault is not None:
            getattr(self._port(fault.port), fault.when)[fault.method] = lambda: self._strike(fault)
        with contextlib.suppress(WorkerDied, SweepIncomplete, Unavailable):
            act()
        for port in ("store", "queue", "alerts"):
            self._port(port).down = False
        for port in ("store", "targets", "queue", "alerts"):
            self._port(port).before.clear()
            self._port(port).after.clear()

    def _strike(self, fault: Fault) -> None:
        self.undisturbed = False
        if fault.kind == "dies":
            raise WorkerDied
        if fault.kind in ("fails", "goes away"):
            away = "store" if fault.port == "targets" else fault.port  # they are in one table
            self._port(away).down = fault.kind == "goes away"
            raise {"store": StoreUnavailable, "queue": QueueUnavailable, "alerts": AlertsUnavailable}[away]("now")
        if fault.kind == "freezes":
            self.world.clock.advance(seconds=200)
        soon_ms = self.world.clock.now_ms() + LONGEST_WAIT_MS
        due = [job.due for job in self.store if not job.status.finished and job.fire_at_ms <= soon_ms]
        with contextlib.suppress(Unavailable):  # what is under way is delivered to others too
            self.world.queue.send([(Message(one), 0) for one in due])
        ours = self.world.worker
        self.world.worker = ours._replace(breaker=self.world.a_breaker())  # rivals are processes of their own
        for rival in (self._sweep_once, *[self._work_once] * (1 + len(due)), self.world.bury):
            with contextlib.suppress(WorkerDied, PunctualError):
                rival()
        self.world.worker = ours

    def _sweep_once(self) -> None:
        self.world.sweep()

    def _work_once(self) -> None:
        self.world.work()

    def _port(self, name: str) -> Any:
        return getattr(self.world, name)

    # What is seen from outside

    def _arrives(self, job_id: str, request: OutgoingRequest) -> Answer | Failure:
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
        return not waiting and all(job.status.finished and not self._owes_notice(job) for job in self.store)

    def _owes_notice(self, job: Job) -> bool:
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


def pick(things: list[Any], which: int) -> Any:
    return things[which % len(things)]


TestProtocol = Protocol.TestCase
TestProtocol.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
