"""Fire: a message becomes at most one request, at its instant, and its outcome is written before it is acknowledged."""

from __future__ import annotations

import pytest

from lambdas.jobs.job import AttemptOutcome, Notify, RetryPolicy, Status
from lambdas.jobs.ports import Message
from lambdas.jobs.sending import Failure
from tests.examples import large_request
from tests.jobs.firing import ANSWER, DUE_MS, MINUTE_MS, accepted, fired
from tests.world import World


@pytest.fixture
def world() -> World:
    return World()


class TestOneJob:
    def test_a_job_fires_at_its_instant_and_is_settled(self, world: World) -> None:
        """P2: claimed early, sent at the millisecond, written, acknowledged, and the connection let go."""
        job = accepted(world)
        assert fired(world, job) == []
        assert world.sent(job) == [DUE_MS]
        after = world.store[job.id]
        assert (after.status, after.attempt_count) == (Status.SUCCEEDED, 1)
        assert (after.attempts[0].lateness_ms, after.attempts[0].status_code) == (0, 200)
        assert not world.store.in_due_index(job.id)
        assert world.sender.open_connections == 0

    def test_the_connection_is_opened_before_the_instant(self, world: World) -> None:
        """So that only the request itself is left to be sent at it."""
        job = accepted(world)
        opened_at: list[int] = []
        world.store.after["with_request"] = lambda: opened_at.append(world.clock.ms)
        fired(world, job)
        assert opened_at == [DUE_MS - 2_000]

    def test_a_large_request_is_fetched_after_the_claim(self, world: World) -> None:
        """It is stored beside the job."""
        job = accepted(world, request=large_request())
        fired(world, job)
        assert world.sender.sent[0].request.body == b"x" * 20_000

    def test_a_late_message_fires_at_once_and_its_lateness_is_true(self, world: World) -> None:
        """F6, F10: an hour late is told as an hour late."""
        job = accepted(world)
        world.clock.ms = DUE_MS + 60 * MINUTE_MS
        fired(world, job)
        assert world.sent(job) == [DUE_MS + 60 * MINUTE_MS]
        assert world.store[job.id].attempts[0].lateness_ms == 60 * MINUTE_MS

    def test_a_retryable_failure_is_scheduled_again_and_handed_off_by_the_stream(self, world: World) -> None:
        """The same near rule as for a new job."""
        job = accepted(world, ANSWER(503), ANSWER(200))
        world.hand_off()
        assert fired(world, job) == []
        after = world.store[job.id]
        assert after.status is Status.SCHEDULED
        assert DUE_MS + 10_000 <= after.fire_at_ms <= DUE_MS + 20_000
        assert world.store.in_due_index(job.id)
        assert world.store.stream == [after.due]

    def test_a_permanent_failure_leaves_its_letter(self, world: World) -> None:
        """Failed, then the dead letter, then the acknowledgement."""
        job = accepted(world, ANSWER(404))
        assert fired(world, job) == []
        assert world.store[job.id].status is Status.FAILED
        (letter,) = world.queue.letters
        assert (letter.message.due, letter.message.attempt, letter.reason) == (job.due, 1, "status_permanent")

    def test_a_failure_that_nobody_wants_to_hear_of_leaves_none(self, world: World) -> None:
        """`notify.on` is empty."""
        job = accepted(world, ANSWER(404), notify=Notify(()))
        assert fired(world, job) == []
        assert (world.store[job.id].status, world.queue.letters) == (Status.FAILED, [])

    def test_a_success_that_was_to_be_told_is_told_once(self, world: World) -> None:
        """And noted as told."""
        job = accepted(world, notify=Notify(("succeeded",)))
        assert fired(world, job) == []
        assert [alert.subject for alert in world.alerts.sent] == [f"Punctual: {job.id} succeeded"]
        assert world.store[job.id].alerted_at_ms is not None
        assert fired(world, job, receive_count=2) == []
        assert len(world.alerts.sent) == 1

    def test_a_success_that_could_not_be_told_is_told_when_the_message_comes_again(self, world: World) -> None:
        """F22: without another request."""
        job = accepted(world, notify=Notify(("succeeded",)))
        world.alerts.down = True
        assert len(fired(world, job)) == 1
        world.alerts.down = False
        assert fired(world, job, receive_count=2) == []
        assert (len(world.alerts.sent), len(world.sent(job))) == (1, 1)


class TestEarlyMessages:
    """Judged from the message alone, before any claim: a claimed job could not be edited while it waits."""

    @pytest.mark.parametrize(
        ("early_ms", "delay_seconds"), [(7_001, 5), (8_000, 6), (2 * MINUTE_MS, 118), (17 * MINUTE_MS, 900)]
    )
    def test_an_early_message_is_sent_on_with_the_rest_of_its_delay(
        self, world: World, early_ms: int, delay_seconds: int
    ) -> None:
        """F10. Earlier than lead + 5 s. Near reaches beyond SQS's longest delay, so this is nothing special."""
        job = accepted(world)
        world.clock.ms = DUE_MS - early_ms
        assert fired(world, job) == []
        assert world.queue.waiting == [(world.clock.ms + delay_seconds * 1000, Message(job.due))]
        assert world.store[job.id] == job

    def test_a_message_within_the_tolerance_is_waited_for(self, world: World) -> None:
        """F10: seven seconds of waiting cost less than another way through the queue."""
        job = accepted(world)
        world.clock.ms = DUE_MS - 7_000
        fired(world, job)
        assert world.sent(job) == [DUE_MS]

    def test_a_message_that_is_earlier_than_the_margin_explains_is_dropped(self, world: World) -> None:
        """A clock was wrong somewhere. The sweep has the job: its window has not come to it yet."""
        job = accepted(world, due_in_ms=60 * MINUTE_MS)
        world.clock.ms = job.fire_at_ms - 17 * MINUTE_MS - 1
        assert fired(world, job) == []
        assert world.queue.waiting == []
        assert world.store[job.id] == job
        assert world.journal.of("message_dropped") == [{"job_id": job.id, "why": "not_near"}]

    def test_when_the_queue_refuses_the_message_comes_again(self, world: World) -> None:
        """Refused alone, or the queue away: it is not acknowledged."""
        job = accepted(world)
        world.clock.ms = DUE_MS - MINUTE_MS
        world.queue.refused = {job.id}
        assert fired(world, job) == [Message(job.due)]
        world.queue.refused, world.queue.down = set(), True
        assert fired(world, job) == [Message(job.due)]


class TestTargetsThatWereNeverReached:
    def test_a_refused_connection_is_an_attempt_like_any_other(self, world: World) -> None:
        """Tried again, with what is known of it."""
        refused = Failure("connect_failed", "example.com:443 refused.", started_at_ms=None, duration_ms=3)
        job = accepted(world, refused, ANSWER(200), retry=RetryPolicy(max_attempts=2))
        fired(world, job)
        (attempt,) = world.store[job.id].attempts
        assert (attempt.outcome, attempt.started_at_ms) == (AttemptOutcome.RETRY, None)

    def test_an_address_that_is_not_allowed_fails_the_job_at_once(self, world: World) -> None:
        """T1: trying again cannot help."""
        denied = Failure("address_denied", "example.com leads to no public address.", started_at_ms=None, duration_ms=1)
        job = accepted(world, denied)
        fired(world, job)
        assert world.store[job.id].status is Status.FAILED
        assert world.queue.letters[0].reason == "address_denied"
