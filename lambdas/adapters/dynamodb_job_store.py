"""The job store on a DynamoDB table. Section 4 of the design is its layout; `docs/journey.md` has the arrows.

Every change of a job is one conditional write of its item. What belongs to a version but has no room in the item (a
large request, an attempt in full) is written before it, and is nothing until the item says that it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from lambdas.adapters.attempt_items import full_form, in_short, short_form, with_full_form
from lambdas.adapters.dynamodb_job_list import LOOKED_THROUGH, jobs_by_id, list_jobs
from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable, Key
from lambdas.adapters.job_items import (
    due_job_of,
    due_partition,
    item_of,
    job_from_item,
    job_key,
    with_request_apart,
)
from lambdas.adapters.stored_requests import StoredRequests
from lambdas.jobs.due_job import DueJob
from lambdas.jobs.errors import DamagedJob, EditLost, JobExists, JobNotFound, SettleLost
from lambdas.jobs.job import LEASE_SLACK_MS, REQUEST_EXPIRED, Attempt, Job, Status
from lambdas.jobs.ports import Claim

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from lambdas.adapters.attribute_values import Values
    from lambdas.jobs.due_job import DueJob
    from lambdas.jobs.listing import JobPage, ListQuery
    from lambdas.jobs.receipt import Receipt, RequestKey

DUE_PAGE = 1_000
"""Entries of the due index that are read at once. The sweep moves its mark after each page, so a page should not be
all of a busy hour."""

# The lease counts from the job's own time-out, which only its item knows: DynamoDB adds it, so no read is needed.
_CLAIM = (
    "SET #status = :running, #claim_id = :claim_id, #lease_until = #timeout_ms + :base, #updated_at = :now,"
    " #attempt_count = #attempt_count + :one, #version = #version + :one"
)

_SETTLED = (
    "status",
    "owner_status",
    "fire_at",
    "handoff",
    "attempts",
    "claim_id",
    "lease_until",
    "deaths",
    "waiting_since",
    "updated_at",
    "finished_at",
    "expires_at",
)
"""What settling writes: sets what the settled job has, removes what it has not."""

_PUT_OFF = ("status", "fire_at", "handoff", "claim_id", "lease_until", "attempt_count", "waiting_since", "updated_at")
"""What putting off writes. Whose the job is and what is known of its attempts stays as it is."""


class DynamoDbJobStore:
    """Jobs in a DynamoDB table. The client comes from outside; `retention_ms` is how long finished jobs are kept."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        retention_ms: int,
        due_page: int = DUE_PAGE,
        look_through: int = LOOKED_THROUGH,
    ) -> None:
        self._table = DynamoDbTable(client, table)
        self._requests = StoredRequests(self._table, retention_ms=retention_ms)
        self._due_page = due_page
        self._look_through = look_through
        self._cursor_key: bytes | None = None

    def add(self, job: Job) -> Job:
        item, job = self._requests.lay_down(job)
        try:
            self._table.put(item, "attribute_not_exists(#pk)")
        except ConditionFailed as failed:
            if failed.found != item:  # else the reply to this very write was lost
                self._requests.take_back(job, failed.found)
                raise JobExists(job.id) from failed
        return job

    def add_once(self, job: Job, receipt: Receipt) -> Job:
        from lambdas.adapters import dynamodb_new_jobs

        return dynamodb_new_jobs.add_once(self._table, self._requests, job, receipt)

    def add_all(self, jobs: Sequence[Job]) -> Sequence[Job | JobExists | None]:
        from lambdas.adapters import dynamodb_new_jobs

        return dynamodb_new_jobs.add_all(self._table, self._requests, jobs)

    def keep(self, receipt: Receipt) -> None:
        from lambdas.adapters import dynamodb_new_jobs

        dynamodb_new_jobs.keep(self._table, receipt)

    def receipt(self, key: RequestKey, *, now_ms: int) -> Receipt | None:
        from lambdas.adapters import dynamodb_new_jobs

        return dynamodb_new_jobs.receipt(self._table, key, now_ms=now_ms)

    def read_all(self, job_ids: Sequence[str], *, owner: str, now_ms: int) -> Mapping[str, Job | DamagedJob]:
        jobs, damaged = jobs_by_id(self._table, self._requests, job_ids, owner=owner)
        kept = {job.id: job for job in jobs if not _has_expired(job, now_ms)}
        return {**kept, **{error.job_id: error for error in damaged}}

    def read(self, job_id: str, *, owner: str, now_ms: int) -> Job:
        items = self._partition(job_id)
        if items.get("JOB", {}).get("owner") != owner:  # asked first: a damaged job is damaged for its owner only
            raise JobNotFound
        job = _job_or_none(items.get("JOB"))
        if job is None or _has_expired(job, now_ms):
            raise JobNotFound
        if job.stored_apart is not None and self._requests.among(items, job.stored_apart) is None:
            # Most likely an edit came in between: the job was read before it, the requests after it.
            items = self._partition(job_id)
            job = _job_or_none(items.get("JOB")) or job
        if job.stored_apart is not None:
            job = _made_whole(job, self._requests.among(items, job.stored_apart))
        attempts = tuple(with_full_form(short, items.get(_attempt_sk(short), {})) for short in job.attempts)
        return replace(job, attempts=attempts)

    def find(self, job_id: str) -> Job | None:
        return _job_or_none(self._table.get(job_key(job_id)))

    def with_request(self, job: Job) -> Job:
        if job.stored_apart is None:
            return job
        return _made_whole(job, self._requests.get(job.id, job.stored_apart))

    def list(self, query: ListQuery, *, now_ms: int) -> JobPage:
        return list_jobs(self._table, self._requests, query, now_ms=now_ms, look_through=self._look_through)

    def cursor_key(self) -> bytes:
        if self._cursor_key is None:
            from lambdas.adapters.dynamodb_cursor_key import cursor_key

            self._cursor_key = cursor_key(self._table)
        return self._cursor_key

    def replace(self, job: Job, *, read_version: int) -> Job:
        replaced = job.stored_apart
        item, job = self._requests.lay_down(job)
        try:
            self._table.put(
                item,
                "#owner = :owner AND #status = :scheduled AND #version = :version",
                {"owner": job.owner, "scheduled": Status.SCHEDULED, "version": read_version},
            )
        except ConditionFailed as failed:
            if failed.found != item:  # else the reply to this very write was lost
                self._requests.take_back(job, failed.found)
                found = _job_or_none(failed.found)
                raise EditLost(found if found is not None and found.owner == job.owner else None) from failed
        if replaced is not None:
            self._requests.forget(job.id, replaced)
        return job

    def claim(self, job_id: str, *, fire_at_ms: int, claim_id: str, now_ms: int) -> Claim:
        try:
            item = self._table.update(
                job_key(job_id),
                f"{_CLAIM} REMOVE #handoff",
                {**_claim_values(claim_id, fire_at_ms, now_ms), "fire_at": fire_at_ms, "scheduled": Status.SCHEDULED},
                condition="#fire_at = :fire_at AND #status = :scheduled",
                answer_new=True,
            )
        except ConditionFailed as failed:
            return _refused(failed, claim_id)
        return Claim(won=_job_or_none(item), found=None)

    def take_over(self, job: Job, *, claim_id: str, now_ms: int) -> Claim:
        taken = job.taken_over(claim_id=claim_id, now_ms=now_ms)
        try:
            item = self._table.update(
                job_key(job.id),
                f"{_CLAIM}, #attempts = :attempts, #deaths = :deaths REMOVE #handoff",
                {
                    **_claim_values(claim_id, job.fire_at_ms, now_ms),
                    "attempts": [short_form(attempt) for attempt in taken.attempts],
                    "deaths": taken.deaths,
                    "attempt_count": job.attempt_count,
                    "dead_claim": job.claim_id,
                },
                condition="#status = :running AND #attempt_count = :attempt_count AND #claim_id = :dead_claim"
                " AND #lease_until < :now",
                answer_new=True,
            )
        except ConditionFailed as failed:
            return _refused(failed, claim_id)
        return Claim(won=_job_or_none(item), found=None)

    def settle(self, job: Job, *, attempt: Attempt) -> None:
        self._keep_in_full(job, attempt)
        item = item_of(job)
        names = _SETTLED if job.status is Status.SCHEDULED else (*_SETTLED, "due_shard")  # a retry keeps its shard
        update, values = _set_or_remove(item, names)
        try:
            self._table.update(
                job_key(job.id),
                f"SET #version = #version + :one, {update}",
                {**values, "one": 1, "running": Status.RUNNING, "number": attempt.number},
                condition="#attempt_count = :number AND #status = :running",
            )
        except ConditionFailed as failed:
            found = _job_or_none(failed.found)
            if found is None or in_short(attempt) not in found.attempts:  # else the reply to this settle was lost
                raise SettleLost(found) from failed

    def put_off(self, job: Job, *, claim_id: str) -> None:
        item = item_of(job)
        update, values = _set_or_remove(item, _PUT_OFF)
        try:
            self._table.update(
                job_key(job.id),
                f"SET #version = #version + :one, {update}",
                {**values, "one": 1, "running": Status.RUNNING, "number": job.attempt_count + 1, "claim": claim_id},
                condition="#attempt_count = :number AND #status = :running AND #claim_id = :claim",
            )
        except ConditionFailed as failed:
            found = _job_or_none(failed.found)
            if found is None or not _is_put_off(found, job):  # else the reply to this very write was lost
                raise SettleLost(found) from failed

    def mark_alerted(self, job: Job, *, now_ms: int) -> None:
        with suppress(ConditionFailed):
            self._table.update(
                job_key(job.id),
                "SET #alerted_at = :now, #version = #version + :one",
                {"now": now_ms, "one": 1},
                condition="attribute_exists(#pk) AND attribute_not_exists(#alerted_at)",
            )

    def set_aside(self, job_id: str) -> None:
        # Everything else stays as it is for the operators to see, the version too: it may be what is damaged.
        with suppress(ConditionFailed):
            self._table.update(job_key(job_id), "REMOVE #due_shard, #handoff", {}, condition="attribute_exists(#pk)")

    def due(self, shard: int, *, after_ms: int, until_ms: int) -> Iterator[Sequence[DueJob]]:
        if until_ms <= after_ms:  # DynamoDB refuses a range that ends before it begins
            return
        pages = self._table.query(
            "#due_shard = :shard AND #fire_at BETWEEN :first AND :last",
            {"shard": due_partition(shard), "first": after_ms + 1, "last": until_ms},
            index="due",
            limit=self._due_page,
        )
        for entries, _ in pages:
            if entries:
                yield [due_job_of(entry) for entry in entries]

    def swept_until(self, shard: int) -> int:
        mark = self._table.get(_mark_key(shard))
        swept_until_ms: int = mark["swept_until"] if mark else 0
        return swept_until_ms

    def advance_mark(self, shard: int, *, swept_until_ms: int) -> None:
        with suppress(ConditionFailed):  # it is further already
            self._table.update(
                _mark_key(shard),
                "SET #swept_until = :until",
                {"until": swept_until_ms},
                condition="attribute_not_exists(#swept_until) OR #swept_until < :until",
            )

    def _keep_in_full(self, job: Job, attempt: Attempt) -> None:
        values = full_form(attempt)
        if values:
            pk, _ = job_key(job.id)
            expires_at = self._requests.expires_at(job)
            self._table.put({"pk": pk, "sk": _attempt_sk(attempt), **values, "expires_at": expires_at})

    def _partition(self, job_id: str) -> Mapping[str, Values]:
        """A job and all that is stored beside it, by sort key."""
        pk, _ = job_key(job_id)
        return {item["sk"]: item for item in self._table.partition(pk)}


