"""Small fakes of the ports, with behaviour: tests look at what came of it, not at who called whom.

The store, the queue and the alerts run through the same contract suites as the adapters (`tests/contracts/`), so that
a fake cannot drift from what it stands for.
"""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from lambdas.adapters.attempt_items import full_form, in_short, with_full_form
from lambdas.jobs.due_job import DueJob, due_shard
from lambdas.jobs.errors import (
    AlertsUnavailable,
    DamagedJob,
    DamagedSecret,
    EditLost,
    JobExists,
    JobNotFound,
    QueueUnavailable,
    ReceiptFound,
    SettleLost,
    StoreUnavailable,
)
from lambdas.jobs.job import Attempt, Job, Request, Status
from lambdas.jobs.listing import JobPage, ListQuery, Position, group_of, positions_after
from lambdas.jobs.ports import Alert, Claim, DeadLetter, Message
from lambdas.jobs.receipt import Receipt, RequestKey
from lambdas.jobs.sending import Answer, Failure, OutgoingRequest
from lambdas.jobs.signing import SigningSecret
from lambdas.jobs.target import Sign, Target

NOW_MS = 1_790_000_000_000
"""2026-09-21T14:13:20Z: when tests begin, unless they say otherwise."""

Result = TypeVar("Result")

Hooks = dict[str, Callable[[], object]]
"""What is to happen at the next use of a method, by its name."""


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.ms = now_ms

    def now_ms(self) -> int:
        return self.ms

    def advance(self, *, seconds: float = 0, ms: int = 0) -> int:
        """Move on, and return the new time."""
        self.ms += round(seconds * 1000) + ms
        return self.ms


