"""What every job store does: claims, and taking over from the dead."""

from __future__ import annotations

import pytest

from lambdas.jobs.job import AttemptOutcome, Status
from lambdas.jobs.ports import Claim, JobStore
from tests.contracts.stored_jobs import LATER_MS, LONG_AFTER_MS, read, retried, running, settle, succeeded
from tests.examples import a_full_job, a_job, new_id
from tests.fakes import NOW_MS


class TestClaims:
    @pytest.mark.parametrize("now_ms", [LATER_MS - 2_000, LATER_MS, LATER_MS + 500_000], ids=["early", "due", "late"])
    def test_a_claim_wins_a_scheduled_job(self, store: JobStore, now_ms: int) -> None:
        """Arrow a: the lease counts from the fire time or from now, whichever is later."""
        job = store.add(a_full_job())
        claim = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=now_ms)
        assert claim == Claim(won=job.claimed(claim_id="claim-1", now_ms=now_ms), found=None)
        assert read(store, job) == claim.won

    def test_a_claim_for_another_time_is_refused(self, store: JobStore) -> None:
        """P4, F3, F16: a message that was sent before a reschedule does nothing."""
        job = store.add(a_job())
        claim = store.claim(job.id, fire_at_ms=job.fire_at_ms - 1, claim_id="claim-1", now_ms=NOW_MS)
        assert claim == Claim(won=None, found=job)
        assert read(store, job) == job

    def test_of_two_claims_one_wins(self, store: JobStore) -> None:
        """F9: the other is told that the job runs."""
        job = running(store, a_job())
        claim = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-2", now_ms=LATER_MS)
        assert claim == Claim(won=None, found=job)

    def test_a_claim_whose_reply_was_lost_is_won(self, store: JobStore) -> None:
        """The repeated claim is refused, but the claim on the job is its own."""
        job = running(store, a_job())
        claim = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=LATER_MS + 700)
        assert claim == Claim(won=job, found=None)

    def test_a_job_that_is_gone_cannot_be_claimed(self, store: JobStore) -> None:
        """And the try leaves nothing behind."""
        job_id = new_id()
        assert store.claim(job_id, fire_at_ms=NOW_MS, claim_id="c", now_ms=NOW_MS) == Claim(won=None, found=None)
        assert store.find(job_id) is None

    def test_a_job_that_runs_late_again_is_claimed_at_its_new_time(self, store: JobStore) -> None:
        """A retry has a new fire time; messages of the old one are stale."""
        job = retried(running(store, a_job()))
        settle(store, job)
        stale = store.claim(job.id, fire_at_ms=LATER_MS, claim_id="claim-2", now_ms=LATER_MS)
        assert stale.won is None
        claim = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-2", now_ms=job.fire_at_ms)
        assert claim.won is not None
        assert claim.won.attempt_count == 2


class TestTakingOver:
    def test_a_lapsed_lease_is_taken_over(self, store: JobStore) -> None:
        """Arrow e, F11: one more attempt, one more death."""
        job = running(store, a_full_job())
        claim = store.take_over(job, claim_id="claim-2", now_ms=LONG_AFTER_MS)
        assert claim == Claim(won=job.taken_over(claim_id="claim-2", now_ms=LONG_AFTER_MS), found=None)
        assert read(store, job) == claim.won

    def test_a_live_lease_is_not_taken_over(self, store: JobStore) -> None:
        """A lease holds until its last millisecond."""
        job = running(store, a_job())
        assert job.lease_until_ms is not None
        claim = store.take_over(job, claim_id="claim-2", now_ms=job.lease_until_ms)
        assert claim == Claim(won=None, found=job)

    def test_of_two_who_take_over_one_wins(self, store: JobStore) -> None:
        """Both saw the same dead claim; the second finds another one, even if that has lapsed as well."""
        job = running(store, a_job())
        won = store.take_over(job, claim_id="claim-2", now_ms=LONG_AFTER_MS).won
        claim = store.take_over(job, claim_id="claim-3", now_ms=LONG_AFTER_MS * 2)
        assert claim == Claim(won=None, found=won)

    def test_a_take_over_whose_reply_was_lost_is_won(self, store: JobStore) -> None:
        """As with a claim: the claim on the job is its own."""
        job = running(store, a_job())
        won = store.take_over(job, claim_id="claim-2", now_ms=LONG_AFTER_MS).won
        assert store.take_over(job, claim_id="claim-2", now_ms=LONG_AFTER_MS + 5) == Claim(won=won, found=None)

    def test_a_job_that_was_settled_meanwhile_is_not_taken_over(self, store: JobStore) -> None:
        """A settle that is late, but before the take-over, counts."""
        job = running(store, a_job())
        settle(store, succeeded(job, now_ms=LONG_AFTER_MS))
        claim = store.take_over(job, claim_id="claim-2", now_ms=LONG_AFTER_MS)
        assert claim.won is None
        assert claim.found is not None
        assert claim.found.status is Status.SUCCEEDED

    def test_deaths_add_up(self, store: JobStore) -> None:
        """F12: until they are as many as a job may cost."""
        job = running(store, a_job())
        for number in range(2, 6):
            won = store.take_over(job, claim_id=f"claim-{number}", now_ms=LONG_AFTER_MS * number).won
            assert won is not None
            job = won
        assert (job.deaths, job.attempt_count) == (4, 5)
        assert job.deaths_used_up(LONG_AFTER_MS * 9)
        assert [attempt.outcome for attempt in job.attempts] == [AttemptOutcome.DIED] * 4
