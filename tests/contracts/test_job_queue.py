"""What every job queue does: messages with a delay, dead letters, the backlog."""

from __future__ import annotations

import pytest

from lambdas.jobs.due_job import DueJob
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.ports import DeadLetter, Message
from tests.contracts.queue_places import QueueUnderTest
from tests.examples import new_id
from tests.fakes import NOW_MS

OUTCOME = Outcome(
    Verdict.RETRYABLE,
    started_at_ms=NOW_MS + 1,
    lateness_ms=1,
    duration_ms=20,
    status_code=503,
    error_code="status_retryable",
    error_message="The target answered 503.",
    response_excerpt="sorry \ufffd\n<b>“käse”</b>",
    retry_after_ms=0,
)


def a_message() -> Message:
    return Message(DueJob(NOW_MS, new_id()))


def waited(under_test: QueueUnderTest, seconds: int) -> None:
    if under_test.move_time is None:
        pytest.skip("time is the real one here")
    under_test.move_time(seconds)


def test_a_message_arrives_as_it_was_sent(job_queue: QueueUnderTest) -> None:
    """For the first time: its receive count is 1."""
    message = a_message()
    assert job_queue.queue.send([(message, 0)]) == []
    assert job_queue.receive() == [message]


def test_an_outcome_arrives_as_it_was_sent(job_queue: QueueUnderTest) -> None:
    """F13: what could not be written down when it was known."""
    message = Message(DueJob(NOW_MS, new_id()), attempt=3, outcome=OUTCOME)
    job_queue.queue.send([(message, 0)])
    assert job_queue.receive() == [message]


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_any_number_of_messages_is_sent(job_queue: QueueUnderTest, count: int) -> None:
    """However many the queue takes at once."""
    messages = [a_message() for _ in range(count)]
    assert job_queue.queue.send([(message, 0) for message in messages]) == []
    arrived = job_queue.receive()
    assert sorted(message.due for message in arrived) == sorted(message.due for message in messages)


def test_a_delayed_message_waits(job_queue: QueueUnderTest) -> None:
    """It cannot be received, and is no backlog: it waits for its time, not for a worker."""
    job_queue.queue.send([(a_message(), 60)])
    assert job_queue.queue.backlog() == 0
    assert job_queue.receive() == []


def test_a_delayed_message_arrives_when_its_delay_is_over(job_queue: QueueUnderTest) -> None:
    """Each message of one send by its own delay."""
    soon, later = a_message(), a_message()
    job_queue.queue.send([(later, 60), (soon, 10)])
    waited(job_queue, 9)
    assert job_queue.receive() == []
    waited(job_queue, 2)
    assert job_queue.receive() == [soon]
    waited(job_queue, 50)
    assert job_queue.receive() == [later]


@pytest.mark.parametrize(("asked", "given"), [(-5, 0), (900, 900), (901, 900), (10**9, 900)])
def test_delays_are_kept_within_what_queues_can(job_queue: QueueUnderTest, asked: int, given: int) -> None:
    """0 to 900 seconds (SQS); who wants more is early, and sends the message on."""
    message = a_message()
    assert job_queue.queue.send([(message, asked)]) == []
    if given:
        assert job_queue.receive() == []
        waited(job_queue, given + 1)
    assert job_queue.receive() == [message]


def test_the_backlog_is_what_waits_for_a_worker(job_queue: QueueUnderTest) -> None:
    """F25: about that many; nothing once all is taken."""
    assert job_queue.queue.backlog() == 0
    job_queue.queue.send([(a_message(), 0) for _ in range(12)])
    assert job_queue.queue.backlog() == 12
    job_queue.receive()
    assert job_queue.queue.backlog() == 0


def test_a_dead_letter_arrives_as_it_was_sent(job_queue: QueueUnderTest) -> None:
    """With the attempt that was the last, and why; the jobs queue sees none of it."""
    letter = DeadLetter(Message(DueJob(NOW_MS, new_id()), attempt=5), reason="status_permanent")
    job_queue.queue.send_dead_letter(letter)
    assert job_queue.receive_letters() == [letter]
    assert job_queue.receive() == []
