"""The whole service on the fakes, under one clock that tests move: who works when is up to the test."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lambdas.jobs.breaker import Breaker
from lambdas.jobs.bury import Undertaker, bury_batch
from lambdas.jobs.due_job import DueJob, due_shard
from lambdas.jobs.errors import QueueUnavailable, StoreUnavailable
from lambdas.jobs.fire import Worker, fire_batch
from lambdas.jobs.hand_off import hand_off
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.job import Job, Notify
from lambdas.jobs.keyring import Keyring
from lambdas.jobs.owners_alerts import OwnersAlerts, default_notify
from lambdas.jobs.ports import DeadLetter, Message
from lambdas.jobs.settle import Terms
from lambdas.jobs.sweep import SweepIncomplete, Swept, sweep
from lambdas.jobs.target import Limits
from lambdas.jobs.telling import Herald
from tests.examples import HORIZON, RETENTION_MS
from tests.fakes import (
    NOW_MS,
    FakeAlertGroups,
    FakeAlerts,
    FakeClock,
    FakeJobQueue,
    FakeJobStore,
    FakeJournal,
    FakeOwners,
    FakeSender,
    FakeSigningSecrets,
    FakeTargets,
    Script,
)

SWEEP_PERIOD_MS = 240_000
VISIBILITY_MS = 120_000
"""How long the queue hides a message that it has delivered: longer than the lead and the longest lease."""
MAX_RECEIVES = 10
"""After so many deliveries, at the next, the queue moves a message to the dead letters by itself."""
PLENTY_OF_TIME_MS = 900_000
LIMITS = Limits()
ALERT_WINDOW_MS = 300_000


class WorkerDied(BaseException):
    """A worker's end in mid-work: no handler of ours catches it, as none would run."""


class LaggingStore(FakeJobStore):
    """A store whose due index shows every write only `lag_ms` later, as an index of DynamoDB does."""

    def __init__(self, clock: FakeClock, *, lag_ms: int, page_size: int = 1000) -> None:
        super().__init__(page_size=page_size)
        self._clock = clock
        self._lag_ms = lag_ms
        self._entries: dict[str, list[tuple[int, DueJob | None]]] = {}

    def due(self, shard: int, *, after_ms: int, until_ms: int) -> Iterator[Sequence[DueJob]]:
        with self._call("due"):
            shown = [self._shown(job_id) for job_id in self._entries if due_shard(job_id) == shard]
            entries = sorted(due for due in shown if due is not None and after_ms < due.fire_at_ms <= until_ms)
        for start in range(0, len(entries), self.page_size):
            yield entries[start : start + self.page_size]

    def last_entry(self, job_id: str) -> DueJob | None:
        """What the index will show of a job once it has caught up; None when the job is not in it."""
        return self._entries[job_id][-1][1]

    def _shown(self, job_id: str) -> DueJob | None:
        now_ms = self._clock.now_ms()
        return next((due for at_ms, due in reversed(self._entries[job_id]) if at_ms <= now_ms), None)

    def _store(self, job: Job) -> Job:
        entry = None if job.status.finished else job.due
        self._entries.setdefault(job.id, []).append((self._clock.now_ms() + self._lag_ms, entry))
        return super()._store(job)


