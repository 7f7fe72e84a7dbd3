"""F27: workers whose clocks are two seconds off. Nothing leaves earlier than that, and nothing twice."""

from __future__ import annotations

import pytest

from lambdas.jobs.breaker import Breaker
from lambdas.jobs.fire import Worker
from lambdas.jobs.job import AttemptOutcome, Job, Status
from lambdas.jobs.ports import Message
from lambdas.jobs.sending import Answer, OutgoingRequest
from tests.examples import a_job
from tests.fakes import NOW_MS, FakeClock, FakeSender, Script
from tests.world import VISIBILITY_MS, WorkerDied, World

MINUTE_MS = 60_000
SKEW_MS = 2_000
ANSWER = FakeSender.answering
OFF = pytest.mark.parametrize("skew_ms", [SKEW_MS, -SKEW_MS], ids=["ahead", "behind"])


class SkewedClock(FakeClock):
    """What a machine takes for the time: the true one, and so much."""

    def __init__(self, true: FakeClock, skew_ms: int) -> None:
        self._true = true
        self._skew_ms = skew_ms

    @property
    def ms(self) -> int:
        return self._true.ms + self._skew_ms

    @ms.setter
    def ms(self, value: int) -> None:
        self._true.ms = value - self._skew_ms


def worker_off_by(world: World, skew_ms: int) -> Worker:
    """A worker that waits, leases and judges by a clock that is off; its targets note when a request truly comes."""
    clock = SkewedClock(world.clock, skew_ms)
    breaker = Breaker(
        targets=world.targets,
        alerts=world.alerts,
        journal=world.journal,
        clock=clock,
        limits=world.limits,
        uniform=world.terms.uniform,
    )
    return world.worker._replace(clock=clock, sender=FakeSender(clock), breaker=breaker)


def answer(worker: Worker, job: Job, script: Script) -> None:
    """What the job's target does to this worker's request."""
    assert isinstance(worker.sender, FakeSender)
    worker.sender.answers[job.request.url] = [script]


def arrivals(world: World, *workers: Worker) -> list[int]:
    """When requests truly left, whoever sent them."""
    return sorted(
        sent.at_ms - worker.clock.now_ms() + world.clock.now_ms()
        for worker in workers
        if isinstance(worker.sender, FakeSender)
        for sent in worker.sender.sent
    )


@OFF
@pytest.mark.parametrize("due_in_ms", [500, 5 * MINUTE_MS, 90 * MINUTE_MS])
def test_a_worker_whose_clock_is_off_sends_once_and_early_by_no_more_than_that(skew_ms: int, due_in_ms: int) -> None:
    """F27. It is early if its clock is ahead and late if it is behind; by its own clock it was on time."""
    world = World()
    world.worker = worker_off_by(world, skew_ms)
    job = world.accept(a_job(due_in_ms=due_in_ms))
    world.run(seconds=due_in_ms / 1000 + 600)
    (at_ms,) = arrivals(world, world.worker)
    assert at_ms - job.due_at_ms == max(-skew_ms, NOW_MS - job.due_at_ms)
    after = world.store[job.id]
    assert after.status is Status.SUCCEEDED
    assert after.attempts[0].lateness_ms == max(0, NOW_MS + skew_ms - job.due_at_ms)


@OFF
def test_of_two_workers_who_disagree_about_the_time_one_sends(skew_ms: int) -> None:
    """F27. The message comes to both at once, and the first's claim holds by the other's clock too."""
    world = World(batch_size=1)
    first, second = worker_off_by(world, skew_ms), worker_off_by(world, -skew_ms)
    job = world.accept(a_job())

    def meanwhile(_: OutgoingRequest) -> Answer:
        world.worker = second
        assert world.work() == 1
        world.worker = first
        return ANSWER(200)

    answer(first, job, meanwhile)
    world.queue.send([(Message(job.due), 57)] * 2)
    world.clock.advance(seconds=57)
    world.worker = first
    assert world.work() == 1
    assert len(arrivals(world, first, second)) == 1
    assert outcomes(world, job) == [AttemptOutcome.SUCCEEDED]


@OFF
def test_what_a_worker_left_is_taken_over_by_one_whose_clock_is_off_the_other_way(skew_ms: int) -> None:
    """F27. Four seconds between them: the lease is over for both when the message comes again, and not before."""
    world = World()
    first, second = worker_off_by(world, skew_ms), worker_off_by(world, -skew_ms)
    job = world.accept(a_job(timeout_ms=60_000))
    world.worker = first
    answer(first, job, dies_in_mid_request)
    world.run(seconds=90)
    world.worker = second
    world.run(seconds=600)
    sent = arrivals(world, first, second)
    assert len(sent) == 2
    assert sent[1] - sent[0] <= VISIBILITY_MS
    assert outcomes(world, job) == [AttemptOutcome.DIED, AttemptOutcome.SUCCEEDED]


def outcomes(world: World, job: Job) -> list[AttemptOutcome]:
    return [attempt.outcome for attempt in world.store[job.id].attempts]


def dies_in_mid_request(_: OutgoingRequest) -> Answer:
    raise WorkerDied
