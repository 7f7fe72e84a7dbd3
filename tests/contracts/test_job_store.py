"""What every job store does: new jobs, reading, edits, claims, settling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.errors import EditLost, JobExists, JobNotFound, SettleLost
from lambdas.jobs.job import KEPT_ATTEMPTS, AttemptError, AttemptOutcome, Body, Job, Request, Status
from lambdas.jobs.ports import Claim, JobStore
from tests.examples import HORIZON, RETENTION_MS, a_full_job, a_job, an_attempt, large_request, new_id
from tests.fakes import NOW_MS

LATER_MS = NOW_MS + 60_000
LONG_AFTER_MS = NOW_MS + 3_600_000


def running(store: JobStore, job: Job) -> Job:
    """The job, stored and claimed as `claim-1` at its fire time."""
    store.add(job)
    won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=job.fire_at_ms).won
    assert won is not None
    return won


def retried(job: Job, *, fire_at_ms: int = LATER_MS + 10_000, now_ms: int = LATER_MS) -> Job:
    attempt = an_attempt(job.attempt_count, AttemptOutcome.RETRY)
    return job.retried(attempt, fire_at_ms=fire_at_ms, now_ms=now_ms, horizon=HORIZON)


def failed(job: Job, *, now_ms: int = LATER_MS) -> Job:
    attempt = an_attempt(job.attempt_count, AttemptOutcome.FAILED)
    return job.failed(attempt, now_ms=now_ms, retention_ms=RETENTION_MS)


def succeeded(job: Job, *, now_ms: int = LATER_MS) -> Job:
    return job.succeeded(an_attempt(job.attempt_count), now_ms=now_ms, retention_ms=RETENTION_MS)


def settle(store: JobStore, job: Job) -> None:
    store.settle(job, attempt=job.attempts[-1])


def read(store: JobStore, job: Job, *, now_ms: int = LATER_MS) -> Job:
    return store.read(job.id, owner=job.owner, now_ms=now_ms)


class TestNewJobs:
    def test_a_job_reads_back_as_it_was_stored(self, store: JobStore) -> None:
        """Every field a user can set survives, to the letter."""
        job = store.add(a_full_job())
        assert read(store, job) == job
        assert store.find(job.id) == job

    def test_defaults_read_back_as_they_were_stored(self, store: JobStore) -> None:
        """A job that names nothing but a URL and a time."""
        job = a_job()
        assert store.add(job) == job
        assert read(store, job) == job

    @pytest.mark.parametrize(
        "body",
        [Body(b"", "text"), Body("käse\n".encode(), "text"), Body(bytes(range(256)), "base64"), Body(b"[]", "json")],
        ids=["empty", "text", "bytes", "json"],
    )
    def test_bodies_are_bytes_and_remember_their_form(self, store: JobStore, body: Body) -> None:
        """What is sent is what was given, byte by byte; an empty body is not the same as none."""
        job = store.add(a_job(request=Request("POST", "https://example.com/", body=body)))
        assert read(store, job).request.body == body

    def test_an_id_is_taken_only_once(self, store: JobStore) -> None:
        """The first job stays as it is."""
        first = store.add(a_job(name="first"))
        with pytest.raises(JobExists):
            store.add(a_job(id=first.id, name="second"))
        assert read(store, first) == first

    def test_storing_the_very_same_job_again_is_fine(self, store: JobStore) -> None:
        """F1: the reply was lost, so it is sent again."""
        job = store.add(a_full_job())
        assert store.add(job) == job
        assert read(store, job) == job

    def test_others_jobs_look_like_none(self, store: JobStore) -> None:
        """P6, T5: what belongs to someone else cannot be told from what never was."""
        job = store.add(a_job(owner="ada"))
        with pytest.raises(JobNotFound):
            store.read(job.id, owner="bob", now_ms=NOW_MS)
        with pytest.raises(JobNotFound):
            store.read(new_id(), owner="bob", now_ms=NOW_MS)

    def test_the_service_finds_a_job_whoever_owns_it(self, store: JobStore) -> None:
        """None when there is none."""
        job = store.add(a_job(owner="bob"))
        assert store.find(job.id) == job
        assert store.find(new_id()) is None


class TestLargeRequests:
    @pytest.mark.parametrize(
        "request_",
        [
            large_request(),
            Request("GET", "https://example.com/", headers=tuple((f"X-{i}", "v" * 200) for i in range(60))),
            Request(
                "POST",
                "https://example.com/",
                headers=tuple((f"X-{i}", "v" * 200) for i in range(60)),
                body=Body(b"\0" * 262_144, "base64"),
            ),
        ],
        ids=["body", "headers", "both, as large as they may be"],
    )
    def test_a_large_request_is_whole_again_when_asked_for(self, store: JobStore, request_: Request) -> None:
        """Stored apart, so that the job stays small; read with the job, or fetched for sending."""
        job = store.add(a_job(request=request_))
        assert job.stored_apart is not None
        assert job.request == request_
        assert read(store, job) == job
        found = store.find(job.id)
        assert found is not None
        assert found.request.body is None
        assert store.with_request(found) == job

    def test_a_small_request_is_in_the_job(self, store: JobStore) -> None:
        """Asking for it again costs nothing and changes nothing."""
        job = store.add(a_full_job())
        assert job.stored_apart is None
        assert store.with_request(job) == job

    def test_a_claim_names_the_place_of_the_request(self, store: JobStore) -> None:
        """One round trip wins the job; the request is fetched after it."""
        job = a_job(request=large_request())
        assert store.with_request(running(store, job)).request == job.request

    @pytest.mark.parametrize("before", [Request("POST", "https://example.com/"), large_request(9_000)])
    @pytest.mark.parametrize("after", [Request("POST", "https://example.com/"), large_request(8_000)])
    def test_an_edit_may_make_a_request_larger_or_smaller(
        self, store: JobStore, before: Request, after: Request
    ) -> None:
        """The job is read with the request it was given last."""
        job = store.add(a_job(request=before))
        edited = replace(job, request=after).edited(now_ms=NOW_MS, horizon=HORIZON)
        stored = store.replace(edited, read_version=1)
        assert read(store, job) == stored
        assert stored.request == after

    def test_a_finished_job_still_shows_its_large_request(self, store: JobStore) -> None:
        """Settling does not touch it."""
        job = running(store, a_job(request=large_request()))
        settle(store, succeeded(job))
        assert read(store, job).request == large_request()


class TestEdits:
    def test_an_edit_replaces_the_job(self, store: JobStore) -> None:
        """Arrow f: the new version is what is read and what comes due."""
        job = store.add(a_full_job())
        edited = replace(job, name=None, due_at_ms=LATER_MS, fire_at_ms=LATER_MS, timeout_ms=9_000)
        edited = edited.edited(now_ms=NOW_MS + 5, horizon=HORIZON)
        assert store.replace(edited, read_version=job.version) == edited
        assert read(store, job) == edited

    def test_handoff_is_not_left_behind(self, store: JobStore) -> None:
        """A near job that is put off is not near any more: the stream must not hand it off."""
        job = store.add(a_job(due_in_ms=60_000))
        assert job.handoff
        far = replace(job, fire_at_ms=NOW_MS + 86_400_000).edited(now_ms=NOW_MS, horizon=HORIZON)
        store.replace(far, read_version=1)
        found = store.find(job.id)
        assert found is not None
        assert not found.handoff

    def test_an_edit_of_an_old_version_is_lost(self, store: JobStore) -> None:
        """Of two edits of one version the second is told what the first made of the job."""
        job = store.add(a_job())
        first = replace(job, name="first").edited(now_ms=NOW_MS, horizon=HORIZON)
        second = replace(job, name="second").edited(now_ms=NOW_MS, horizon=HORIZON)
        store.replace(first, read_version=1)
        with pytest.raises(EditLost) as lost:
            store.replace(second, read_version=1)
        assert lost.value.found == first

    def test_writing_the_very_same_edit_again_is_fine(self, store: JobStore) -> None:
        """The reply was lost, so it is sent again."""
        job = store.add(a_job())
        edited = replace(job, name="new").edited(now_ms=NOW_MS, horizon=HORIZON)
        store.replace(edited, read_version=1)
        assert store.replace(edited, read_version=1) == edited

    def test_an_edit_of_a_claimed_job_is_lost(self, store: JobStore) -> None:
        """F15: the claim won, and the edit is told that the job runs."""
        job = running(store, a_job())
        with pytest.raises(EditLost) as lost:
            store.replace(job.cancelled(now_ms=LATER_MS, retention_ms=RETENTION_MS), read_version=job.version)
        assert lost.value.found == job

    def test_an_edit_of_a_finished_job_is_lost(self, store: JobStore) -> None:
        """Not even with the right version."""
        job = running(store, a_job())
        settle(store, succeeded(job))
        done = read(store, job)
        again = replace(done, status=Status.SCHEDULED).edited(now_ms=LATER_MS, horizon=HORIZON)
        with pytest.raises(EditLost):
            store.replace(again, read_version=done.version)
        assert read(store, job) == done

    def test_nobody_edits_others_jobs(self, store: JobStore) -> None:
        """T5: the loser is told nothing of the job."""
        job = store.add(a_job(owner="ada"))
        theirs = replace(job, owner="bob").edited(now_ms=NOW_MS, horizon=HORIZON)
        with pytest.raises(EditLost) as lost:
            store.replace(theirs, read_version=1)
        assert lost.value.found is None
        assert read(store, job) == job

    def test_an_edit_makes_no_job(self, store: JobStore) -> None:
        """What is not there cannot be edited."""
        job = a_job()
        with pytest.raises(EditLost) as lost:
            store.replace(job.edited(now_ms=NOW_MS, horizon=HORIZON), read_version=1)
        assert lost.value.found is None
        assert store.find(job.id) is None

    def test_a_cancelled_job_cannot_be_claimed(self, store: JobStore) -> None:
        """Arrow g, F15: the worker is told how the job stands."""
        job = store.add(a_job())
        cancelled = job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS)
        store.replace(cancelled, read_version=1)
        assert read(store, job) == cancelled
        claim = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=LATER_MS)
        assert claim == Claim(won=None, found=cancelled)


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
