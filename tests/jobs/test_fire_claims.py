"""Fire: who may run an attempt when the claim is refused, a worker died or the table is away."""

from __future__ import annotations

import pytest

from lambdas.jobs.due_job import DueJob
from lambdas.jobs.fire import LATE_OUTCOME_DELAY_SECONDS
from lambdas.jobs.job import LEASE_SLACK_MS, MAX_DEATHS, AttemptOutcome, Status
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.ports import Claim, Message
from tests.fakes import NOW_MS, FakeJobStore
from tests.jobs.firing import ANSWER, DUE_MS, MINUTE_MS, accepted, claimed_by_another, fired
from tests.world import VISIBILITY_MS, WorkerDied, World, dies, unavailable


@pytest.fixture
def world() -> World:
    return World()


class TestRefusedClaims:
    def test_a_message_that_comes_twice_fires_once(self, world: World) -> None:
        """F9: one claim wins, whether the other message comes at once or later."""
        job = accepted(world)
        assert fired(world, job, job) == []
        assert fired(world, job, receive_count=2) == []
        assert len(world.sent(job)) == 1
        assert [facts["why"] for facts in world.journal.of("message_dropped")] == ["double", "double"]

    def test_a_message_for_a_time_that_was_changed_does_nothing(self, world: World) -> None:
        """P4, F10: rescheduled after it was sent."""
        job = accepted(world)
        world.reschedule(job.id, DUE_MS + MINUTE_MS)
        assert fired(world, job) == []
        assert world.sent(job) == []
        assert world.journal.of("message_dropped") == [{"job_id": job.id, "why": "stale"}]

    def test_a_message_of_a_cancelled_job_does_nothing(self, world: World) -> None:
        """P4."""
        job = accepted(world)
        world.cancel(job.id)
        assert fired(world, job) == []
        assert world.sent(job) == []

    def test_a_message_of_a_job_that_is_gone_does_nothing(self, world: World) -> None:
        """It has expired."""
        assert world.fire([Message(DueJob(NOW_MS, "job_gone"))]) == []
        assert world.sender.sent == []

    def test_a_cancel_that_comes_just_before_the_claim_wins(self, world: World) -> None:
        """F15: exactly one wins."""
        job = accepted(world)
        world.store.before["claim"] = lambda: [world.cancel(job.id)].clear()
        assert fired(world, job) == []
        assert (world.store[job.id].status, world.sent(job)) == (Status.CANCELLED, [])

    def test_a_claim_whose_reply_was_lost_is_won_when_it_is_repeated(self) -> None:
        """The client library repeats the write; the condition fails, and the item carries my own claim_id."""
        world = World(store=RepeatingStore())
        job = accepted(world)
        assert fired(world, job) == []
        assert len(world.sent(job)) == 1
        assert (world.store[job.id].status, world.store[job.id].attempt_count) == (Status.SUCCEEDED, 1)

    def test_a_claim_that_was_written_and_never_answered_is_taken_over(self, world: World) -> None:
        """The message is kept; when it comes again the lease has run out."""
        job = accepted(world)
        world.store.after["claim"] = unavailable
        assert len(fired(world, job)) == 1
        assert world.sent(job) == []
        world.clock.advance(ms=VISIBILITY_MS)
        assert fired(world, job, receive_count=2) == []
        assert len(world.sent(job)) == 1
        assert [a.outcome for a in world.store[job.id].attempts] == [AttemptOutcome.DIED, AttemptOutcome.SUCCEEDED]

    @pytest.mark.parametrize("died_after", ["settle", "send_dead_letter"])
    def test_failed_but_not_yet_buried_sends_its_letter_again(self, world: World, died_after: str) -> None:
        """F11: the worker died between settling, the letter and the acknowledgement. No failure is swallowed."""
        job = accepted(world, ANSWER(404))
        if died_after == "settle":
            world.store.after["settle"] = dies
        else:
            world.queue.after["send_dead_letter"] = dies
        with pytest.raises(WorkerDied):
            fired(world, job)
        letters = len(world.queue.letters)
        assert fired(world, job, receive_count=2) == []
        assert len(world.queue.letters) == letters + 1
        assert len(world.sent(job)) == 1

    def test_a_failed_job_that_nobody_was_told_of_is_told_whichever_message_finds_it(self, world: World) -> None:
        """Also one for an earlier fire time: the job is out of the due index, so messages are all that can find it."""
        job = accepted(world, ANSWER(503), ANSWER(404))
        fired(world, job)
        world.store.after["settle"] = dies
        world.clock.ms = world.store[job.id].fire_at_ms
        with pytest.raises(WorkerDied):
            fired(world, world.store[job.id])
        assert world.queue.letters == []
        assert fired(world, job, receive_count=2) == []
        assert len(world.queue.letters) == 1

    def test_a_letter_that_cannot_be_sent_keeps_the_message(self, world: World) -> None:
        """F21: the job has failed, and its message remembers that nobody was told."""
        job = accepted(world, ANSWER(404))
        world.queue.down = True
        assert fired(world, job) == [Message(job.due)]
        world.queue.down = False
        assert fired(world, job, receive_count=2) == []
        assert len(world.queue.letters) == 1


