"""What every job store does when a claimed job is put off: arrow h, whose attempt number is given back.

The number will be another claim's. So a write, an outcome or a letter that comes late must not be mistaken for one of
the claim that has the number now.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.due_job import due_shard
from lambdas.jobs.errors import SettleLost
from lambdas.jobs.job import AttemptOutcome, Job, Status
from lambdas.jobs.ports import JobStore
from tests.examples import HORIZON, RETENTION_MS, a_full_job, a_job, an_attempt, large_request
from tests.fakes import NOW_MS

WAIT_MS = 30_000
LONG_AFTER_MS = NOW_MS + 3_600_000


def claimed(store: JobStore, job: Job, claim_id: str) -> Job:
    won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id=claim_id, now_ms=job.fire_at_ms).won
    assert won is not None
    return won


def put_off(job: Job, *, wait_ms: int = WAIT_MS, now_ms: int | None = None) -> Job:
    now_ms = job.fire_at_ms if now_ms is None else now_ms
    return job.put_off(fire_at_ms=job.fire_at_ms + wait_ms, now_ms=now_ms, horizon=HORIZON)


def waiting(store: JobStore, job: Job, claim_id: str = "claim-1") -> Job:
    """The job, stored, claimed and put off."""
    after = put_off(claimed(store, store.add(job), claim_id))
    store.put_off(after, claim_id=claim_id)
    return after


def found(store: JobStore, job: Job) -> Job:
    """The job as it stands, with its request."""
    there = store.find(job.id)
    assert there is not None
    return store.with_request(there)


@pytest.mark.parametrize("job", [a_job(), a_full_job(), a_job(request=large_request())], ids=["plain", "full", "large"])
def test_a_job_that_is_put_off_is_as_if_it_had_never_been_claimed(store: JobStore, job: Job) -> None:
    """F19: but for its fire time, since when it waits, and the versions that passed."""
    job = store.add(replace(job, id=a_job().id))
    after = put_off(claimed(store, job, "claim-1"))
    store.put_off(after, claim_id="claim-1")
    there = found(store, job)
    assert (there.status, there.attempt_count, there.claim_id, there.lease_until_ms) == (
        Status.SCHEDULED,
        0,
        None,
        None,
    )
    assert (there.fire_at_ms, there.due_at_ms) == (job.fire_at_ms + WAIT_MS, job.due_at_ms)
    assert (there.waiting_since_ms, there.handoff, there.version) == (job.fire_at_ms, True, job.version + 2)
    assert there.request == store.with_request(job).request


def test_it_is_in_the_due_index_at_its_new_fire_time(store: JobStore) -> None:
    """P1, after this write too."""
    job = waiting(store, a_job())
    pages = store.due(due_shard(job.id), after_ms=-1, until_ms=NOW_MS * 2)
    assert [due for page in pages for due in page] == [job.due]


def test_one_that_waits_long_is_left_to_the_sweep(store: JobStore) -> None:
    """The near rule, as everywhere."""
    job = claimed(store, store.add(a_job()), "claim-1")
    store.put_off(put_off(job, wait_ms=18 * 60_000), claim_id="claim-1")
    assert not found(store, job).handoff


def test_deaths_are_kept(store: JobStore) -> None:
    """They count since the last settled attempt, and none was settled."""
    job = claimed(store, store.add(a_job()), "claim-1")
    taken = store.take_over(job, claim_id="claim-2", now_ms=LONG_AFTER_MS).won
    assert taken is not None
    store.put_off(put_off(taken, now_ms=LONG_AFTER_MS), claim_id="claim-2")
    there = found(store, job)
    assert (there.deaths, there.attempt_count) == (1, 1)
    assert [attempt.outcome for attempt in there.attempts] == [AttemptOutcome.DIED]


def test_it_waits_since_it_was_put_off_first(store: JobStore) -> None:
    """However often it is put off again; an attempt that is settled ends the waiting."""
    first = waiting(store, a_job())
    again = put_off(claimed(store, first, "claim-2"))
    store.put_off(again, claim_id="claim-2")
    assert found(store, again).waiting_since_ms == first.waiting_since_ms
    tried = claimed(store, again, "claim-3")
    attempt = an_attempt(1, AttemptOutcome.RETRY)
    retried = tried.retried(attempt, fire_at_ms=LONG_AFTER_MS, now_ms=LONG_AFTER_MS, horizon=HORIZON)
    store.settle(retried, attempt=attempt)
    assert found(store, again).waiting_since_ms is None


def test_a_late_write_of_a_claim_does_not_put_off_the_next_one(store: JobStore) -> None:
    """The same attempt number, another claim: the job stays its own."""
    job = claimed(store, store.add(a_job()), "claim-1")
    late = put_off(job)
    store.put_off(late, claim_id="claim-1")
    running = claimed(store, late, "claim-2")
    assert running.attempt_count == job.attempt_count
    with pytest.raises(SettleLost) as lost:
        store.put_off(late, claim_id="claim-1")
    assert found(store, job) == running == lost.value.found


def test_a_late_write_does_not_put_off_a_job_that_waits_for_another_time(store: JobStore) -> None:
    """It was put off, claimed and put off again."""
    job = claimed(store, store.add(a_job()), "claim-1")
    late = put_off(job)
    store.put_off(late, claim_id="claim-1")
    again = put_off(claimed(store, late, "claim-2"))
    store.put_off(again, claim_id="claim-2")
    with pytest.raises(SettleLost):
        store.put_off(late, claim_id="claim-1")
    assert found(store, job).due == again.due


def test_a_write_whose_reply_was_lost_has_been_done(store: JobStore) -> None:
    """Repeated, it finds what it wrote."""
    job = waiting(store, a_job())
    store.put_off(job, claim_id="claim-1")
    assert found(store, job) == job


def test_a_claim_that_was_taken_over_puts_nothing_off(store: JobStore) -> None:
    """The ghost of a worker that stood still."""
    job = claimed(store, store.add(a_job()), "claim-1")
    taken = store.take_over(job, claim_id="claim-2", now_ms=LONG_AFTER_MS).won
    with pytest.raises(SettleLost):
        store.put_off(put_off(job), claim_id="claim-1")
    assert found(store, job) == taken


def test_the_outcome_of_a_ghost_does_not_count_for_the_claim_that_has_its_number(store: JobStore) -> None:
    """Attempt 1 was taken over by 2, which was put off; 2 runs again. Whatever 1 says is old news, also in between."""
    ghost = claimed(store, store.add(a_job()), "claim-1")
    taken = store.take_over(ghost, claim_id="claim-2", now_ms=LONG_AFTER_MS).won
    assert taken is not None
    attempt = an_attempt(1)
    done = ghost.succeeded(attempt, now_ms=LONG_AFTER_MS, retention_ms=RETENTION_MS)
    back = put_off(taken, now_ms=LONG_AFTER_MS)
    store.put_off(back, claim_id="claim-2")
    assert back.attempt_count == attempt.number
    with pytest.raises(SettleLost):
        store.settle(done, attempt=attempt)
    running = claimed(store, back, "claim-3")
    with pytest.raises(SettleLost):
        store.settle(done, attempt=attempt)
    assert found(store, ghost) == running


def test_a_job_that_is_gone_cannot_be_put_off(store: JobStore) -> None:
    """Nothing comes of it."""
    job = a_job().claimed(claim_id="claim-1", now_ms=NOW_MS)
    with pytest.raises(SettleLost) as lost:
        store.put_off(put_off(job), claim_id="claim-1")
    assert lost.value.found is None
    assert store.find(job.id) is None
