"""F15: firing a job now races with a claim, a change, a cancel or another run. In every order exactly one wins.

A rival does all that it does between the other's read and its write, on each of the places that a store may be. What
wins is what happens: of all the times that the job was ever planned for, it can be claimed at one, and once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from lambdas.jobs.change import cancel, change
from lambdas.jobs.errors import JobFinished, JobRunning, VersionConflict
from lambdas.jobs.job import Job, Status
from lambdas.jobs.ports import Claim, JobStore
from tests.examples import HORIZON, RETENTION_MS, a_job
from tests.fakes import NOW_MS

PLANNED_MS = NOW_MS + 5_000
"""When the job is due at first: so soon that a worker may claim it already."""
MOVED_MS = NOW_MS + 6_000
TIMES_MS = (NOW_MS, PLANNED_MS, MOVED_MS)


@pytest.fixture
def job(store: JobStore) -> Job:
    return store.add(a_job(due_at_ms=PLANNED_MS))


def run(store: JobStore, job: Job, versions: frozenset[int] | None = None) -> Job:
    """POST /v1/jobs/{id}/run"""
    return changed(store, job, lambda read: read.run_now(now_ms=NOW_MS, horizon=HORIZON), versions)


def moved(store: JobStore, job: Job, versions: frozenset[int] | None = None) -> Job:
    """PATCH with another time"""

    def edit(read: Job) -> Job:
        return replace(read, due_at_ms=MOVED_MS, fire_at_ms=MOVED_MS).edited(now_ms=NOW_MS, horizon=HORIZON)

    return changed(store, job, edit, versions)


def cancelled(store: JobStore, job: Job) -> Job:
    """DELETE"""
    return cancel(job.id, owner=job.owner, versions=None, store=store, now_ms=NOW_MS, retention_ms=RETENTION_MS)


def changed(store: JobStore, job: Job, edit: Callable[[Job], Job], versions: frozenset[int] | None) -> Job:
    return change(job.id, edit, owner=job.owner, versions=versions, store=store, now_ms=NOW_MS)


def claim(store: JobStore, job: Job, fire_at_ms: int = PLANNED_MS) -> Claim:
    """What a worker does with a message for that time."""
    return store.claim(job.id, fire_at_ms=fire_at_ms, claim_id=f"for-{fire_at_ms}", now_ms=NOW_MS)


def claimed_at(store: JobStore, job: Job) -> list[int]:
    """The times at which messages of the job win it, were they all delivered now."""
    return [ms for ms in TIMES_MS if claim(store, job, ms).won is not None]


@contextmanager
def just_before(store: JobStore, method: str, rival: Callable[[], object]) -> Iterator[None]:
    """The rival does what it does just before the store's next call of that method."""
    real = getattr(store, method)

    def raced(*args: object, **kwargs: object) -> object:
        delattr(store, method)
        rival()
        return real(*args, **kwargs)

    setattr(store, method, raced)
    yield
    assert getattr(store, method) == real, f"{method} was not called"


def test_a_run_loses_against_a_claim(store: JobStore, job: Job) -> None:
    """It is told that the job runs; it fires at the time that it had."""
    with just_before(store, "replace", lambda: claim(store, job)), pytest.raises(JobRunning):
        run(store, job)
    assert store.find(job.id) == job.claimed(claim_id=f"for-{PLANNED_MS}", now_ms=NOW_MS)
    assert claimed_at(store, job) == [PLANNED_MS], "again, and by whoever won: its reply might have been lost"


def test_a_claim_loses_against_a_run(store: JobStore, job: Job) -> None:
    """The message for the old time is dropped, the one for now wins."""
    with just_before(store, "claim", lambda: run(store, job)):
        lost = claim(store, job)
    assert lost.won is None and lost.found is not None
    assert (lost.found.status, lost.found.fire_at_ms, lost.found.due_at_ms) == (Status.SCHEDULED, NOW_MS, NOW_MS)
    assert claimed_at(store, job) == [NOW_MS]


def test_a_run_loses_against_a_cancel(store: JobStore, job: Job) -> None:
    """It is told that the job has ended."""
    with just_before(store, "replace", lambda: cancelled(store, job)), pytest.raises(JobFinished):
        run(store, job)
    assert claimed_at(store, job) == []


def test_a_cancel_after_a_run_still_holds_if_nobody_has_claimed_the_job(store: JobStore, job: Job) -> None:
    """Cancelled is cancelled, whatever time it had by then."""
    with just_before(store, "replace", lambda: run(store, job)):
        assert cancelled(store, job).status is Status.CANCELLED
    assert claimed_at(store, job) == []


def test_a_cancel_loses_against_a_run_that_was_claimed_at_once(store: JobStore, job: Job) -> None:
    """The owner hears that it runs, and not that it was cancelled."""

    def rival() -> None:
        run(store, job)
        assert claim(store, job, NOW_MS).won is not None

    with just_before(store, "replace", rival), pytest.raises(JobRunning):
        cancelled(store, job)
    assert claimed_at(store, job) == [NOW_MS]


@pytest.mark.parametrize(
    ("mine", "rivals", "fires_ms"), [(run, moved, NOW_MS), (moved, run, MOVED_MS)], ids=["run last", "change last"]
)
class TestRunAndChange:
    def test_what_was_written_last_is_what_happens(
        self, store: JobStore, job: Job, mine: Callable[..., Job], rivals: Callable[..., Job], fires_ms: int
    ) -> None:
        """Whoever names no version is made anew on what the rival left."""
        with just_before(store, "replace", lambda: rivals(store, job)):
            assert mine(store, job).fire_at_ms == fires_ms
        assert claimed_at(store, job) == [fires_ms]

    def test_whoever_names_its_version_loses(
        self, store: JobStore, job: Job, mine: Callable[..., Job], rivals: Callable[..., Job], fires_ms: int
    ) -> None:
        """412, and the job is as the rival left it."""
        with just_before(store, "replace", lambda: rivals(store, job)), pytest.raises(VersionConflict):
            mine(store, job, frozenset([job.version]))
        assert claimed_at(store, job) == [ms for ms in (NOW_MS, MOVED_MS) if ms != fires_ms]


def test_of_two_runs_one_writes(store: JobStore, job: Job) -> None:
    """The other finds the job due already, and leaves it as it is."""
    with just_before(store, "replace", lambda: run(store, job)):
        assert run(store, job).version == job.version + 1
    assert claimed_at(store, job) == [NOW_MS]
