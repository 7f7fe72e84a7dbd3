"""The job and its state machine: each arrow makes a new value, and says all that changes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import replace

import pytest

from lambdas.jobs.due_job import DUE_SHARDS, DueJob, due_shard
from lambdas.jobs.job import KEPT_ATTEMPTS, LEASE_SLACK_MS, MAX_DEATHS, Attempt, AttemptOutcome, Job, Notify, Status
from tests.examples import HORIZON, RETENTION_MS, a_job, an_attempt, new_id
from tests.fakes import NOW_MS

MINUTE_MS = 60_000
DUE_MS = NOW_MS + MINUTE_MS


def claimed(job: Job | None = None, *, now_ms: int = DUE_MS - 2_000) -> Job:
    return (job or a_job()).claimed(claim_id="claim-1", now_ms=now_ms)


def retried(job: Job, *, fire_at_ms: int, now_ms: int = DUE_MS) -> Job:
    attempt = an_attempt(job.attempt_count, AttemptOutcome.RETRY)
    return job.retried(attempt, fire_at_ms=fire_at_ms, now_ms=now_ms, horizon=HORIZON)


def test_a_job_never_changes_it_becomes_another() -> None:
    """Frozen: whoever holds a job can rely on it."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        a_job().status = Status.RUNNING  # type: ignore[misc]


class TestHandOff:
    """The mark for the stream is set by every write that leaves a near fire time, and removed by every other."""

    @pytest.mark.parametrize(("minutes", "near"), [(-60, True), (0, True), (17, True), (17.001, False), (60, False)])
    def test_a_new_or_edited_job_is_marked_if_it_is_near(self, minutes: float, near: bool) -> None:
        """Near is judged by the clock at the write, not by when the job was made."""
        fire_at_ms = NOW_MS + 5 * MINUTE_MS + round(minutes * MINUTE_MS)
        job = a_job(due_at_ms=fire_at_ms)
        assert job.planned(now_ms=NOW_MS + 5 * MINUTE_MS, horizon=HORIZON).handoff is near
        assert job.edited(now_ms=NOW_MS + 5 * MINUTE_MS, horizon=HORIZON).handoff is near

    def test_a_near_job_that_is_moved_far_away_loses_its_mark(self) -> None:
        """Or each later write of it would wake the hand-off for nothing."""
        job = a_job(due_in_ms=MINUTE_MS)
        assert job.handoff
        moved = replace(job, fire_at_ms=NOW_MS + 86_400_000)
        assert not moved.edited(now_ms=NOW_MS, horizon=HORIZON).handoff

    def test_claim_take_over_settling_and_cancelling_leave_no_mark(self) -> None:
        """`handoff` left behind: a running or finished job has nothing to hand off."""
        job = a_job()
        assert job.handoff
        running = claimed(job)
        attempt = an_attempt()
        for after in (
            running,
            running.taken_over(claim_id="claim-2", now_ms=running.lease_until_ms or 0),
            running.succeeded(attempt, now_ms=DUE_MS, retention_ms=RETENTION_MS),
            running.failed(attempt, now_ms=DUE_MS, retention_ms=RETENTION_MS),
            job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS),
        ):
            assert not after.handoff

    @pytest.mark.parametrize(("wait_ms", "near"), [(10_000, True), (18 * MINUTE_MS, False)])
    def test_a_retry_goes_by_the_same_near_rule(self, wait_ms: int, near: bool) -> None:
        """A retry within the horizon is handed off by the stream, a later one by the sweep."""
        assert retried(claimed(), fire_at_ms=DUE_MS + wait_ms).handoff is near


