"""Fire: a batch is worked on together, and no job suffers for another."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.fire import LONGEST_ALONE_MS
from lambdas.jobs.job import MAX_DEATHS, Job, RetryPolicy, Status
from lambdas.jobs.ports import Message
from lambdas.jobs.sending import Answer, OutgoingRequest
from tests.jobs.firing import ANSWER, accepted, fired
from tests.world import WorkerDied, World

WAIT_SECONDS = 10
"""How long a thread of a test waits for another before the test fails; never used up."""


@pytest.fixture
def world() -> World:
    return World()


class TestBatches:
    def test_one_slow_target_does_not_delay_another(self, world: World) -> None:
        """Each job in its own thread: the slow target answers only after the other job is written."""
        written = threading.Event()
        arrived = threading.Event()

        def slow(_: OutgoingRequest) -> Answer:
            arrived.set()
            assert written.wait(WAIT_SECONDS), "the slow target held the other job up"
            return ANSWER(200)

        def quick(_: OutgoingRequest) -> Answer:
            assert arrived.wait(WAIT_SECONDS), "the two were not sent together"
            world.store.after["settle"] = written.set
            return ANSWER(200)

        jobs = [accepted(world, slow, path="slow"), accepted(world, quick, path="quick")]
        assert fired(world, *jobs) == []
        assert {world.store[job.id].status for job in jobs} == {Status.SUCCEEDED}

    def test_all_jobs_of_one_instant_leave_together(self, world: World) -> None:
        """Ten requests are under way at once."""
        together = threading.Barrier(10)

        def meet(_: OutgoingRequest) -> Answer:
            together.wait(WAIT_SECONDS)
            return ANSWER(200)

        jobs = [accepted(world, meet, path=str(number)) for number in range(10)]
        assert fired(world, *jobs) == []
        assert {world.store[job.id].status for job in jobs} == {Status.SUCCEEDED}

    def test_redelivered_messages_come_last_and_alone(self, world: World) -> None:
        """F12: whichever of them killed the worker must not do so to its neighbours again and again."""
        log = Log(world)
        fresh = [log.job(f"fresh-{number}") for number in range(3)]
        again = [log.job(f"again-{number}") for number in range(3)]
        messages = [Message(job.due, receive_count=2) for job in again] + [Message(job.due) for job in fresh]
        assert world.fire(messages) == []
        assert sorted(log.begun[:3]) == ["fresh-0", "fresh-1", "fresh-2"]
        assert log.begun[3:] == ["again-0", "again-1", "again-2"]
        assert [log.beside[job.name or ""] for job in again] == [set(), set(), set()]

    def test_of_redelivered_messages_the_least_suspicious_come_first(self, world: World) -> None:
        """One that was delivered four times is likelier to kill the worker than one that was merely beside it."""
        log = Log(world)
        jobs = [log.job(f"delivered-{count}-times") for count in (4, 2, 3)]
        world.fire([Message(job.due, receive_count=count) for job, count in zip(jobs, (4, 2, 3), strict=True)])
        assert log.begun == ["delivered-2-times", "delivered-3-times", "delivered-4-times"]

    def test_messages_that_come_alone_are_begun_only_while_there_is_time(self, world: World) -> None:
        """An invocation that ends in the middle of one would count as another death."""
        jobs = [accepted(world, path=str(number)) for number in range(3)]
        left = iter([LONGEST_ALONE_MS, LONGEST_ALONE_MS - 1, 0])
        messages = [Message(job.due, receive_count=2) for job in jobs]
        assert world.fire(messages, lambda: next(left)) == messages[1:]
        assert [len(world.sent(job)) for job in jobs] == [1, 0, 0]

    def test_a_poison_job_ends_and_its_neighbours_are_not_punished(self, world: World) -> None:
        """F12: it kills its worker each time; the other nine fire, each with at most one death on its record."""

        def poison(_: OutgoingRequest) -> Answer:
            raise WorkerDied

        bad = accepted(world, poison, path="poison")
        good = [accepted(world, path=str(number)) for number in range(9)]
        world.run(seconds=3_600)
        assert world.store[bad.id].status is Status.FAILED
        assert len(world.sent(bad)) == MAX_DEATHS
        assert world.keys(bad) == [bad.id] * MAX_DEATHS
        assert len(world.alerts_of(bad)) == 1
        for job in good:
            after = world.store[job.id]
            assert (after.status, len(world.sent(job))) == (Status.SUCCEEDED, 1)
            assert after.attempt_count <= 2

    def test_a_batch_is_reported_message_by_message(self, world: World) -> None:
        """F28: no trouble of one job reaches another: a damaged item, a defect and a table that is away for one."""
        defect = accepted(world, broken_target, path="defect")
        damaged = accepted(world, path="damaged")
        good = accepted(world, path="good")
        world.store.damaged = {damaged.id}
        kept = fired(world, defect, damaged, good)
        assert {message.due.job_id for message in kept} == {defect.id, damaged.id}
        assert world.store[good.id].status is Status.SUCCEEDED
        assert world.sender.open_connections == 0

    def test_a_defect_is_told_by_its_place_and_never_by_its_text(self, world: World) -> None:
        """T7: the text may quote a secret."""
        job = accepted(world, broken_target)
        fired(world, job)
        (told,) = world.journal.of("defect")
        assert told["job_id"] == job.id
        assert "RuntimeError at test_fire_batches.py" in str(told["error"])
        assert "s3cret" not in str(world.journal.lines)

    def test_an_empty_batch_is_done(self, world: World) -> None:
        """Nothing in, nothing out."""
        assert world.fire([]) == []


def broken_target(_: OutgoingRequest) -> Answer:
    raise RuntimeError("s3cret")


class Log:
    """Which requests began in which order, and which other jobs were running then."""

    def __init__(self, world: World) -> None:
        self.begun: list[str] = []
        self.beside: dict[str, set[str]] = {}
        self._world = world

    def job(self, name: str) -> Job:
        return accepted(self._world, self._target(name), path=name, name=name)

    def _target(self, name: str) -> Callable[[OutgoingRequest], Answer]:
        def answer(_: OutgoingRequest) -> Answer:
            running = {job.name or "" for job in self._world.store if job.status is Status.RUNNING}
            self.begun.append(name)
            self.beside[name] = running - {name}
            return ANSWER(200)

        return answer


def test_a_request_that_cannot_be_read_ends_its_job_with_an_honest_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F28: tried again, as newer code may have written it; then failed and told, and no worker is said to have died."""

    def damaged(job: Job) -> Job:
        raise DamagedItem(f"JOB#{job.id}", "its request: TypeError: not a body")

    monkeypatch.setattr(world.store, "with_request", damaged)
    job = accepted(world, retry=RetryPolicy(max_attempts=2))
    assert fired(world, job) == []
    again = world.store[job.id]
    assert (again.status, again.deaths) == (Status.SCHEDULED, 0)
    world.clock.ms = again.fire_at_ms
    assert fired(world, again) == []
    ended = world.store[job.id]
    assert ended.status is Status.FAILED
    assert [attempt.error.code for attempt in ended.attempts if attempt.error] == ["request_damaged"] * 2
    assert world.sent(job) == []