def _job_or_none(item: Values | None) -> Job | None:
    return job_from_item(item) if item else None


def _has_expired(job: Job, now_ms: int) -> bool:
    return job.expires_at_ms is not None and job.expires_at_ms <= now_ms


def _made_whole(job: Job, stored: Values | None) -> Job:
    """The job with the request that it names. One that has ended is shown without, and says so, if that went first."""
    try:
        if stored is None:
            if job.status.finished:
                return replace(job, notes=(*job.notes, REQUEST_EXPIRED))
            raise KeyError(f"REQUEST#{job.stored_apart}")
        return replace(job, request=with_request_apart(job.request, stored))
    except (KeyError, ValueError, TypeError) as error:
        raise DamagedJob(job.id, f"its request: {type(error).__name__}: {error}") from error


def _claim_values(claim_id: str, fire_at_ms: int, now_ms: int) -> Values:
    base = max(now_ms, fire_at_ms) + LEASE_SLACK_MS
    return {"claim_id": claim_id, "base": base, "now": now_ms, "one": 1, "running": Status.RUNNING}


def _refused(failed: ConditionFailed, claim_id: str) -> Claim:
    """The answer to a claim whose condition failed. With its own id on the job it has won: the reply was lost."""
    found = _job_or_none(failed.found)
    if found is not None and found.status is Status.RUNNING and found.claim_id == claim_id:
        return Claim(won=found, found=None)
    return Claim(won=None, found=found)


def _is_put_off(found: Job, job: Job) -> bool:
    return found.status is Status.SCHEDULED and (found.fire_at_ms, found.attempt_count, found.waiting_since_ms) == (
        job.fire_at_ms,
        job.attempt_count,
        job.waiting_since_ms,
    )


def _set_or_remove(item: Values, names: Iterable[str]) -> tuple[str, Values]:
    """The part of an update that gives each attribute the value it has in the item, and removes what is not there."""
    values = {name: item[name] for name in names if name in item}
    sets = ", ".join(f"#{name} = :{name}" for name in values)
    removes = ", ".join(f"#{name}" for name in names if name not in item)
    return f"{sets} REMOVE {removes}" if removes else sets, values


def _attempt_sk(attempt: Attempt) -> str:
    return f"ATTEMPT#{attempt.number}"


def _mark_key(shard: int) -> Key:
    return f"SWEEP#{shard}", "MARK"