class TestDeadWorkers:
    def test_while_the_lease_is_live_nobody_takes_over(self, world: World) -> None:
        """The worker may be in the middle of it."""
        job = accepted(world)
        dead = claimed_by_another(world, job)
        world.clock.ms = dead.lease_until_ms or 0
        assert fired(world, job, receive_count=2) == []
        assert world.sent(job) == []
        assert world.store.in_due_index(job.id), "the overdue query finds it"

    def test_after_the_lease_another_attempt_with_the_same_key(self, world: World) -> None:
        """F11: counted, and noted as died."""
        job = accepted(world)
        dead = claimed_by_another(world, job)
        world.clock.ms = (dead.lease_until_ms or 0) + 1
        assert fired(world, job, receive_count=2) == []
        after = world.store[job.id]
        assert [a.outcome for a in after.attempts] == [AttemptOutcome.DIED, AttemptOutcome.SUCCEEDED]
        assert world.keys(job) == [job.id]
        assert dict(world.sender.sent[0].request.headers)["Punctual-Attempt"] == "2"
        assert world.journal.of("taken_over") == [{"job_id": job.id, "attempt": 2, "deaths": 1}]

    def test_two_who_find_the_lapsed_lease_take_over_once(self, world: World) -> None:
        """The attempt that was found must still be the one that runs."""
        job = accepted(world)
        dead = claimed_by_another(world, job)
        world.clock.ms = (dead.lease_until_ms or 0) + 1
        world.store.before["take_over"] = lambda: fired(world, job, receive_count=2).clear()
        assert fired(world, job, receive_count=2) == []
        assert len(world.sent(job)) == 1
        assert world.store[job.id].attempt_count == 2

    def test_the_fifth_death_gives_the_job_up_instead_of_opening(self, world: World) -> None:
        """F12: a poison job is not tried again; it is failed with an honest reason, and its letter is sent."""
        job = accepted(world)
        dead = claimed_by_another(world, job, deaths=MAX_DEATHS - 1)
        world.clock.ms = (dead.lease_until_ms or 0) + 1
        assert fired(world, job, receive_count=2) == []
        after = world.store[job.id]
        assert (after.status, world.sent(job)) == (Status.FAILED, [])
        assert after.attempts[-1].error is not None
        assert after.attempts[-1].error.message.startswith("5 workers in a row died")
        assert [letter.reason for letter in world.queue.letters] == ["died"]

    def test_a_frozen_worker_sends_nothing_after_its_lease(self, world: World) -> None:
        """F14. Nothing leaves after lease_until − timeout: the exchange would not end inside the lease."""
        job = accepted(world, timeout_ms=10_000)
        freeze_until(world, DUE_MS + LEASE_SLACK_MS + 1)
        assert fired(world, job) == []
        assert world.sent(job) == []
        after = world.store[job.id]
        assert (after.status, after.attempts[0].outcome) == (Status.SCHEDULED, AttemptOutcome.RETRY)

    def test_a_worker_that_was_frozen_for_a_moment_still_sends(self, world: World) -> None:
        """Up to the last millisecond at which the exchange fits into the lease."""
        job = accepted(world, timeout_ms=10_000)
        freeze_until(world, DUE_MS + LEASE_SLACK_MS)
        fired(world, job)
        assert world.sent(job) == [DUE_MS + LEASE_SLACK_MS]

    def test_a_worker_that_comes_back_after_its_take_over_changes_nothing(self, world: World) -> None:
        """F14: two workers, one of them a ghost: one request, one outcome."""
        job = accepted(world)

        def freeze() -> None:
            world.clock.ms = (world.store[job.id].lease_until_ms or 0) + 1
            fired(world, job, receive_count=2)

        world.store.after["with_request"] = freeze
        assert fired(world, job) == []
        after = world.store[job.id]
        assert (after.status, after.attempt_count, len(world.sent(job))) == (Status.SUCCEEDED, 2, 1)
        assert [facts["attempt"] for facts in world.journal.of("settle_lost")] == [1]


