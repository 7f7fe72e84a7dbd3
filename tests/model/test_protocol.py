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
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from lambdas.jobs.errors import EditLost, QueueUnavailable
from lambdas.jobs.hand_off import hand_off
from lambdas.jobs.job import Body, Job, Notify, Request, RetryPolicy, Status
from lambdas.jobs.ports import DeadLetter
from lambdas.jobs.target import Sign, State
from tests.examples import RETENTION_MS, a_job
from tests.model.disturbed_service import ALERT_STEPS, BURY_STEPS, LIMITS, SWEEP_STEPS, WORK_STEPS, Fault, faults
from tests.model.promised_service import TARGETS, Promise, PromisedService
from tests.world import SWEEP_PERIOD_MS

JUDGED_AGO_MS = 60_000
"""How long before its write a job's near rule may have read the clock, at most."""

HOSTS = ("a.example.com", "b.example.com")
DUE_IN_MS = st.one_of(st.integers(0, 10_000), st.integers(0, 1_020_000), st.integers(1_020_000, 3_600_000))
SOON = st.integers(0, 2**16)
"""Which of several: a job, a record, a message."""


class Protocol(PromisedService):
    """Jobs, and everything that may happen to them."""

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
        self.world.sender.answers[job.request.url] = [lambda request: self.arrives(job.id, request)]

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
            self.store.before["replace"] = self.work_once
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
        self.disturbed(fault, self.sweep_once)

    @rule(fault=faults(WORK_STEPS + ALERT_STEPS))
    def works(self, fault: Fault | None) -> None:
        """A worker takes the next message, if there is one that can be received."""
        self.disturbed(fault, self.work_once)

    @rule(fault=faults(WORK_STEPS + ALERT_STEPS))
    def a_fresh_worker_works(self, fault: Fault | None) -> None:
        """One that knows nothing yet of targets, as all but one of many do not."""
        self.world.worker = self.world.worker._replace(breaker=self.world.a_breaker())
        self.disturbed(fault, self.work_once)

    @rule(fault=faults(BURY_STEPS + ALERT_STEPS))
    def buries(self, fault: Fault | None) -> None:
        """All dead letters are judged."""
        self.disturbed(fault, self.world.bury)

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
        if what == "loses" and self.owes_notice(self.store[message.due.job_id]):
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
        self.disturbed(fault, lambda: self.world.run(seconds=seconds))

    @rule(port=st.sampled_from(["store", "queue", "alerts"]), seconds=st.sampled_from([5, 60, 300, 1_000]))
    def is_away(self, port: str, seconds: int) -> None:
        """An outage, while everybody goes on trying."""
        self.port(port).down, self.undisturbed = True, False
        self.disturbed(None, lambda: self.world.run(seconds=seconds))

    @rule(seconds=st.sampled_from([60, 300, 1_000]))
    def is_throttled(self, seconds: int) -> None:
        """No function runs; what the queue delivers comes back and counts as received."""
        self.world.throttled = True
        self.disturbed(None, lambda: self.world.run(seconds=seconds))
        self.world.throttled = False


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
