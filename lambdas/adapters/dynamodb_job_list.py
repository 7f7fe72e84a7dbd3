"""Lists of jobs: the index's partitions of an owner, merged by due time.

A page costs one query for each group of states that is asked for and one batch of items (two if some have large
headers), however many jobs there are. No index is sorted by names or hosts: where these are asked for, the entries,
which hold both, are looked through, so many of each group for a page, in two queries at most; a page may then have few
jobs, or none, and the next goes on where it has come to.

What the index says is checked against the items: a job may have moved in between, and is then shown as it is, once on a
page. Following the pages shows every job that is there all the time at least once, and one that changes meanwhile
perhaps twice.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lambdas.adapters.job_items import (
    headers_are_apart,
    job_from_item,
    job_id_of,
    job_key,
    owner_partition,
    whole_key,
    with_request_apart,
)
from lambdas.adapters.stored_requests import StoredRequests
from lambdas.jobs.errors import DamagedJob
from lambdas.jobs.job import UPCOMING, Job, Status
from lambdas.jobs.listing import UPCOMING_GROUP, JobPage, ListQuery, Position, positions_after

if TYPE_CHECKING:
    from lambdas.adapters.attribute_values import Values
    from lambdas.adapters.dynamodb_table import DynamoDbTable
    from lambdas.adapters.stored_requests import StoredRequests

RUNNING_AHEAD_MS = 60_000
"""No job runs that is due later than this from now: a worker claims a few seconds early. So a list of running jobs
need not go through all that is scheduled."""

LOOKED_THROUGH = 5_000
"""Entries of each group that a page looks through for names or hosts: most of the megabyte that a query reads."""

_END_OF_TIME_MS = 10**15


@dataclass(frozen=True, slots=True)
class _Range:
    """Due times from `first_ms` to `last_ms`, both included."""

    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class _Found:
    """The next places of one group, and the place up to which it was looked through, None if there is no more of it
    than these."""

    places: Sequence[tuple[str, Position]]
    looked_until: tuple[str, Position] | None = None


def list_jobs(
    table: DynamoDbTable, requests: StoredRequests, query: ListQuery, *, now_ms: int, look_through: int = LOOKED_THROUGH
) -> JobPage:
    """A page of the owner's jobs. Raises StoreUnavailable.

    Damaged items are told apart, so that an owner's other jobs are still to be seen.
    """
    groups = [_places(table, query, group, now_ms, look_through) for group in query.groups]
    places, gone_through = _merged(groups, query)
    found, damaged = jobs_by_id(table, requests, (place.job_id for _, place in places), owner=query.owner)
    jobs = [job for job in found if _belongs(job, query, now_ms)]
    order = {place.job_id: index for index, (_, place) in reversed(list(enumerate(places)))}
    jobs.sort(key=lambda job: order[job.id])
    jobs.sort(key=lambda job: job.due_at_ms, reverse=query.descending)
    return JobPage(tuple(jobs), positions_after(query, gone_through) if gone_through else None, damaged)


def jobs_by_id(
    table: DynamoDbTable, requests: StoredRequests, job_ids: Iterable[str], *, owner: str
) -> tuple[Sequence[Job], tuple[DamagedJob, ...]]:
    """Those of the jobs that are there and the owner's, in no order, with headers and perhaps without body; and those
    that cannot be understood."""
    found = table.get_all(map(job_key, job_ids))
    items = {job_id_of(item): item for item in found if item.get("owner") == owner}
    jobs: list[Job] = []
    damaged: list[DamagedJob] = []
    for item in items.values():
        try:
            jobs.append(job_from_item(item))
        except DamagedJob as error:
            damaged.append(error)
    return _with_headers(jobs, items, requests), tuple(damaged)


def _merged(
    groups: Sequence[_Found], query: ListQuery
) -> tuple[Sequence[tuple[str, Position]], Sequence[tuple[str, Position]]]:
    """The next `limit` places of all groups together; and all that the page has gone through, nothing if it is the
    last.

    The page ends where the first of the groups was not looked through any further: what others have behind that comes
    later, after what this one may have.
    """

    def due(place: tuple[str, Position]) -> int:
        return -place[1].due_at_ms if query.descending else place[1].due_at_ms

    merged = list(heapq.merge(*(found.places for found in groups), key=due))
    ends = [found.looked_until for found in groups if found.looked_until is not None]
    horizon = min(map(due, ends), default=None)
    within = [place for place in merged if horizon is None or due(place) <= horizon]
    places = within[: query.limit]
    if len(within) > len(places):
        return places, places
    if horizon is not None:
        return places, [*places, *(end for end in ends if due(end) == horizon)]
    return places, []


def _places(table: DynamoDbTable, query: ListQuery, group: str, now_ms: int, look_through: int) -> _Found:
    """The next places of one group: one more than a page holds, to know whether the page is the last."""
    after = query.after.get(group)
    within = _range_of(query, group, now_ms)
    if after is not None and not within.first_ms <= after.due_at_ms <= within.last_ms:
        behind = after.due_at_ms < within.first_ms  # only a cursor that was tampered with points outside
        if behind is query.descending:
            return _Found(())
        after = None
    if after is not None:
        first_ms, last_ms = within.first_ms, within.last_ms
        within = _Range(first_ms, after.due_at_ms) if query.descending else _Range(after.due_at_ms, last_ms)
    if within.last_ms < within.first_ms:  # DynamoDB refuses a range that ends before it begins
        return _Found(())
    partition = owner_partition(query.owner, group)
    start = _index_key(partition, after) if after is not None and after.job_id else None
    entries, last = _entries(table, query, partition, within, start, look_through)
    places = [(group, _place(entry, query)) for entry in entries[: query.limit + 1]]
    if not query.searches or last is None or len(places) > query.limit:
        return _Found(places)
    return _Found(places, (group, _place(last, query)))


def _entries(
    table: DynamoDbTable, query: ListQuery, partition: str, within: _Range, after: Values | None, look_through: int
) -> tuple[Sequence[Values], Values | None]:
    """The next entries that are asked for, and the key behind which more may follow.

    What most jobs have is found among the first; for what is rare the rest is looked through too.
    """
    only, searched = _search(query)
    first = min(2 * query.limit + 1, look_through) if query.searches else query.limit + 1
    found: list[Values] = []
    for most in (first, look_through - first):
        pages = table.query(
            "#owner_status = :partition AND #due_at BETWEEN :first AND :last",
            {"partition": partition, "first": within.first_ms, "last": within.last_ms, **searched},
            index="owner_status",
            descending=query.descending,
            limit=most,
            after=after,
            only=only,
        )
        entries, after = next(pages)
        found += entries
        if not query.searches or after is None or len(found) > query.limit or look_through <= first:
            break
    return found, after


def _search(query: ListQuery) -> tuple[str, Values]:
    """The condition on the entries that are looked through, and its values; empty where nothing is searched."""
    conditions = {"name": "begins_with(#name, :name)", "host": "#host = :host"}
    values = {name: value for name in conditions if (value := getattr(query, name)) is not None}
    return " AND ".join(conditions[name] for name in values), values


def _place(entry: Values, query: ListQuery) -> Position:
    return Position(whole_key(entry["due_at"], up=not query.descending), job_id_of(entry))


def _range_of(query: ListQuery, group: str, now_ms: int) -> _Range:
    last_ms = _END_OF_TIME_MS if query.to_ms is None else query.to_ms - 1
    if group == UPCOMING_GROUP and query.statuses & UPCOMING == {Status.RUNNING}:
        last_ms = min(last_ms, now_ms + RUNNING_AHEAD_MS)
    return _Range(query.from_ms or 0, last_ms)


def _index_key(partition: str, place: Position) -> Values:
    pk, sk = job_key(place.job_id)
    return {"owner_status": partition, "due_at": place.due_at_ms, "pk": pk, "sk": sk}


def _belongs(job: Job, query: ListQuery, now_ms: int) -> bool:
    """Whether the job, as it is now, is one of those that were asked for."""
    expired = job.expires_at_ms is not None and job.expires_at_ms <= now_ms
    too_early = query.from_ms is not None and job.due_at_ms < query.from_ms
    too_late = query.to_ms is not None and job.due_at_ms >= query.to_ms
    asked_for = job.status in query.statuses and query.finds(job)
    return job.owner == query.owner and asked_for and not (expired or too_early or too_late)


def _with_headers(jobs: Sequence[Job], items: Mapping[str, Values], requests: StoredRequests) -> list[Job]:
    """The jobs with headers that are stored apart. Those that are gone, as an edit just now replaced them or the job
    has long ended, are left out."""
    numbers = {job.id: job.stored_apart for job in jobs if job.stored_apart and headers_are_apart(items[job.id])}
    headers = requests.headers(numbers) if numbers else {}
    return [
        replace(job, request=with_request_apart(job.request, headers[job.id])) if job.id in headers else job
        for job in jobs
    ]
