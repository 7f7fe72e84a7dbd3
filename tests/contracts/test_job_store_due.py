"""What every job store does for the sweep: the due index and its marks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.due_job import DueJob, due_shard
from lambdas.jobs.job import Job
from lambdas.jobs.ports import JobStore
from tests.examples import HORIZON, RETENTION_MS, a_job, an_attempt
from tests.fakes import NOW_MS

SHARD = 3


def due(store: JobStore, *, shard: int = SHARD, after_ms: int = 0, until_ms: int = NOW_MS * 2) -> list[DueJob]:
    pages = list(store.due(shard, after_ms=after_ms, until_ms=until_ms))
    assert all(pages), "an empty page says nothing"
    return [entry for page in pages for entry in page]


def claimed(store: JobStore, job: Job) -> Job:
    won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=job.fire_at_ms).won
    assert won is not None
    return won


def test_what_comes_due_is_found_in_order(store: JobStore) -> None:
    """Ascending by fire time: oldest first (F6)."""
    jobs = [store.add(a_job(shard=SHARD, due_in_ms=ms)) for ms in (5_000, -86_400_000, 60_000, 1)]
    assert due(store) == sorted(job.due for job in jobs)


def test_the_window_is_open_below_and_closed_above(store: JobStore) -> None:
    """So that a mark means: this fire time too is handed off."""
    jobs = [store.add(a_job(shard=SHARD, due_at_ms=NOW_MS + ms)) for ms in range(5)]
    assert due(store, after_ms=NOW_MS + 1, until_ms=NOW_MS + 3) == [jobs[2].due, jobs[3].due]


@pytest.mark.parametrize(("after_ms", "until_ms"), [(NOW_MS, NOW_MS), (NOW_MS, NOW_MS - 1), (-1, -1)])
def test_a_window_without_room_is_empty(store: JobStore, after_ms: int, until_ms: int) -> None:
    """A mark may stand beyond the window that is asked for."""
    store.add(a_job(shard=SHARD, due_at_ms=NOW_MS))
    assert due(store, after_ms=after_ms, until_ms=until_ms) == []


def test_a_job_is_in_its_own_shard_only(store: JobStore) -> None:
    """By the hash of its id, which never changes."""
    job = store.add(a_job())
    found = {shard: due(store, shard=shard) for shard in range(16)}
    assert found == {shard: [job.due] if shard == due_shard(job.id) else [] for shard in range(16)}


def test_jobs_of_one_millisecond_are_all_found_across_pages(store: JobStore) -> None:
    """Page ties: the page after a full one goes on inside the millisecond, without loss and without doubles."""
    jobs = {store.add(a_job(shard=SHARD, due_at_ms=NOW_MS)).due for _ in range(23)}
    found = due(store)
    assert len(found) == 23
    assert set(found) == jobs


def test_an_unfinished_job_stays_in_the_index_at_its_fire_time(store: JobStore) -> None:
    """P1: after every write, until it has ended."""
    job = store.add(a_job(shard=SHARD))
    moved = replace(job, fire_at_ms=job.fire_at_ms + 5).edited(now_ms=NOW_MS, horizon=HORIZON)
    store.replace(moved, read_version=1)
    assert due(store) == [moved.due]
    running = claimed(store, moved)
    assert due(store) == [moved.due]
    taken = store.take_over(running, claim_id="claim-2", now_ms=NOW_MS * 2).won
    assert taken is not None
    assert due(store) == [moved.due]
    again = taken.retried(an_attempt(2), fire_at_ms=moved.fire_at_ms + 9, now_ms=NOW_MS, horizon=HORIZON)
    store.settle(again, attempt=again.attempts[-1])
    assert due(store) == [again.due]


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
def test_a_job_that_ended_is_not_in_the_index(store: JobStore, end: str) -> None:
    """However it ended."""
    job = store.add(a_job(shard=SHARD))
    if end == "cancelled":
        store.replace(job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS), read_version=1)
    else:
        finish = Job.succeeded if end == "succeeded" else Job.failed
        done = finish(claimed(store, job), an_attempt(), now_ms=NOW_MS, retention_ms=RETENTION_MS)
        store.settle(done, attempt=done.attempts[-1])
    assert due(store) == []


def test_a_job_that_is_set_aside_leaves_the_index(store: JobStore) -> None:
    """F28: no sweep stumbles over it again; it stays in the table."""
    job = store.add(a_job(shard=SHARD))
    store.set_aside(job.id)
    assert due(store) == []
    assert store.find(job.id) is not None


def test_a_mark_only_grows(store: JobStore) -> None:
    """F5: a sweep that is slow does not move back what another moved on."""
    assert store.swept_until(SHARD) == 0
    store.advance_mark(SHARD, swept_until_ms=NOW_MS)
    store.advance_mark(SHARD, swept_until_ms=NOW_MS - 1)
    assert store.swept_until(SHARD) == NOW_MS
    store.advance_mark(SHARD, swept_until_ms=NOW_MS + 1)
    assert store.swept_until(SHARD) == NOW_MS + 1


def test_every_shard_has_a_mark_of_its_own(store: JobStore) -> None:
    """One shard's trouble does not hold up the others."""
    store.advance_mark(SHARD, swept_until_ms=NOW_MS)
    assert store.swept_until(SHARD + 1) == 0