class FakeJobStore:
    """Jobs in a dictionary, under one lock: every method is atomic, as one conditional write is.

    For tests of races and faults: `before[method]` and `after[method]` are called once, at the next use of that
    method, before anything happens or when all is written and only the reply is missing. They may do anything: make
    a rival's write, move the clock, raise StoreUnavailable. `down` makes every method raise it, `damaged` holds ids of
    jobs that cannot be understood, `refused` those of jobs that `add_all` does not get stored. `stream` holds what the
    table's stream would pass to `hand_off`: one record for each write that left `handoff` on a job.
    """

    LARGE_BYTES = 512
    """Headers and bodies that are larger together are stored apart."""

    def __init__(self, jobs: Iterable[Job] = (), *, page_size: int = 1000) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.down = False
        self.stream: list[DueJob] = []
        self.damaged: set[str] = set()
        self.refused: set[str] = set()
        self.page_size = page_size
        self._jobs: dict[str, Job] = {}
        self._requests: dict[tuple[str, int], Request] = {}
        self._attempts: dict[tuple[str, int], dict[str, Any]] = {}
        self._set_aside: set[str] = set()
        self._receipts: dict[tuple[str, str], Receipt] = {}
        self._marks: dict[int, int] = defaultdict(int)
        self._lock = threading.RLock()
        for job in jobs:
            self.add(job)

    # What the port offers

    def add(self, job: Job) -> Job:
        with self._call("add"):
            if self._is_written(job):
                return job
            if job.id in self._jobs:
                raise JobExists(job.id)
            return self._store_with_request(job)

    def add_once(self, job: Job, receipt: Receipt) -> Job:
        with self._call("add_once"):
            if not self._is_kept(receipt):
                self._keep(receipt)
                return self._store_with_request(job)
            return self._jobs[job.id]

    def add_all(self, jobs: Sequence[Job]) -> Sequence[Job | None]:
        with self._call("add_all"):
            return [
                job if job.id in self._jobs else None if job.id in self.refused else self._store_with_request(job)
                for job in jobs
            ]

    def keep(self, receipt: Receipt) -> None:
        with self._call("keep"):
            if not self._is_kept(receipt):
                self._keep(receipt)

    def receipt(self, key: RequestKey, *, now_ms: int) -> Receipt | None:
        with self._call("receipt"):
            found = self._receipts.get((key.owner, key.digest))
            return None if found is None or found.has_lapsed(now_ms) else found

    def read_all(self, job_ids: Sequence[str], *, owner: str, now_ms: int) -> Mapping[str, Job | DamagedJob]:
        with self._call("read_all"):
            jobs = [job for job_id in job_ids if (job := self._jobs.get(job_id)) and job.owner == owner]
            there = {job.id: self._in_list(job) for job in jobs if not _expired(job, now_ms)}
            return {**there, **{job_id: _damaged(job_id) for job_id in self.damaged & there.keys()}}

    def read(self, job_id: str, *, owner: str, now_ms: int) -> Job:
        with self._call("read"):
            job = self._jobs.get(job_id)
            if job is None or job.owner != owner or _expired(job, now_ms):
                raise JobNotFound()
            job = self._job(job_id) or job
            return replace(self._whole(job), attempts=tuple(self._attempt_in_full(job.id, a) for a in job.attempts))

    def find(self, job_id: str) -> Job | None:
        with self._call("find"):
            return self._job(job_id)

    def with_request(self, job: Job) -> Job:
        with self._call("with_request"):
            return self._whole(job)

    def list(self, query: ListQuery, *, now_ms: int) -> JobPage:
        with self._call("list"):
            jobs = [job for job in self._jobs.values() if self._is_listed(job, query, now_ms)]
            jobs.sort(key=lambda job: (job.due_at_ms, job.id), reverse=query.descending)
            shown = jobs[: query.limit]
            places = [(group_of(job.status), Position(job.due_at_ms, job.id)) for job in shown]
            more = len(jobs) > len(shown)
            readable = tuple(self._in_list(job) for job in shown if job.id not in self.damaged)
            damaged = tuple(_damaged(job.id) for job in shown if job.id in self.damaged)
            return JobPage(readable, positions_after(query, places) if more else None, damaged)

    def cursor_key(self) -> bytes:
        with self._call("cursor_key"):
            return b"0123456789abcdef" * 2

    def replace(self, job: Job, *, read_version: int) -> Job:
        with self._call("replace"):
            found = self._job(job.id)
            if self._is_written(job):
                return job
            if found is None or found.owner != job.owner:
                raise EditLost(None)
            if found.status is not Status.SCHEDULED or found.version != read_version:
                raise EditLost(found)
            return self._store_with_request(job)

    def claim(self, job_id: str, *, fire_at_ms: int, claim_id: str, now_ms: int) -> Claim:
        with self._call("claim"):
            found = self._job(job_id)
            if found is not None and found.fire_at_ms == fire_at_ms and found.status is Status.SCHEDULED:
                return self._won(found.claimed(claim_id=claim_id, now_ms=now_ms))
            return self._refused(found, claim_id)

    def take_over(self, job: Job, *, claim_id: str, now_ms: int) -> Claim:
        with self._call("take_over"):
            found = self._job(job.id)
            same = found is not None and (found.attempt_count, found.claim_id) == (job.attempt_count, job.claim_id)
            if found is not None and same and found.lease_lapsed(now_ms):
                return self._won(found.taken_over(claim_id=claim_id, now_ms=now_ms))
            return self._refused(found, claim_id)

    def settle(self, job: Job, *, attempt: Attempt) -> None:
        with self._call("settle"):
            self._attempts[job.id, attempt.number] = full_form(attempt)
            found = self._job(job.id)
            if found is None or found.status is not Status.RUNNING or found.attempt_count != attempt.number:
                if found is not None and in_short(attempt) in found.attempts:
                    return  # the reply to this very settle was lost
                raise SettleLost(found)
            self._store(replace(job, request=found.request, version=found.version + 1))

    def put_off(self, job: Job, *, claim_id: str) -> None:
        with self._call("put_off"):
            found = self._job(job.id)
            held = (Status.RUNNING, claim_id, job.attempt_count + 1)
            if found is None or (found.status, found.claim_id, found.attempt_count) != held:
                mine = (Status.SCHEDULED, job.due, job.attempt_count, job.waiting_since_ms)
                if found and (found.status, found.due, found.attempt_count, found.waiting_since_ms) == mine:
                    return  # the reply to this very write was lost
                raise SettleLost(found)
            self._store(replace(job, request=found.request, version=found.version + 1))

    def mark_alerted(self, job: Job, *, now_ms: int) -> None:
        with self._call("mark_alerted"):
            found = self._job(job.id)
            if found is not None and found.alerted_at_ms is None:
                self._store(replace(found, alerted_at_ms=now_ms, version=found.version + 1))

    def set_aside(self, job_id: str) -> None:
        with self._call("set_aside"):
            self._set_aside.add(job_id)

    def due(self, shard: int, *, after_ms: int, until_ms: int) -> Iterator[Sequence[DueJob]]:
        with self._call("due"):
            entries = sorted(
                job.due
                for job in self._jobs.values()
                if after_ms < job.fire_at_ms <= until_ms
                and not job.status.finished
                and due_shard(job.id) == shard
                and job.id not in self._set_aside
            )
        for start in range(0, len(entries), self.page_size):
            yield entries[start : start + self.page_size]

    def swept_until(self, shard: int) -> int:
        with self._call("swept_until"):
            return self._marks[shard]

    def advance_mark(self, shard: int, *, swept_until_ms: int) -> None:
        with self._call("advance_mark"):
            self._marks[shard] = max(self._marks[shard], swept_until_ms)

    # What tests look at

    def __getitem__(self, job_id: str) -> Job:
        """The job as it stands, whole; KeyError if there is none."""
        with self._lock:
            job = self._whole(self._jobs[job_id])
            return replace(job, attempts=tuple(self._attempt_in_full(job_id, a) for a in job.attempts))

    def __iter__(self) -> Iterator[Job]:
        with self._lock:
            return iter([self[job_id] for job_id in self._jobs])

    def __len__(self) -> int:
        return len(self._jobs)

    def receipts(self) -> Iterator[Receipt]:
        """All that were kept."""
        return iter(self._receipts.values())

    def in_due_index(self, job_id: str) -> bool:
        """P1: whether the sweep can still find the job."""
        return any(
            due.job_id == job_id for page in self.due(due_shard(job_id), after_ms=-1, until_ms=10**15) for due in page
        )

    def put(self, job: Job) -> None:
        """Store a job as it is, in whatever state: the beginning of a test."""
        with self._lock:
            for attempt in job.attempts:
                self._attempts[job.id, attempt.number] = full_form(attempt)
            self._store_with_request(job)

    # How it works

    def _call(self, method: str) -> _Call:
        return _Call(self, method)

    def _is_kept(self, receipt: Receipt) -> bool:
        """Whether this very receipt is there: the reply to its write was lost. Raises ReceiptFound for another."""
        found = self._receipts.get((receipt.key.owner, receipt.key.digest))
        if found is None or found.has_lapsed(receipt.made_at_ms):
            return False
        if found != receipt:
            raise ReceiptFound(found)
        return True

    def _keep(self, receipt: Receipt) -> None:
        self._receipts[receipt.key.owner, receipt.key.digest] = receipt

    def _job(self, job_id: str) -> Job | None:
        if job_id in self.damaged:
            raise _damaged(job_id)
        return self._jobs.get(job_id)

    def _store(self, job: Job) -> Job:
        self._jobs[job.id] = replace(job, attempts=tuple(in_short(attempt) for attempt in job.attempts))
        if job.handoff:
            self.stream.append(job.due)
        return job

    def _is_written(self, job: Job) -> bool:
        """Whether the job stands just so already: the reply to this very write was lost."""
        return self._jobs.get(job.id) == replace(job, attempts=tuple(in_short(attempt) for attempt in job.attempts))

    def _store_with_request(self, job: Job) -> Job:
        size = sum(len(name) + len(value) for name, value in job.request.headers)
        size += len(job.request.body.content) if job.request.body else 0
        if size <= self.LARGE_BYTES:
            return self._store(replace(job, stored_apart=None))
        job = replace(job, stored_apart=job.version)
        self._requests[job.id, job.version] = job.request
        self._store(replace(job, request=replace(job.request, headers=(), body=None)))
        return job

    def _whole(self, job: Job) -> Job:
        if job.stored_apart is None:
            return job
        return replace(job, request=self._requests[job.id, job.stored_apart])

    def _attempt_in_full(self, job_id: str, short: Attempt) -> Attempt:
        return with_full_form(short, self._attempts.get((job_id, short.number), {}))

    def _won(self, job: Job) -> Claim:
        self._store(job)
        return Claim(won=self._jobs[job.id], found=None)

    def _refused(self, found: Job | None, claim_id: str) -> Claim:
        if found is not None and found.status is Status.RUNNING and found.claim_id == claim_id:
            return Claim(won=found, found=None)  # the reply to this very claim was lost
        return Claim(won=None, found=found)

    def _is_listed(self, job: Job, query: ListQuery, now_ms: int) -> bool:
        """Whether the job belongs on one of the pages that are still to come."""
        return (
            job.owner == query.owner
            and job.status in query.statuses
            and query.finds(job)
            and not _expired(job, now_ms)
            and (query.from_ms is None or query.from_ms <= job.due_at_ms)
            and (query.to_ms is None or job.due_at_ms < query.to_ms)
            and _comes_after(job, query.after.get(group_of(job.status)), descending=query.descending)
        )

    def _in_list(self, job: Job) -> Job:
        """The job as lists show it: with its headers, and without a body that is stored apart."""
        if job.stored_apart is None:
            return job
        return replace(job, request=replace(self._whole(job).request, body=None))


