"""Sweep: hand off what comes due within the horizon and was stored too early for the stream.

For each shard of the due index a mark says up to which fire time everything has been handed off. A sweep reads from
there to the end of the window, and moves the mark only over fire times whose jobs are all enqueued. So a sweep that
dies, runs twice or is left out twice loses nothing and makes nothing late.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdas.jobs.due_job import DUE_SHARDS, DueJob
from lambdas.jobs.errors import PunctualError, QueueUnavailable, Unavailable, whereabouts
from lambdas.jobs.hand_off import hand_off

if TYPE_CHECKING:
    from lambdas.jobs.horizon import Horizon
    from lambdas.jobs.ports import Clock, JobQueue, JobStore, Journal

OVERDUE_AFTER_MS = 120_000
"""A job whose fire time is longer ago than this, and which is unfinished, has lost its message or its worker: a
message may be late by seconds, and a worker that lives settles within its lease."""

REGARDLESS_EVERY = 4
"""Every fourth sweep looks for overdue jobs even if the queue is jammed, so that a lasting backlog cannot hide a
lost job."""

BACKLOG = 10
"""So many visible messages (one batch) are a jam: overdue jobs are most likely waiting in it."""


class SweepIncomplete(PunctualError):
    """Some shards could not be swept; the others were. The next sweep goes on from their marks."""

    def __init__(self, shards: Sequence[int]) -> None:
        super().__init__(f"could not sweep shards {', '.join(map(str, shards))}")
        self.shards = tuple(shards)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep put on the queue: jobs that come due, and overdue ones sent again."""

    handed_off: int = 0
    overdue: int = 0


def sweep(
    *, store: JobStore, queue: JobQueue, journal: Journal, clock: Clock, horizon: Horizon, period_ms: int
) -> Swept:
    """Sweep every shard. Raises SweepIncomplete at the end if some failed; one shard's failure stops no other.

    Every shard's window comes before any overdue job: what is late already must not make late what is still in time,
    whether it is so much that the sweep does not come to its end, or the queue refuses it.
    """
    now_ms = clock.now_ms()
    look_for_overdue = _worth_looking_for_overdue(queue, now_ms, period_ms)
    handed_off = overdue = 0
    failed: set[int] = set()
    marks_ms: dict[int, int] = {}
    for shard in range(DUE_SHARDS):
        with _apart(shard, failed, journal):
            marks_ms[shard] = store.swept_until(shard)
            handed_off += _sweep_shard(shard, marks_ms[shard], now_ms + horizon.reach_ms, store, queue, clock, horizon)
    if look_for_overdue:
        for shard, mark_ms in marks_ms.items():
            with _apart(shard, failed, journal):
                overdue += _send_overdue_again(shard, mark_ms, store, queue, clock, horizon)
    journal.tell("swept", handed_off=handed_off, overdue=overdue, shards_failed=len(failed))
    if failed:
        raise SweepIncomplete(sorted(failed))
    return Swept(handed_off, overdue)


@contextmanager
def _apart(shard: int, failed: set[int], journal: Journal) -> Iterator[None]:
    """Keep a shard's trouble to itself: it is told, and the shard counted as failed."""
    try:
        yield
    except Unavailable as error:
        failed.add(shard)
        journal.tell("shard_not_swept", shard=shard, error=str(error))
    except Exception as error:  # a defect of ours: say so, and go on with the other shards
        failed.add(shard)
        journal.tell("defect", shard=shard, error=whereabouts(error))


def _worth_looking_for_overdue(queue: JobQueue, now_ms: int, period_ms: int) -> bool:
    """Not while most overdue jobs only wait in a backlog: sending them again would feed the jam."""
    regardless = now_ms // period_ms % REGARDLESS_EVERY == 0
    try:
        return regardless or queue.backlog() < BACKLOG
    except QueueUnavailable:
        return regardless


def _sweep_shard(
    shard: int, mark_ms: int, until_ms: int, store: JobStore, queue: JobQueue, clock: Clock, horizon: Horizon
) -> int:
    """Hand off the shard's window, mark by mark; returns how many jobs.

    Between pages the mark stands just before the last fire time seen: more jobs of that millisecond may follow on
    the next page.
    """
    count = 0
    for page in store.due(shard, after_ms=mark_ms, until_ms=until_ms):
        _enqueue_all(page, queue, clock, horizon)
        count += len(page)
        if page:
            store.advance_mark(shard, swept_until_ms=page[-1].fire_at_ms - 1)
    store.advance_mark(shard, swept_until_ms=until_ms)
    return count


def _send_overdue_again(
    shard: int, mark_ms: int, store: JobStore, queue: JobQueue, clock: Clock, horizon: Horizon
) -> int:
    """Hand off again what should have fired and has not; not beyond the mark that the sweep found, from where its
    window began."""
    count = 0
    until_ms = min(mark_ms, clock.now_ms() - OVERDUE_AFTER_MS)
    for page in store.due(shard, after_ms=-1, until_ms=until_ms):
        _enqueue_all(page, queue, clock, horizon)
        count += len(page)
    return count


def _enqueue_all(page: Sequence[DueJob], queue: JobQueue, clock: Clock, horizon: Horizon) -> None:
    """Enqueue a page, refused ones twice; raises QueueUnavailable if some stay out, so that no mark passes them."""
    refused = hand_off(page, queue=queue, horizon=horizon, now_ms=clock.now_ms())
    if refused:
        refused = hand_off(refused, queue=queue, horizon=horizon, now_ms=clock.now_ms())
    if refused:
        raise QueueUnavailable(f"the queue refused {len(refused)} of {len(page)} messages")
