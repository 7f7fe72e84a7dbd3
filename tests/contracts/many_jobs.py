"""An owner with very many jobs, and every kind of list of them, with what a page of it reads.

The jobs lie as badly as they can: nearly all are in two groups, half of them over and half of them far ahead, and the
rest of the states are rare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from lambdas.adapters.attribute_values import to_attributes
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.adapters.job_items import item_of, job_key
from lambdas.jobs.job import UPCOMING, Job, Request, Status
from lambdas.jobs.listing import ListQuery, Position
from tests.contracts.aws_places import read_units
from tests.examples import RETENTION_MS, a_job, an_attempt
from tests.fakes import NOW_MS

OWNER = "32436ad1-48f4-4f23-9c56-f24b21201347"
"""As long as a real one: the size of an entry is what reading it costs."""

RARE = {Status.FAILED: 19, Status.CANCELLED: 1, Status.RUNNING: 1}
AHEAD_MS = 600_000
"""From now to the first job that is scheduled; nothing is due in between."""
SECOND_MS = 1_000
LATEST_FIRST = ", latest first"
"""How the kinds of the other order are named."""


class Reads(NamedTuple):
    """What a page takes: calls of the table, their read units, and how many jobs it has."""

    calls: int
    units: float
    jobs: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of list, as it is asked for at a time."""

    query: ListQuery
    now_ms: int = NOW_MS

    def read_by(self, store: DynamoDbJobStore, client: Any) -> Reads:
        """List one page, and count."""
        with read_units(client) as units:
            page = store.list(self.query, now_ms=self.now_ms)
        return Reads(len(units), sum(units), len(page.jobs))


class ManyJobs:
    """A table in which the owner's jobs grow more and more."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table
        self._next = 0
        self._grown: dict[Status, int] = dict.fromkeys(Status, 0)

    def grow_to(self, total: int) -> None:
        """Store jobs until there are so many. A job of each state is made as life makes it, then copied."""
        rare = sum(RARE.values())
        wanted = {Status.SUCCEEDED: (total - rare + 1) // 2, Status.SCHEDULED: (total - rare) // 2, **RARE}
        puts = [put for status, most in wanted.items() for put in self._puts(status, most)]
        batches = [puts[start : start + 25] for start in range(0, len(puts), 25)]
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(self._write, batches))

    def _puts(self, status: Status, most: int) -> Iterator[Mapping[str, Any]]:
        like = to_attributes(item_of(_in_state(status)))
        for number in range(self._grown[status], most):
            pk, sk = job_key(f"job_{self._next:032x}")
            self._next += 1
            due_at = {"N": str(_due_at_ms(status, number))}
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            yield {"PutRequest": {"Item": {**like, **key, "due_at": due_at, "fire_at": due_at}}}
        self._grown[status] = max(most, self._grown[status])

    def _write(self, puts: list[Mapping[str, Any]]) -> None:
        left: Any = {self._table: puts}
        while left:
            left = self._client.batch_write_item(RequestItems=left).get("UnprocessedItems")


def kinds_of_lists(total: int, *, limit: int) -> Mapping[str, Kind]:
    """Every kind of list, of an owner with so many jobs. What a page has is the same however many there are: a page
    that is full is full with the fewest, for which 2 x `limit` must be less than a third of them."""
    every = ListQuery(OWNER, limit=limit)
    half = (total - sum(RARE.values())) // 4
    past = {group: Position(_due_at_ms(Status.SUCCEEDED, half), "") for group in every.groups}
    ahead = {group: Position(_due_at_ms(Status.SCHEDULED, half), "") for group in every.groups}
    upcoming = replace(every, statuses=UPCOMING)
    succeeded = replace(every, statuses=frozenset({Status.SUCCEEDED}))
    cancelled = replace(every, statuses=frozenset({Status.CANCELLED}))
    running = replace(every, statuses=frozenset({Status.RUNNING}))
    behind_a_job = {"succeeded": Position(_due_at_ms(Status.SUCCEEDED, half), f"job_{half:032x}")}
    queries = {
        "all": every,
        "upcoming": upcoming,
        "scheduled": replace(every, statuses=frozenset({Status.SCHEDULED})),
        "succeeded": succeeded,
        "failed": replace(every, statuses=frozenset({Status.FAILED})),
        "cancelled, of which there is one": cancelled,
        "running, of which there is one": running,
        "failed and cancelled": replace(every, statuses=frozenset({Status.FAILED, Status.CANCELLED})),
        "succeeded and running": replace(every, statuses=frozenset({Status.SUCCEEDED, Status.RUNNING})),
        "a range that begins among many": replace(every, from_ms=_due_at_ms(Status.SUCCEEDED, half)),
        "a range of the rarest": replace(cancelled, from_ms=NOW_MS - 90 * SECOND_MS, to_ms=NOW_MS),
        "a range with nothing in it": replace(every, from_ms=NOW_MS + SECOND_MS, to_ms=NOW_MS + AHEAD_MS),
        "a range before all": replace(every, to_ms=1),
        "a range that ends where it begins": replace(every, from_ms=NOW_MS, to_ms=NOW_MS),
        "a cursor half way through what is over": replace(every, after=past),
        "a cursor half way through what is to come": replace(every, after=ahead),
        "a cursor behind a job half way": replace(succeeded, after=behind_a_job),
        "names that most have": replace(every, name="purge"),
        "a name that one has": replace(every, name="rare"),
        "a name that one has, among those of its status": replace(cancelled, name="rare"),
        "a host that none has": replace(every, host="none.example.com"),
        "a cursor at the end": replace(every, after={group: Position(10**14, "") for group in every.groups}),
    }
    asked = {name: Kind(query) for name, query in queries.items()}
    asked["running, where all that is scheduled is overdue"] = Kind(running, now_ms=10**14)
    down = {
        f"{name}{LATEST_FIRST}": replace(kind, query=replace(kind.query, descending=True))
        for name, kind in asked.items()
    }
    return {**asked, **down}


def _due_at_ms(status: Status, number: int) -> int:
    """Those that are over lie a second apart back from now, those to come forward; the rare ones lie among the latest
    that are over."""
    match status:
        case Status.SCHEDULED:
            return NOW_MS + AHEAD_MS + number * SECOND_MS
        case Status.FAILED | Status.CANCELLED:
            return NOW_MS - number * SECOND_MS - 500
    return NOW_MS - number * SECOND_MS


def _in_state(status: Status) -> Job:
    request = Request(
        "POST", "https://rare.example.com/" if status is Status.CANCELLED else "https://example.com/orders"
    )
    job = a_job(owner=OWNER, name="rare" if status is Status.CANCELLED else "purge items", request=request)
    running = job.claimed(claim_id="claim-1", now_ms=NOW_MS)
    match status:
        case Status.SCHEDULED:
            return job
        case Status.RUNNING:
            return running
        case Status.CANCELLED:
            return job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS)
        case Status.SUCCEEDED:
            return running.succeeded(an_attempt(), now_ms=NOW_MS, retention_ms=RETENTION_MS)
        case Status.FAILED:
            return running.failed(an_attempt(), now_ms=NOW_MS, retention_ms=RETENTION_MS)