class TestClaims:
    def test_a_claim_before_the_instant_holds_from_the_instant_on(self) -> None:
        """The wait for the fire time is not taken from the lease."""
        job = claimed(a_job(timeout_ms=5_000), now_ms=DUE_MS - 7_000)
        assert job.status is Status.RUNNING
        assert job.lease_until_ms == DUE_MS + 5_000 + LEASE_SLACK_MS
        assert (job.claim_id, job.attempt_count, job.deaths) == ("claim-1", 1, 0)

    def test_a_late_claim_holds_from_now_on(self) -> None:
        """A job that is an hour late gets as long as any other."""
        late_ms = DUE_MS + 3_600_000
        assert claimed(a_job(timeout_ms=5_000), now_ms=late_ms).lease_until_ms == late_ms + 5_000 + LEASE_SLACK_MS

    def test_a_claim_does_not_move_the_fire_time(self) -> None:
        """The job stays in the due index where it is, so that it is found if the worker dies."""
        job = a_job()
        assert claimed(job).due == job.due

    def test_the_lease_lapses_after_its_last_millisecond(self) -> None:
        """Only a running job has a lease to lose."""
        job = claimed()
        assert job.lease_until_ms is not None
        assert not job.lease_lapsed(job.lease_until_ms)
        assert job.lease_lapsed(job.lease_until_ms + 1)
        assert not a_job().lease_lapsed(DUE_MS * 2)
        done = job.succeeded(an_attempt(), now_ms=DUE_MS, retention_ms=RETENTION_MS)
        assert not done.lease_lapsed(DUE_MS * 2)

    def test_a_take_over_notes_the_death_and_begins_the_next_attempt(self) -> None:
        """Nothing is known of the dead worker's request, and nothing is claimed to be."""
        later_ms = DUE_MS + 10 * MINUTE_MS
        job = claimed().taken_over(claim_id="claim-2", now_ms=later_ms)
        assert (job.claim_id, job.attempt_count, job.deaths) == ("claim-2", 2, 1)
        assert job.lease_until_ms == later_ms + job.timeout_ms + LEASE_SLACK_MS
        (died,) = job.attempts
        assert (died.number, died.outcome) == (1, AttemptOutcome.DIED)
        assert died.error is not None
        assert died.error.code == "died"
        assert (died.started_at_ms, died.lateness_ms, died.duration_ms, died.status_code) == (None,) * 4

    def test_the_fifth_death_in_a_row_uses_the_deaths_up(self) -> None:
        """And not while the fifth worker may still be alive."""
        job = claimed()
        for number in range(2, MAX_DEATHS + 1):
            lapsed_ms = (job.lease_until_ms or 0) + 1
            assert not job.deaths_used_up(lapsed_ms)
            job = job.taken_over(claim_id=f"claim-{number}", now_ms=lapsed_ms)
        assert job.attempt_count == MAX_DEATHS
        assert not job.deaths_used_up(job.lease_until_ms or 0)
        assert job.deaths_used_up((job.lease_until_ms or 0) + 1)


