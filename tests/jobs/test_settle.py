"""Settle: what came of an attempt is written down once, by whoever holds the running attempt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.errors import StoreUnavailable
from lambdas.jobs.job import MAX_DEATHS, AttemptOutcome, Job, Notify, RetryPolicy, Status
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.ports import DeadLetter, Message
from lambdas.jobs.settle import DIED_TOO_OFTEN, give_up, settle, settle_late, settled
from tests.examples import a_job
from tests.fakes import NOW_MS
from tests.world import World

SENT_MS = NOW_MS + 60_000
"""When the jobs of these tests fire."""

SUCCEEDED = Outcome(Verdict.SUCCEEDED, started_at_ms=SENT_MS, lateness_ms=0, duration_ms=20, status_code=200)
BUSY = Outcome(
    Verdict.RETRYABLE,
    started_at_ms=SENT_MS,
    lateness_ms=0,
    duration_ms=20,
    status_code=503,
    error_code="status_retryable",
    error_message="The target answered 503.",
    response_excerpt="busy",
    retry_after_ms=30_000,
)
REFUSED = replace(
    BUSY,
    verdict=Verdict.PERMANENT,
    status_code=404,
    error_code="status_permanent",
    error_message="The target answered 404.",
    retry_after_ms=None,
)


@pytest.fixture
def world() -> World:
    return World()


def running(world: World, **changes: Any) -> Job:
    """A job in its first attempt, at its fire time."""
    job = world.accept(a_job(**changes))
    world.clock.ms = job.fire_at_ms
    claim = world.store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=job.fire_at_ms)
    assert claim.won is not None
    return claim.won


def written(world: World, job: Job, outcome: Outcome) -> Job | None:
    return settle(
        job,
        outcome,
        store=world.store,
        journal=world.journal,
        terms=world.terms,
        now_ms=world.clock.advance(ms=20),
    )


def written_late(world: World, message: Message) -> Job | None:
    return settle_late(
        message, store=world.store, journal=world.journal, terms=world.terms, now_ms=world.clock.advance(seconds=30)
    )


class TestWhatFollows:
    def test_success_ends_the_job(self, world: World) -> None:
        """With its attempt on record."""
        job = running(world)
        after, attempt = settled(job, SUCCEEDED, terms=world.terms, now_ms=SENT_MS + 20)
        assert (after.status, after.finished_at_ms) == (Status.SUCCEEDED, SENT_MS + 20)
        assert (attempt.number, attempt.outcome, attempt.status_code) == (1, AttemptOutcome.SUCCEEDED, 200)
        assert after.attempts == (attempt,)

    def test_what_may_pass_is_scheduled_again_from_now_on(self, world: World) -> None:
        """The wait counts from the settling, and the attempt says when the next one comes."""
        after, attempt = settled(running(world), BUSY, terms=world.terms, now_ms=SENT_MS + 20)
        assert (after.status, after.fire_at_ms) == (Status.SCHEDULED, SENT_MS + 20 + 30_000)
        assert (attempt.outcome, attempt.next_attempt_at_ms) == (AttemptOutcome.RETRY, SENT_MS + 20 + 30_000)
        assert after.handoff, "a retry within the horizon goes by the stream"

    @pytest.mark.parametrize("outcome", [REFUSED, BUSY], ids=["permanent", "attempts used up"])
    def test_a_failure_ends_the_job(self, world: World, outcome: Outcome) -> None:
        """At once if it is permanent, else when its attempts are used up."""
        job = running(world, retry=RetryPolicy(max_attempts=1))
        after, attempt = settled(job, outcome, terms=world.terms, now_ms=SENT_MS + 20)
        assert (after.status, attempt.outcome, attempt.next_attempt_at_ms) == (
            Status.FAILED,
            AttemptOutcome.FAILED,
            None,
        )

    def test_a_job_that_cost_five_workers_fails_with_an_honest_reason(self, world: World) -> None:
        """Attempts may be left: it is not tried again."""
        after, attempt = settled(running(world), DIED_TOO_OFTEN, terms=world.terms, now_ms=SENT_MS)
        assert after.status is Status.FAILED
        assert attempt.error is not None
        assert attempt.error.code == "died"
        assert attempt.error.message == (
            f"{MAX_DEATHS} workers in a row died on this job. Whether the request was sent is not known."
        )


class TestWriting:
    def test_the_outcome_is_stored_and_told(self, world: World) -> None:
        """One line for each attempt, with host, figures and codes, and no secret."""
        job = running(world)
        assert written(world, job, BUSY) is not None
        stored = world.store[job.id]
        assert (stored.status, stored.attempt_count) == (Status.SCHEDULED, 1)
        assert stored.attempts[0].response_excerpt == "busy"
        (told,) = world.journal.of("attempt")
        assert told == {
            "job_id": job.id,
            "host": "example.com",
            "attempt": 1,
            "outcome": "retry",
            "status_code": 503,
            "error": "status_retryable",
            "lateness_ms": 0,
            "duration_ms": 20,
            "next_attempt_at_ms": stored.fire_at_ms,
        }

    def test_a_settle_after_its_lease_but_before_another_claim_is_still_the_truth(self, world: World) -> None:
        """Conditional on the attempt, not on the clock."""
        job = running(world)
        world.clock.ms = (job.lease_until_ms or 0) + 600_000
        assert written(world, job, SUCCEEDED) is not None
        assert world.store[job.id].status is Status.SUCCEEDED

    def test_a_settle_whose_attempt_was_taken_over_changes_nothing_and_says_so(self, world: World) -> None:
        """F14: the other attempt's word counts."""
        job = running(world)
        world.clock.ms = (job.lease_until_ms or 0) + 1
        rival = world.store.take_over(job, claim_id="claim-2", now_ms=world.clock.ms).won
        assert written(world, job, SUCCEEDED) is None
        assert world.store[job.id] == rival
        assert world.journal.of("settle_lost") == [{"job_id": job.id, "attempt": 1, "outcome": "succeeded"}]
        assert world.journal.of("attempt") == []

    def test_a_settle_whose_reply_was_lost_is_repeated_without_harm(self, world: World) -> None:
        """The store answers the repetition as it would have answered the first."""
        job = running(world)

        def lose_reply() -> None:
            raise StoreUnavailable("the reply was lost")

        world.store.after["settle"] = lose_reply
        with pytest.raises(StoreUnavailable):
            written(world, job, SUCCEEDED)
        first = world.store[job.id]
        world.clock.ms -= 20
        assert written(world, job, SUCCEEDED) is not None
        assert world.store[job.id] == first

    def test_when_a_rival_wrote_the_failure_first_its_notice_is_still_owed(self, world: World) -> None:
        """Whoever finds a failed job that nobody was told of sends the letter: the rival may have died."""
        job = running(world)
        written(world, job, REFUSED)
        found = written(world, job, SUCCEEDED)
        assert found is not None
        assert (found.status, found.owes_notice) == (Status.FAILED, True)

    def test_an_outcome_that_cannot_be_written_is_not_told_as_written(self, world: World) -> None:
        """F13: nothing is decided."""
        job = running(world)
        world.store.down = True
        with pytest.raises(StoreUnavailable):
            written(world, job, SUCCEEDED)
        world.store.down = False
        assert world.store[job.id] == job
        assert world.journal.of("attempt") == []