class TestOutcomesThatCannotBeWritten:
    def test_the_outcome_goes_to_the_queue_and_is_written_later(self, world: World) -> None:
        """F13: a request that was sent is not sent again because the table was away."""
        job = accepted(world)
        world.store.before["settle"] = unavailable
        assert fired(world, job) == []
        ((at_ms, message),) = world.queue.waiting
        assert at_ms == world.clock.ms + LATE_OUTCOME_DELAY_SECONDS * 1000
        assert (message.due, message.attempt) == (job.due, 1)
        assert message.outcome is not None
        assert message.outcome.verdict is Verdict.SUCCEEDED
        assert world.store[job.id].status is Status.RUNNING
        world.clock.ms = at_ms
        assert world.fire([message]) == []
        after = world.store[job.id]
        assert (after.status, after.attempts[0].started_at_ms, len(world.sent(job))) == (Status.SUCCEEDED, DUE_MS, 1)

    def test_it_stays_in_the_queue_as_long_as_the_table_is_away(self, world: World) -> None:
        """F20: kept, not dropped."""
        message = Message(DueJob(DUE_MS, "job_1"), 1, Outcome(Verdict.SUCCEEDED))
        world.store.down = True
        assert world.fire([message]) == [message]

    def test_a_late_failure_sends_its_letter_too(self, world: World) -> None:
        """Failed, then the letter, then the acknowledgement, also on this way."""
        job = accepted(world, ANSWER(404))
        world.store.before["settle"] = unavailable
        fired(world, job)
        ((_, message),) = world.queue.waiting
        world.queue.down = True
        assert world.fire([message]) == [message]
        world.queue.down = False
        assert world.fire([message]) == []
        assert len(world.queue.letters) == 1

    def test_when_table_and_queue_are_away_the_message_comes_again(self, world: World) -> None:
        """F13: nothing is acknowledged before it is settled."""
        job = accepted(world)

        def both() -> None:
            world.queue.down = True
            unavailable()

        world.store.before["settle"] = both
        assert fired(world, job) == [Message(job.due)]

    def test_a_success_is_not_turned_into_a_death_by_a_moment_without_the_table(self, world: World) -> None:
        """The overdue query may find the job meanwhile: its lease is live, so its message is dropped."""
        job = accepted(world)
        world.store.before["settle"] = unavailable
        fired(world, job)
        world.run(seconds=600)
        after = world.store[job.id]
        assert [a.outcome for a in after.attempts] == [AttemptOutcome.SUCCEEDED]
        assert len(world.sent(job)) == 1


def freeze_until(world: World, at_ms: int) -> None:
    """The worker stands still between its claim and opening the connection, as a frozen machine does."""
    world.store.after["with_request"] = lambda: setattr(world.clock, "ms", at_ms)


class RepeatingStore(FakeJobStore):
    """Every claim's first reply is lost, and the client library repeats the write at once."""

    def claim(self, job_id: str, *, fire_at_ms: int, claim_id: str, now_ms: int) -> Claim:
        super().claim(job_id, fire_at_ms=fire_at_ms, claim_id=claim_id, now_ms=now_ms)
        return super().claim(job_id, fire_at_ms=fire_at_ms, claim_id=claim_id, now_ms=now_ms)
