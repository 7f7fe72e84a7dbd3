"""Hand off: a record of a near job becomes a message that arrives just before its instant."""

from __future__ import annotations

import pytest

from lambdas.jobs.due_job import DueJob
from lambdas.jobs.errors import QueueUnavailable
from lambdas.jobs.hand_off import hand_off
from lambdas.jobs.ports import Message
from tests.examples import HORIZON
from tests.fakes import NOW_MS, FakeClock, FakeJobQueue

MINUTE_MS = 60_000


@pytest.fixture
def queue() -> FakeJobQueue:
    return FakeJobQueue(FakeClock())


def due(name: str, ahead_ms: int) -> DueJob:
    return DueJob(NOW_MS + ahead_ms, name)


def handed_off(queue: FakeJobQueue, *jobs: DueJob) -> list[DueJob]:
    """Hands the jobs off; returns those that were refused."""
    return list(hand_off(jobs, queue=queue, horizon=HORIZON, now_ms=NOW_MS))


def test_a_message_names_the_job_and_its_fire_time_and_arrives_the_lead_early(queue: FakeJobQueue) -> None:
    """58 seconds of delay for a job that is due in a minute; nothing else travels."""
    assert handed_off(queue, due("job_1", MINUTE_MS)) == []
    assert queue.waiting == [(NOW_MS + 58_000, Message(due("job_1", MINUTE_MS)))]


def test_what_is_due_or_past_goes_at_once(queue: FakeJobQueue) -> None:
    """A late record is no reason to be later still."""
    handed_off(queue, due("job_now", 0), due("job_past", -86_400_000), due("job_soon", 2_900))
    assert {at_ms for at_ms, _ in queue.waiting} == {NOW_MS}


def test_a_job_in_the_margin_waits_as_long_as_the_queue_can(queue: FakeJobQueue) -> None:
    """Near reaches two minutes beyond SQS's longest delay: the message comes early and is sent on."""
    handed_off(queue, due("job_margin", 17 * MINUTE_MS))
    assert queue.waiting == [(NOW_MS + 900_000, Message(due("job_margin", 17 * MINUTE_MS)))]


def test_a_job_that_is_not_near_is_left_to_the_sweep(queue: FakeJobQueue) -> None:
    """Not refused either: its record must not come again."""
    assert handed_off(queue, due("job_far", 17 * MINUTE_MS + 1), due("job_near", MINUTE_MS)) == []
    assert [message.due.job_id for _, message in queue.waiting] == ["job_near"]


def test_refused_jobs_are_named_and_the_others_are_on_the_queue(queue: FakeJobQueue) -> None:
    """SQS refuses single entries of a batch (F8): only their records come again."""
    queue.refused = {"job_2"}
    jobs = [due(f"job_{number}", MINUTE_MS) for number in (1, 2, 3)]
    assert handed_off(queue, *jobs) == [jobs[1]]
    assert [message.due for _, message in queue.waiting] == [jobs[0], jobs[2]]


def test_a_queue_that_is_away_is_told(queue: FakeJobQueue) -> None:
    """F21: so that the records come again; the jobs stay in the due index meanwhile."""
    queue.down = True
    with pytest.raises(QueueUnavailable):
        handed_off(queue, due("job_1", MINUTE_MS))


def test_nothing_near_does_not_trouble_the_queue(queue: FakeJobQueue) -> None:
    """A batch of old news succeeds even while the queue is away."""
    queue.down = True
    assert handed_off(queue, due("job_far", 18 * MINUTE_MS)) == []
    assert handed_off(queue) == []