class World:
    """Store, queues, targets and whoever is told; and the five functions, each called by name.

    `stream` of the store, the jobs queue and the dead letters are delivered when a test says so; `run` does it as AWS
    would. While it is `throttled` no function runs: others use up the account's concurrency.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        horizon: Horizon = HORIZON,
        clock: FakeClock | None = None,
        store: FakeJobStore | None = None,
        batch_size: int = 10,
        limits: Limits = LIMITS,
    ) -> None:
        self.clock = clock or FakeClock()
        self.store = FakeJobStore() if store is None else store  # an empty store is false
        self.queue = FakeJobQueue(self.clock)
        self.sender = FakeSender(self.clock)
        self.alerts = FakeAlerts()
        self.secrets = FakeSigningSecrets()
        self.journal = FakeJournal()
        self.horizon = horizon
        self.limits = limits
        self.batch_size = batch_size
        self.throttled = False
        self.terms = Terms(horizon, RETENTION_MS, random.Random(seed).uniform)
        self.next_sweep_ms = NOW_MS
        self.targets = FakeTargets(down=lambda: self.store.down)
        claim_ids = itertools.count(1)
        self.owners = FakeOwners()
        self.owners_alerts = OwnersAlerts(self.alerts, notify_of=self.notify_of)
        self.worker = Worker(
            store=self.store,
            queue=self.queue,
            sender=self.sender,
            alerts=self.owners_alerts,
            journal=self.journal,
            clock=self.clock,
            terms=self.terms,
            breaker=self.a_breaker(),
            new_claim_id=lambda: f"claim-{next(claim_ids)}",
            secret_of=Keyring(
                secrets=self.secrets, alerts=self.alerts, journal=self.journal, clock=self.clock
            ).secret_of,
            notify_of=self.notify_of,
        )
        self.groups = FakeAlertGroups()
        self.undertaker = Undertaker(
            store=self.store,
            alerts=self.owners_alerts,
            journal=self.journal,
            clock=self.clock,
            terms=self.terms,
            herald=Herald(
                store=self.store,
                alerts=self.owners_alerts,
                groups=self.groups,
                journal=self.journal,
                clock=self.clock,
                window_ms=ALERT_WINDOW_MS,
                notify_of=self.notify_of,
            ),
        )

    def notify_of(self, owner: str) -> Notify:
        """What holds for an owner's jobs that have no `notify`."""
        return default_notify(owner, store=self.owners)

    def a_breaker(self) -> Breaker:
        """What one worker knows of targets; a fresh worker knows nothing yet."""
        return Breaker(
            targets=self.targets,
            alerts=self.owners_alerts,
            journal=self.journal,
            clock=self.clock,
            limits=self.limits,
            uniform=self.terms.uniform,
        )

    # What a test begins with

    def accept(self, job: Job, *answers: Script) -> Job:
        """Store a new job as the API does, near rule included; its target gives these answers."""
        now_ms = self.clock.now_ms()
        job = replace(job, created_at_ms=now_ms, updated_at_ms=now_ms).planned(now_ms=now_ms, horizon=self.horizon)
        if answers:
            self.sender.answers[job.request.url] = list(answers)
        return self.store.add(job)

    def reschedule(self, job_id: str, at_ms: int) -> Job:
        """What PATCH does with a new time."""
        job = self.store[job_id]
        edited = replace(job, due_at_ms=at_ms, fire_at_ms=at_ms)
        edited = edited.edited(now_ms=self.clock.now_ms(), horizon=self.horizon)
        return self.store.replace(edited, read_version=job.version)

    def cancel(self, job_id: str) -> Job:
        """What DELETE does."""
        job = self.store[job_id]
        cancelled = job.cancelled(now_ms=self.clock.now_ms(), retention_ms=RETENTION_MS)
        return self.store.replace(cancelled, read_version=job.version)

    # The functions

    def hand_off(self) -> None:
        """Deliver the stream's records; what the queue does not take stays."""
        if self.throttled:
            return
        records, self.store.stream = self.store.stream, []
        try:
            refused = hand_off(records, queue=self.queue, horizon=self.horizon, now_ms=self.clock.now_ms())
        except QueueUnavailable:
            refused = records
        self.store.stream = [*refused, *self.store.stream]

    def sweep(self) -> Swept:
        """One sweep; raises SweepIncomplete as the function does."""
        return sweep(
            store=self.store,
            queue=self.queue,
            journal=self.journal,
            clock=self.clock,
            horizon=self.horizon,
            period_ms=SWEEP_PERIOD_MS,
        )

    def fire(self, messages: Sequence[Message], time_left_ms: Callable[[], int] | None = None) -> Sequence[Message]:
        """One invocation of the worker; returns what must come again."""
        return fire_batch(messages, worker=self.worker, time_left_ms=time_left_ms or (lambda: PLENTY_OF_TIME_MS))

    def work(self) -> int:
        """Give a worker what the queue has for it now, and take back what it leaves, as SQS does; returns how many.

        A worker that dies leaves everything, and so does a delivery that is throttled: it counts all the same.
        """
        received = self.queue.receive(self.batch_size)
        messages = [message for message in received if message.receive_count <= MAX_RECEIVES]
        self.queue.letters += [DeadLetter(message) for message in received if message.receive_count > MAX_RECEIVES]
        try:
            left: Sequence[Message] = messages if self.throttled else self.fire(messages)
        except WorkerDied:
            left = messages
        for message in left:
            self.queue.give_back(message, after_seconds=VISIBILITY_MS / 1000)
        return len(received)

    def bury(self) -> None:
        """Deliver all dead letters; those that must come again stay."""
        if self.throttled:
            return
        letters, self.queue.letters = self.queue.letters, []
        try:
            kept: Sequence[DeadLetter] = bury_batch(letters, undertaker=self.undertaker)
        except WorkerDied:
            kept = letters
        self.queue.letters = [*kept, *self.queue.letters]

    # Time

    def run(self, *, seconds: float) -> None:
        """Let time pass with every function doing its part, as far as what it needs is there."""
        end_ms = self.clock.now_ms() + round(seconds * 1000)
        while True:
            self._everybody_works()
            now_ms = self.clock.now_ms()
            if now_ms >= end_ms:
                return
            ahead = [at_ms for at_ms, _ in self.queue.waiting if at_ms > now_ms]
            self.clock.ms = min([self.next_sweep_ms, end_ms, *ahead])

    def _everybody_works(self) -> None:
        self.hand_off()
        if self.clock.now_ms() >= self.next_sweep_ms:
            self.next_sweep_ms = self.clock.now_ms() + SWEEP_PERIOD_MS
            # An incomplete sweep raises an alarm; the next one goes on from the marks.
            with contextlib.suppress(SweepIncomplete):
                if not self.throttled:
                    self.sweep()
        while self.work():
            self.hand_off()
        self.bury()

    # What a test looks at

    def sent(self, job: Job) -> list[int]:
        """When the job's requests left (epoch ms)."""
        return [s.at_ms for s in self.sender.sent if dict(s.request.headers)["Punctual-Job-Id"] == job.id]

    def keys(self, job: Job) -> list[str]:
        """The `Idempotency-Key` of each of the job's requests."""
        headers = [dict(s.request.headers) for s in self.sender.sent]
        return [h["Idempotency-Key"] for h in headers if h["Punctual-Job-Id"] == job.id]

    def alerts_of(self, job: Job) -> list[str]:
        """The texts of the alerts about the job."""
        return [alert.text for alert in self.alerts.sent if job.id in alert.text]

    def messages(self) -> list[DueJob]:
        """What is on the jobs queue, by job and fire time, in the order in which it will be delivered."""
        return [message.due for _, message in self.queue.waiting]


def dies() -> None:
    """A hook: the worker ends here."""
    raise WorkerDied


def unavailable() -> None:
    """A hook: the table does not answer this."""
    raise StoreUnavailable("a test said so")
