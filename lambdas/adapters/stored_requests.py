"""Headers and bodies that have no room in their job's item: an item of their own beside it.

Each has a number, and the job names the number that counts. An item is written before the job that names it and is
never written over, so that whatever version of a job is read, its request is the one it was stored with. Its number
is the job's version, or the next that is free: two edits of one version may both get as far as storing a request.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable, Key
from lambdas.adapters.job_items import item_of, job_id_of, job_key, without_room
from lambdas.jobs.errors import StoreUnavailable

if TYPE_CHECKING:
    from lambdas.adapters.attribute_values import Values
    from lambdas.jobs.job import Job

SHORTEST_LIFE_MS = 60 * 86_400_000
BEYOND_RETENTION_MS = 30 * 86_400_000
"""What is stored beside a job lives 60 days, or 30 more than finished jobs are kept, from the job's due time or from
now, whichever is later: longer than retries take, and longer than the job is shown."""


class StoredRequests:
    """The requests that are stored beside their jobs. Every method may raise StoreUnavailable."""

    def __init__(self, table: DynamoDbTable, *, retention_ms: int) -> None:
        self._table = table
        self._life_ms = max(SHORTEST_LIFE_MS, retention_ms + BEYOND_RETENTION_MS)

    def expires_at(self, job: Job) -> int:
        """Until when something beside the job is kept, in epoch seconds; the job was updated just now."""
        needed_ms = job.updated_at_ms if job.status.finished else max(job.due_at_ms, job.updated_at_ms)
        return (needed_ms + self._life_ms) // 1000

    def lay_down(self, job: Job) -> tuple[Values, Job]:
        """The item to write and the job as it will be stored. A request that has no room in it is stored now."""
        apart = without_room(job)
        number = self.put(job, apart.values(job.request)) if any(apart) else None
        job = replace(job, stored_apart=number)
        return item_of(job, apart), job

    def lay_down_all(self, jobs: Sequence[Job]) -> Sequence[tuple[Values, Job]]:
        """The same for new jobs, whose ids no other request has: nothing can be in the way of what is stored apart."""
        laid, beside = [], []
        for job in jobs:
            apart = without_room(job)
            job = replace(job, stored_apart=job.version if any(apart) else None)
            laid.append((item_of(job, apart), job))
            if any(apart):
                beside.append(self._item(job, job.version, apart.values(job.request)))
        self._table.put_all(beside)
        return laid

    def take_back(self, job: Job, found: Values | None) -> None:
        """Remove the request of a version that was not written, unless the job names it: then it was, after all."""
        if job.stored_apart is not None and (found or {}).get("stored_apart") != job.stored_apart:
            self.forget(job.id, job.stored_apart)

    def put(self, job: Job, values: Values) -> int:
        """Store what a new version of a job leaves out, and return its number."""
        writer = secrets.token_bytes(8)  # tells a reply that was lost from a rival's request
        for number in itertools.count(job.version):
            item = {**self._item(job, number, values), "writer": writer}
            try:
                self._table.put(item, "attribute_not_exists(#pk)")
            except ConditionFailed as failed:
                if failed.found is None or failed.found.get("writer") != writer:
                    continue
            return number
        raise AssertionError("numbers do not end")

    def get(self, job_id: str, number: int) -> Values | None:
        """What was stored under a number, read consistently, or None when it is gone."""
        return self._table.get(self._key(job_id, number))

    def headers(self, numbers: Mapping[str, int]) -> dict[str, Values]:
        """The headers that were stored, by job; `numbers` says for each job which. What is gone is left out."""
        found = self._table.get_all((self._key(*place) for place in numbers.items()), only=("headers",))
        return {job_id_of(values): values for values in found}

    def forget(self, job_id: str, number: int) -> None:
        """Remove what no job names any more. If that does not work now, it expires by itself."""
        with contextlib.suppress(StoreUnavailable):
            self._table.delete(self._key(job_id, number))

    @staticmethod
    def among(items: Mapping[str, Values], number: int) -> Values | None:
        """What was stored under a number, among a partition's items by their sort keys, or None."""
        return items.get(_sk(number))

    def _item(self, job: Job, number: int, values: Values) -> Values:
        pk, sk = self._key(job.id, number)
        return {"pk": pk, "sk": sk, **values, "expires_at": self.expires_at(job)}

    @staticmethod
    def _key(job_id: str, number: int) -> Key:
        pk, _ = job_key(job_id)
        return pk, _sk(number)


def _sk(number: int) -> str:
    return f"REQUEST#{number}"