class TestSettling:
    def test_a_retry_moves_the_fire_time_and_never_the_due_time(self) -> None:
        """Only the user moves the due time."""
        job = retried(claimed(), fire_at_ms=DUE_MS + 10_000)
        assert (job.status, job.due_at_ms, job.fire_at_ms) == (Status.SCHEDULED, DUE_MS, DUE_MS + 10_000)
        assert job.attempts[-1].next_attempt_at_ms == DUE_MS + 10_000
        assert (job.claim_id, job.lease_until_ms, job.finished_at_ms) == (None, None, None)

    def test_a_settled_attempt_clears_the_record_of_deaths(self) -> None:
        """Five deaths *in a row* condemn a job: one that was settled in between was not the job's fault."""
        job = claimed().taken_over(claim_id="claim-2", now_ms=DUE_MS + 10 * MINUTE_MS)
        assert job.deaths == 1
        assert retried(job, fire_at_ms=DUE_MS + 20 * MINUTE_MS).deaths == 0

    @pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
    def test_a_finished_job_says_when_it_ended_and_when_it_goes(self, status: Status) -> None:
        """And holds no claim any more. Its fire time stays what it was."""
        job, end_ms = a_job(), DUE_MS + 131
        after = {
            Status.SUCCEEDED: claimed(job).succeeded(an_attempt(), now_ms=end_ms, retention_ms=RETENTION_MS),
            Status.FAILED: claimed(job).failed(an_attempt(), now_ms=end_ms, retention_ms=RETENTION_MS),
            Status.CANCELLED: job.cancelled(now_ms=end_ms, retention_ms=RETENTION_MS),
        }[status]
        assert (after.status, after.finished_at_ms, after.updated_at_ms) == (status, end_ms, end_ms)
        assert after.expires_at_ms == end_ms + RETENTION_MS
        assert (after.claim_id, after.lease_until_ms, after.fire_at_ms) == (None, None, job.fire_at_ms)
        assert after.status.finished

    def test_the_last_ten_attempts_are_remembered_and_all_are_counted(self) -> None:
        """The history is bounded, the count is not."""
        job = a_job()
        for number in range(1, KEPT_ATTEMPTS + 4):
            job = claimed(job, now_ms=DUE_MS + number * MINUTE_MS)
            job = retried(job, fire_at_ms=DUE_MS + (number + 1) * MINUTE_MS)
        assert [attempt.number for attempt in job.attempts] == list(range(4, KEPT_ATTEMPTS + 4))
        assert job.attempt_count == KEPT_ATTEMPTS + 3
        assert job.last_attempt == job.attempts[-1]

    def test_every_arrow_raises_the_version_by_one(self) -> None:
        """So an edit that was made on an older version is always noticed."""
        job = a_job()
        running = claimed(job)
        attempt: Attempt = an_attempt()
        arrows = {
            "a": (job, running),
            "b": (running, running.succeeded(attempt, now_ms=DUE_MS, retention_ms=RETENTION_MS)),
            "c": (running, running.failed(attempt, now_ms=DUE_MS, retention_ms=RETENTION_MS)),
            "d": (running, retried(running, fire_at_ms=DUE_MS + 10_000)),
            "e": (running, running.taken_over(claim_id="claim-2", now_ms=DUE_MS + 10 * MINUTE_MS)),
            "f": (job, job.edited(now_ms=NOW_MS, horizon=HORIZON)),
            "g": (job, job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS)),
        }
        assert {letter: after.version - before.version for letter, (before, after) in arrows.items()} == dict.fromkeys(
            arrows, 1
        )


@pytest.mark.parametrize(
    ("status", "on", "alerted", "owed"),
    [
        (Status.FAILED, ("failed",), False, True),
        (Status.FAILED, ("failed",), True, False),
        (Status.FAILED, ("succeeded",), False, False),
        (Status.FAILED, (), False, False),
        (Status.SUCCEEDED, ("failed",), False, False),
        (Status.SUCCEEDED, ("succeeded", "failed"), False, True),
        (Status.CANCELLED, ("succeeded", "failed"), False, False),
        (Status.SCHEDULED, ("failed",), False, False),
        (Status.RUNNING, ("failed",), False, False),
    ],
)
def test_a_notice_is_owed_for_an_end_that_somebody_wants_to_hear_of(
    status: Status, on: tuple[str, ...], alerted: bool, owed: bool
) -> None:
    """Until it is given, and not for a job that has not ended."""
    job = a_job(status=status, notify=Notify(on), alerted_at_ms=NOW_MS if alerted else None)
    assert job.owes_notice is owed


class TestDueIndex:
    def test_due_jobs_are_ordered_by_fire_time(self) -> None:
        """Oldest first, whatever their ids."""
        assert sorted([DueJob(2, "a"), DueJob(1, "z"), DueJob(1, "b")]) == [
            DueJob(1, "b"),
            DueJob(1, "z"),
            DueJob(2, "a"),
        ]

    def test_a_job_keeps_its_shard_for_ever(self) -> None:
        """Another hash would leave stored jobs in shards where nobody looks for them: these values are fixed."""
        assert due_shard("job_019ab3c4d5e6f70181920a1b2c3d4e5f") == 0
        assert due_shard("job_00000000000000000000000000000000") == 13
        assert DUE_SHARDS >= 16

    def test_jobs_spread_evenly_over_the_shards(self) -> None:
        """No shard gets more than half as much again as its share."""
        counts = Counter(due_shard(new_id()) for _ in range(16_000))
        assert set(counts) == set(range(DUE_SHARDS))
        assert max(counts.values()) < 1_500