class TestLate:
    """An outcome that comes back by the queue."""

    def test_it_is_written_if_its_attempt_still_runs(self, world: World) -> None:
        """So the request is not sent again, and its outcome is what it was (F13)."""
        job = running(world)
        after = written_late(world, Message(job.due, 1, SUCCEEDED))
        assert after is not None
        assert world.store[job.id].status is Status.SUCCEEDED
        assert world.store[job.id].attempts[0].started_at_ms == SENT_MS

    def test_its_retry_counts_from_when_it_is_written(self, world: World) -> None:
        """An outage must not bring the retry forward."""
        job = running(world)
        written_late(world, Message(job.due, 1, BUSY))
        assert world.store[job.id].fire_at_ms == SENT_MS + 30_000 + 30_000

    def test_it_is_old_news_when_another_attempt_has_begun(self, world: World) -> None:
        """Nothing changes."""
        job = running(world)
        world.clock.ms = (job.lease_until_ms or 0) + 1
        rival = world.store.take_over(job, claim_id="claim-2", now_ms=world.clock.ms).won
        assert written_late(world, Message(job.due, 1, SUCCEEDED)) is None
        assert world.store[job.id] == rival

    def test_it_is_old_news_when_it_was_written_already(self, world: World) -> None:
        """The message came twice, or the first writing's reply was lost."""
        job = running(world)
        message = Message(job.due, 1, BUSY)
        written_late(world, message)
        first = world.store[job.id]
        assert written_late(world, message) is None
        assert world.store[job.id] == first

    def test_of_a_job_that_is_gone_there_is_nothing_to_write(self, world: World) -> None:
        """It has expired, or never was."""
        assert written_late(world, Message(a_job().due, 1, SUCCEEDED)) is None

    def test_a_failure_that_was_written_but_not_told_is_handed_back_to_be_told(self, world: World) -> None:
        """Its worker died between settling and the letter."""
        job = running(world)
        message = Message(job.due, 1, REFUSED)
        written_late(world, message)
        again = written_late(world, message)
        assert again is not None
        assert again.owes_notice


class TestGivingUp:
    def test_the_letter_names_the_attempt_and_the_reason(self, world: World) -> None:
        """So that bury can tell a letter of ours, and of which attempt."""
        job = running(world)
        after = written(world, job, REFUSED)
        assert after is not None
        give_up(after, queue=world.queue)
        assert world.queue.letters == [DeadLetter(Message(job.due, attempt=1), reason="status_permanent")]

    def test_a_notice_is_owed_only_if_somebody_wants_it(self, world: World) -> None:
        """The job may have asked for silence."""
        job = running(world, notify=Notify(()))
        after = written(world, job, REFUSED)
        assert after is not None
        assert (after.status, after.owes_notice) == (Status.FAILED, False)