@dataclass(frozen=True, slots=True)
class _Call:
    """One use of the store: under its lock, with what a test wants to happen before and after."""

    store: FakeJobStore
    method: str

    def __enter__(self) -> None:
        if self.store.down:
            raise StoreUnavailable("a test said so")
        if happen := self.store.before.pop(self.method, None):
            happen()
        self.store._lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.store._lock.release()
        happen = self.store.after.pop(self.method, None)
        if happen and kind is None:
            happen()


class FakeTargets:
    """Records of targets in a dictionary. `down` says whether the table is away, as it is for the store beside it;
    `before` and `after` are as those of the store."""

    def __init__(self, down: Callable[[], bool] = lambda: False) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.writes = 0
        self._down = down
        self._records: dict[tuple[str, str], Target] = {}
        self._lock = threading.Lock()

    def find(self, owner: str, host: str) -> Target | None:
        return self._call("find", lambda: self._records.get((owner, host)))

    def count(self, owner: str, host: str, *, sign: Sign, now_ms: int) -> Target:
        def counted() -> Target:
            found = self._records.get((owner, host), Target(owner=owner, host=host, since_ms=now_ms, version=now_ms))
            failures, refusals = (found.failures + 1, 0) if sign is Sign.FAILURE else (0, found.refusals + 1)
            return self._put(replace(found, failures=failures, refusals=refusals))

        return self._call("count", counted)

    def replace(self, target: Target, *, read_version: int, now_ms: int) -> Target | None:
        def replaced() -> Target | None:
            found = self._records.get((target.owner, target.host))
            if (found.version if found else 0) != read_version:
                return found
            return self._put(target)

        return self._call("replace", replaced)

    def forget(self, target: Target) -> None:
        def forgotten() -> None:
            found = self._records.get((target.owner, target.host))
            if found is not None and found.version == target.version:
                del self._records[target.owner, target.host]
                self.writes += 1

        self._call("forget", forgotten)

    def lift(self, owner: str, host: str) -> bool:
        return self._call("lift", lambda: self._records.pop((owner, host), None)) is not None

    def list(self, owner: str) -> Sequence[Target]:
        return self._call("list", lambda: [self._records[key] for key in sorted(self._records) if key[0] == owner])

    def __getitem__(self, host: str) -> Target:
        """The record of a host of `ada`; KeyError if there is none."""
        return self._records["ada", host]

    def get(self, host: str) -> Target | None:
        """The record of a host of `ada`, or None."""
        return self._records.get(("ada", host))

    def __contains__(self, host: str) -> bool:
        return ("ada", host) in self._records

    def _put(self, target: Target) -> Target:
        self._records[target.owner, target.host] = target
        self.writes += 1
        return target

    def _call(self, method: str, do: Callable[[], Result]) -> Result:
        if self._down():
            raise StoreUnavailable("a test said so")
        _happen(self.before, method)
        with self._lock:
            result = do()
        _happen(self.after, method)
        return result


