"""What every job store does: settling, and what is noted afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.errors import JobNotFound, SettleLost
from lambdas.jobs.job import KEPT_ATTEMPTS, AttemptError, AttemptOutcome, Job, Status
from lambdas.jobs.ports import JobStore
from tests.contracts.stored_jobs import LATER_MS, LONG_AFTER_MS, failed, read, retried, running, settle, succeeded
from tests.examples import a_full_job, a_job, new_id
from tests.fakes import NOW_MS


class TestSettling:
    def test_a_success_ends_the_job(self, store: JobStore) -> None:
        """Arrow b."""
        job = succeeded(running(store, a_full_job()))
        settle(store, job)
        assert read(store, job) == job

    def test_a_failure_ends_the_job_and_is_kept_in_full(self, store: JobStore) -> None:
        """Arrow c: with what the target said."""
        job = failed(running(store, a_full_job()))
        settle(store, job)
        assert read(store, job) == job

    def test_a_retry_schedules_the_job_again(self, store: JobStore) -> None:
        """Arrow d: at a new fire time, and near or not as seen now."""
        job = retried(running(store, a_job()))
        settle(store, job)
        assert read(store, job) == job
        assert job.handoff

    def test_a_retry_that_is_far_is_not_handed_off(self, store: JobStore) -> None:
        """`handoff` is not left behind by the write before."""
        job = retried(running(store, a_job()), fire_at_ms=LATER_MS + 86_400_000)
        settle(store, job)
        found = store.find(job.id)
        assert found is not None
        assert not found.handoff

    def test_a_retry_clears_the_record_of_deaths(self, store: JobStore) -> None:
        """Deaths count since the last settled attempt."""
        job = running(store, a_job())
        won = store.take_over(job, claim_id="claim-2", now_ms=LONG_AFTER_MS).won
        assert won is not None
        settle(store, retried(won, fire_at_ms=LONG_AFTER_MS * 2, now_ms=LONG_AFTER_MS))
        assert read(store, job).deaths == 0

    def test_without_its_full_item_an_attempt_is_known_in_short(self, store: JobStore) -> None:
        """Number, outcome, figures and the error's code; the message is a general one."""
        job = retried(running(store, a_job()))
        settle(store, job)
        found = store.find(job.id)
        assert found is not None
        error = AttemptError("status_retryable", "The target answered 503.")
        assert found.attempts == (replace(job.attempts[0], error=error, response_excerpt=None),)

    def test_an_outcome_of_another_attempt_is_refused(self, store: JobStore) -> None:
        """F14: the lease ran out, somebody else runs the job now."""
        late = running(store, a_job())
        now = store.take_over(late, claim_id="claim-2", now_ms=LONG_AFTER_MS).won
        with pytest.raises(SettleLost) as lost:
            settle(store, succeeded(late))
        assert lost.value.found == now
        assert read(store, late) == now

    def test_what_a_lost_settle_wrote_does_not_taint_the_attempt(self, store: JobStore) -> None:
        """The attempt counts as died, and does not show what its late worker would have said."""
        late = running(store, a_job())
        store.take_over(late, claim_id="claim-2", now_ms=LONG_AFTER_MS)
        with pytest.raises(SettleLost):
            settle(store, failed(late))
        (attempt,) = read(store, late).attempts
        assert attempt.outcome is AttemptOutcome.DIED
        assert attempt.response_excerpt is None
        assert attempt.error is not None
        assert attempt.error.code == "died"

    def test_a_late_outcome_is_written_while_nobody_else_has_the_job(self, store: JobStore) -> None:
        """Conditional on the attempt, not on the clock."""
        job = succeeded(running(store, a_job()), now_ms=LONG_AFTER_MS * 3)
        settle(store, job)
        assert read(store, job, now_ms=LONG_AFTER_MS * 3).status is Status.SUCCEEDED

    @pytest.mark.parametrize("end", [succeeded, failed, retried])
    def test_a_settle_whose_reply_was_lost_has_succeeded(self, store: JobStore, end: object) -> None:
        """The item shows this very attempt, settled in this very way."""
        assert callable(end)
        job: Job = end(running(store, a_job()))
        settle(store, job)
        settle(store, job)
        assert read(store, job) == job

    def test_a_settle_whose_reply_was_lost_has_succeeded_even_if_the_retry_runs(self, store: JobStore) -> None:
        """What came after is not undone."""
        job = retried(running(store, a_job()))
        settle(store, job)
        won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-2", now_ms=job.fire_at_ms).won
        settle(store, job)
        assert store.find(job.id) == won

    def test_an_attempt_is_settled_in_one_way_only(self, store: JobStore) -> None:
        """F13: a second verdict on the same attempt changes nothing."""
        job = running(store, a_job())
        done = succeeded(job)
        settle(store, done)
        with pytest.raises(SettleLost) as lost:
            settle(store, failed(job))
        assert lost.value.found == done
        assert read(store, job) == done

    def test_a_job_that_is_gone_cannot_be_settled(self, store: JobStore) -> None:
        """And is not made again by it."""
        job = failed(a_job().claimed(claim_id="claim-1", now_ms=NOW_MS))
        with pytest.raises(SettleLost) as lost:
            settle(store, job)
        assert lost.value.found is None
        assert store.find(job.id) is None

    def test_the_last_attempts_are_kept(self, store: JobStore) -> None:
        """All are counted, ten are remembered, each in full."""
        job = running(store, a_job())
        for number in range(1, KEPT_ATTEMPTS + 3):
            job = retried(job, fire_at_ms=LATER_MS + number)
            settle(store, job)
            job = read(store, job)
            won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id=f"c{number}", now_ms=LATER_MS).won
            assert won is not None
            job = won
        whole = read(store, job)
        assert whole.attempt_count == KEPT_ATTEMPTS + 3
        assert [attempt.number for attempt in whole.attempts] == list(range(3, KEPT_ATTEMPTS + 3))
        assert all(attempt.response_excerpt == "sorry \ufffd\n" for attempt in whole.attempts)

    def test_a_finished_job_is_hidden_when_it_expires(self, store: JobStore) -> None:
        """F30: at the very millisecond, long before the table gets round to it."""
        job = succeeded(running(store, a_job()), now_ms=LATER_MS + 7)
        settle(store, job)
        assert job.expires_at_ms is not None
        assert read(store, job, now_ms=job.expires_at_ms - 1) == job
        with pytest.raises(JobNotFound):
            read(store, job, now_ms=job.expires_at_ms)


class TestTellingAndSettingAside:
    def test_that_somebody_was_told_is_noted_once(self, store: JobStore) -> None:
        """F22: the first time stays."""
        job = failed(running(store, a_job()))
        settle(store, job)
        store.mark_alerted(job, now_ms=LATER_MS + 1)
        store.mark_alerted(job, now_ms=LATER_MS + 2)
        assert read(store, job) == replace(job, alerted_at_ms=LATER_MS + 1, version=job.version + 1)

    def test_noting_makes_no_job(self, store: JobStore) -> None:
        """A job that is gone needs no note."""
        job = a_job()
        store.mark_alerted(job, now_ms=NOW_MS)
        assert store.find(job.id) is None

    def test_setting_aside_makes_no_job(self, store: JobStore) -> None:
        """Twice is as good as once."""
        job_id = new_id()
        store.set_aside(job_id)
        store.set_aside(job_id)
        assert store.find(job_id) is None
