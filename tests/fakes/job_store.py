"""The fake of the table."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lambdas.adapters.attempt_items import full_form, in_short, with_full_form
from lambdas.jobs.due_job import DueJob, due_shard
from lambdas.jobs.errors import DamagedJob, EditLost, JobExists, JobNotFound, ReceiptFound, SettleLost, StoreUnavailable
from lambdas.jobs.job import Attempt, Job, Request, Status
from lambdas.jobs.listing import JobPage, ListQuery, Position, group_of, positions_after
from lambdas.jobs.ports import Claim
from lambdas.jobs.receipt import Receipt, RequestKey
from tests.fakes.hooks import Hooks


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

    def add_all(self, jobs: Sequence[Job]) -> Sequence[Job | JobExists | None]:
        with self._call("add_all"):
            return [
                JobExists(job.id)
                if job.id in self._jobs
                else None
                if job.id in self.refused
                else self._store_with_request(job)
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