def _damaged(job_id: str) -> DamagedJob:
    return DamagedJob(job_id, "a test said so")


def _expired(job: Job, now_ms: int) -> bool:
    return job.expires_at_ms is not None and job.expires_at_ms <= now_ms


def _comes_after(job: Job, place: Position | None, *, descending: bool) -> bool:
    if place is None:
        return True
    if job.due_at_ms != place.due_at_ms:
        return (job.due_at_ms > place.due_at_ms) is not descending
    return not place.job_id or (job.id != place.job_id and (job.id > place.job_id) is not descending)


class FakeJobQueue:
    """The jobs queue and its dead letters, under a given clock.

    `refused` holds ids of jobs whose messages the queue does not take, `down` makes every method raise, `before` and
    `after` are as those of the store. Tests take messages out with `receive` when their delay has passed, `give_back`
    what a worker did not finish, and `lose` what a fault takes away.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.letters: list[DeadLetter] = []
        self.refused: set[str] = set()
        self.down = False
        self._clock = clock
        self._waiting: list[tuple[int, Message]] = []
        self._lock = threading.Lock()

    def send(self, messages: Sequence[tuple[Message, int]]) -> Sequence[Message]:
        self._check("send")
        refused = []
        with self._lock:
            for message, delay_seconds in messages:
                if message.due.job_id in self.refused:
                    refused.append(message)
                else:
                    delay_ms = max(0, min(delay_seconds, 900)) * 1000
                    self._put(self._clock.now_ms() + delay_ms, replace(message, receive_count=0))
        _happen(self.after, "send")
        return refused

    def send_dead_letter(self, letter: DeadLetter) -> None:
        self._check("send_dead_letter")
        with self._lock:
            self.letters.append(letter)
        _happen(self.after, "send_dead_letter")

    def backlog(self) -> int:
        self._check("backlog")
        with self._lock:
            return self._ready()

    @property
    def waiting(self) -> list[tuple[int, Message]]:
        """What is on the queue: when it can be received (epoch ms), and the message as it was sent."""
        with self._lock:
            return [(at_ms, replace(message, receive_count=1)) for at_ms, message in self._waiting]

    def receive(self, limit: int = 10) -> list[Message]:
        """Take out what can be received now, oldest first; its receive count is one higher."""
        with self._lock:
            taken = self._waiting[: min(limit, self._ready())]
            del self._waiting[: len(taken)]
            return [replace(message, receive_count=message.receive_count + 1) for _, message in taken]

    def give_back(self, message: Message, *, after_seconds: float = 0) -> None:
        """Put a received message back, as its visibility time-out does."""
        with self._lock:
            self._put(self._clock.now_ms() + round(after_seconds * 1000), message)

    def lose(self, which: int) -> Message:
        """Take a message of `waiting` away for good, by its place there."""
        with self._lock:
            return self._waiting.pop(which)[1]

    def _put(self, visible_ms: int, message: Message) -> None:
        """In the order in which they can be received; of those of one instant, the first that came."""
        insort(self._waiting, (visible_ms, message), key=lambda entry: entry[0])

    def _ready(self) -> int:
        return bisect_right(self._waiting, self._clock.now_ms(), key=lambda entry: entry[0])

    def _check(self, method: str) -> None:
        if self.down:
            raise QueueUnavailable("a test said so")
        _happen(self.before, method)


class FakeAlerts:
    """Remembers what was sent; `down` makes sending fail, `before` and `after` are as those of the store.

    `confirmed` holds owners with their addresses: alerts for others come to the operators.
    """

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.sent: list[Alert] = []
        self.confirmed: set[tuple[str, str]] = set()
        self.down = False

    def send(self, alert: Alert) -> None:
        if self.down:
            raise AlertsUnavailable("a test said so")
        _happen(self.before, "send")
        self.sent.append(alert)
        _happen(self.after, "send")

    def at_operators(self) -> list[Alert]:
        return [alert for alert in self.sent if (alert.owner, alert.email) not in self.confirmed]

    def at(self, owner: str, email: str) -> list[Alert]:
        """What arrived at an address that is confirmed."""
        return [
            alert
            for alert in self.sent
            if (owner, email) in self.confirmed and (alert.owner, alert.email) == (owner, email)
        ]


class FakeSigningSecrets:
    """Secrets in a dictionary. `down` makes every method raise StoreUnavailable, `damaged` holds owners whose secret
    cannot be understood, `told` those of them whose operators know; `before` and `after` are as those of the store."""

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.down = False
        self.damaged: set[str] = set()
        self.told: set[str] = set()
        self.reads = 0
        self._secrets: dict[str, SigningSecret] = {}

    def read(self, owner: str) -> SigningSecret | None:
        self._check("read")
        self.reads += 1
        found = self._understood(owner)
        _happen(self.after, "read")
        return found

    def glance(self, owner: str) -> SigningSecret | None:
        return self.read(owner)

    def write(self, owner: str, secret: SigningSecret) -> SigningSecret:
        self._check("write")
        found = self._secrets.get(owner)
        if secret.version == (found.version if found else 0) + 1:
            self._put(owner, secret)
        _happen(self.after, "write")
        return self._stored(owner)

    def replace(self, owner: str, secret: SigningSecret, damaged: DamagedSecret) -> SigningSecret:
        self._check("replace")
        found = self._secrets.get(owner)
        if found is not None and found.version == damaged.version:
            self._put(owner, secret)
        _happen(self.after, "replace")
        return self._stored(owner)

    def note_told(self, owner: str, damaged: DamagedSecret, *, now_ms: int) -> None:
        self._check("note_told")
        found = self._secrets.get(owner)
        if found is not None and found.version == damaged.version:
            self.told.add(owner)
        _happen(self.after, "note_told")

    def delete(self, owner: str) -> None:
        """What only an operator can do."""
        del self._secrets[owner]

    def _put(self, owner: str, secret: SigningSecret) -> None:
        self._secrets[owner] = secret
        self.damaged.discard(owner)
        self.told.discard(owner)

    def _stored(self, owner: str) -> SigningSecret:
        found = self._understood(owner)
        if found is None:
            raise StoreUnavailable("the secret was deleted while it was being replaced")
        return found

    def _understood(self, owner: str) -> SigningSecret | None:
        found = self._secrets.get(owner)
        if found is not None and owner in self.damaged:
            key = f"OWNER#{owner}/SIGNING"
            raise DamagedSecret(key, "a test said so", version=found.version, told=owner in self.told)
        return found

    def _check(self, method: str) -> None:
        if self.down:
            raise StoreUnavailable("a test said so")
        _happen(self.before, method)


def _happen(hooks: Hooks, method: str) -> None:
    if happen := hooks.pop(method, None):
        happen()


Script = Answer | Failure | Callable[[OutgoingRequest], Answer | Failure]
"""What a target does: an answer, a failure, or a function that decides (it may move the clock, or raise)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that left: what, when (epoch ms of the clock), and for which instant."""

    request: OutgoingRequest
    at_ms: int
    fire_at_ms: int


class FakeSender:
    """Targets with scripted answers, under a given clock.

    `answers[url]` are given one after the other, the last for ever; other URLs answer 200. Sending moves the clock to
    the instant it waits for. `sent` holds what left, `open_connections` how many were opened and not closed yet.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.answers: dict[str, list[Script]] = {}
        self.sent: list[Sent] = []
        self.open_connections = 0
        self._clock = clock
        self._lock = threading.Lock()

    def open(self, request: OutgoingRequest, *, timeout_seconds: float) -> FakeOpened:
        with self._lock:
            self.open_connections += 1
        return FakeOpened(self, request)

    def answer(self, request: OutgoingRequest, fire_at_ms: int, latest_ms: int) -> Answer | Failure:
        with self._lock:
            self._clock.ms = max(self._clock.ms, fire_at_ms)
            if self._clock.ms > latest_ms:
                return Failure("timeout", "It was too late to send the request.", None, 0)
            at_ms = self._clock.ms
            self.sent.append(Sent(request, at_ms, fire_at_ms))
            scripts = self.answers.get(request.url) or [self.answering(200)]
            script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        result = script(request) if callable(script) else script
        if result.started_at_ms == 0:
            return replace(result, started_at_ms=float(at_ms))
        return result

    @staticmethod
    def answering(status: int, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """An answer after 20 ms, started whenever it is given."""
        return Answer(status, tuple((headers or {}).items()), body, started_at_ms=0, duration_ms=20, truncated=False)


@dataclass(slots=True)
class FakeOpened:
    """A connection of the FakeSender."""

    sender: FakeSender
    request: OutgoingRequest
    closed: bool = False

    def send_at(self, fire_at_ms: int, *, latest_ms: int) -> Answer | Failure:
        return self.sender.answer(self.request, fire_at_ms, latest_ms)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.sender.open_connections -= 1


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the journal."""

    event: str
    facts: Mapping[str, str | int | float | None]


@dataclass(slots=True)
class FakeJournal:
    """Remembers what operators would see."""

    lines: list[Told] = field(default_factory=list)

    def tell(self, event: str, **facts: str | int | float | None) -> None:
        self.lines.append(Told(event, facts))

    def events(self) -> list[str]:
        """The names of what happened, in order."""
        return [line.event for line in self.lines]

    def of(self, event: str) -> list[Mapping[str, str | int | float | None]]:
        """The facts of each event of this name."""
        return [line.facts for line in self.lines if line.event == event]
