"""The breaker beside its work: what is denied, who is told, what it costs, and what holds without the table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.job import Status
from lambdas.jobs.ports import Message
from lambdas.jobs.target import UNTOLD_AFTER_MS, State
from lambdas.jobs.target_memory import FRESH_MS
from tests.fakes import Script
from tests.jobs.breaking import (
    ANSWER,
    HOST,
    LIMITS,
    REFUSES,
    due_now,
    fired,
    patient_world,
    paused,
    paused_for_longer,
    subjects,
)
from tests.world import VISIBILITY_MS, WorkerDied, World, dies, unavailable


@pytest.fixture
def world() -> World:
    return World(limits=LIMITS)


class TestDenying:
    def test_refusals_in_a_row_deny_the_target_and_one_alert_tells_so(self, world: World) -> None:
        """F19: from then on its jobs fail at once, and nothing is sent."""
        fired(world, *[due_now(world, ANSWER(410)) for _ in range(LIMITS.refusals)])
        assert world.targets[HOST].state is State.DENIED
        assert subjects(world) == [f"Punctual: {HOST} is denied"]
        job = due_now(world)
        fired(world, job)
        after = world.store[job.id]
        assert (after.status, world.sent(job)) == (Status.FAILED, [])
        assert after.attempts[-1].error is not None
        assert after.attempts[-1].error.code == "target_denied"
        assert world.queue.letters[-1].reason == "target_denied"

    def test_anything_else_in_between_begins_the_row_anew(self, world: World) -> None:
        """A target that refuses some requests and takes others is nobody's mistake."""
        for answer in (ANSWER(200), ANSWER(503), ANSWER(200)):
            fired(world, *[due_now(world, ANSWER(404)) for _ in range(LIMITS.refusals - 1)], due_now(world, answer))
            world.clock.advance(seconds=3)
        assert HOST not in world.targets

    def test_it_does_not_end_by_itself(self, world: World) -> None:
        """Whoever was wrong, somebody must look."""
        fired(world, *[due_now(world, ANSWER(410)) for _ in range(LIMITS.refusals)])
        world.clock.advance(seconds=30 * 86_400)
        job = due_now(world)
        fired(world, job)
        assert world.store[job.id].status is Status.FAILED


class TestTelling:
    @pytest.mark.parametrize("change", ["paused", "closed", "denied"])
    def test_what_could_not_be_told_is_told_by_whoever_reads_of_it_later(self, change: str) -> None:
        """The topic was away, or the worker died: a minute later any other worker tells it, once."""
        world = patient_world()
        if change == "closed":
            paused(world)
            world.clock.advance(seconds=120)
        world.alerts.sent.clear()
        world.alerts.down = True
        answers: dict[str, Script] = {"paused": REFUSES, "closed": ANSWER(200), "denied": ANSWER(410)}
        for _ in range(1 if change == "closed" else LIMITS.failures):
            world.fire([Message(due_now(world, answers[change]).due)])
        world.alerts.down = False
        world.clock.advance(ms=UNTOLD_AFTER_MS - 1)
        fired(world, due_now(world))
        assert subjects(world) == [], "its teller may still be at it"
        world.clock.advance(ms=FRESH_MS)
        world.worker = world.worker._replace(breaker=world.a_breaker())
        fired(world, *[due_now(world) for _ in range(2)])
        ending = {"paused": "is paused", "closed": "answers again", "denied": "is denied"}[change]
        told = [subject for subject in subjects(world) if subject.endswith(ending)]
        assert told == [f"Punctual: {HOST} {ending}"]
        assert HOST not in world.targets or world.targets[HOST].untold is None

    @pytest.mark.parametrize("ends", ["topic away", "worker dies"])
    def test_if_no_other_job_comes_the_message_of_the_one_that_made_the_change_tells_it(self, ends: str) -> None:
        """F22. It is not acknowledged before somebody was told; its job is settled, and is not sent again."""
        world = patient_world()
        if ends == "topic away":
            world.alerts.down = True
        else:
            world.alerts.before["send"] = dies
        jobs = [due_now(world, ANSWER(410)) for _ in range(LIMITS.refusals)]
        world.queue.send([(Message(job.due), 0) for job in jobs])
        world.batch_size = 1
        while world.work():
            pass
        assert [message.due for _, message in world.queue.waiting] == [jobs[-1].due]
        world.alerts.down = False
        world.clock.advance(ms=VISIBILITY_MS)
        while world.work():
            pass
        assert subjects(world) == [f"Punctual: {HOST} is denied"]
        assert [len(world.sent(job)) for job in jobs] == [1, 1, 1]
        assert world.queue.waiting == []

    def test_a_message_that_comes_again_is_kept_while_it_cannot_be_known_whether_somebody_was_told(self) -> None:
        """The worker died while it told, and the table does not answer for the target: acknowledged, it would be lost.

        Nor does it matter how long ago that was: a worker may have been at its job for a minute before.
        """
        world = patient_world()
        world.alerts.before["send"] = dies
        jobs = [due_now(world, ANSWER(410)) for _ in range(LIMITS.refusals)]
        messages = [Message(job.due) for job in jobs]
        with pytest.raises(WorkerDied):
            fired(world, *jobs)
        again = replace(messages[-1], receive_count=2)
        world.targets.before["find"] = unavailable
        assert world.fire([again]) == [again]
        assert subjects(world) == []
        assert world.fire([replace(again, receive_count=3)]) == []
        assert subjects(world) == [f"Punctual: {HOST} is denied"]

    def test_an_alert_that_was_sent_and_not_noted_is_sent_again(self) -> None:
        """Twice is better than never."""
        world = patient_world()
        world.alerts.after["send"] = dies
        with pytest.raises(WorkerDied):
            paused(world)
        world.clock.advance(ms=UNTOLD_AFTER_MS + FRESH_MS)
        fired(world, due_now(world))
        assert subjects(world)[:2] == [f"Punctual: {HOST} is paused"] * 2


class TestWhatItCosts:
    def test_a_target_that_is_well_costs_no_write(self, world: World) -> None:
        """The way of nearly all jobs."""
        fired(world, *[due_now(world) for _ in range(20)])
        assert world.targets.writes == 0

    def test_a_batch_reads_a_target_once(self, world: World) -> None:
        """And a worker once in two seconds."""
        reads = _counted_reads(world)
        jobs = [due_now(world) for _ in range(10)]
        world.fire([Message(job.due) for job in jobs])
        assert len(reads) == 1
        world.clock.advance(ms=FRESH_MS - 1)
        fired(world, due_now(world))
        assert len(reads) == 1
        world.clock.advance(ms=1)
        fired(world, due_now(world))
        assert len(reads) == 2


class TestWithoutTheTable:
    @pytest.mark.parametrize("method", ["find", "count", "replace", "forget"])
    def test_jobs_are_sent_all_the_same(self, world: World, method: str) -> None:
        """The breaker is a courtesy and not a promise."""
        fired(world, *[due_now(world, REFUSES) for _ in range(LIMITS.failures - 1)])
        world.clock.advance(ms=FRESH_MS)
        world.targets.before[method] = unavailable
        last = due_now(world, ANSWER(200) if method == "forget" else REFUSES)
        fired(world, last)
        assert len(world.sent(last)) == 1
        assert world.journal.events().count("target_unknown") == 1

    def test_a_probe_that_cannot_be_noted_is_sent(self, world: World) -> None:
        """Rather than a job that waits for a table."""
        paused(world)
        world.clock.advance(seconds=30)
        world.targets.before["replace"] = unavailable
        job = due_now(world)
        fired(world, job)
        assert world.store[job.id].status is Status.SUCCEEDED

    def test_a_job_whose_putting_off_cannot_be_written_is_not_sent(self, world: World) -> None:
        """It may have been written: then the attempt is another's. The message comes again."""
        paused(world)
        job = due_now(world)
        for when in ("before", "after"):
            getattr(world.store, when)["put_off"] = unavailable
            message = Message(world.store[job.id].due)
            assert world.fire([message]) == [message]
            assert world.sent(job) == []
            world.clock.advance(seconds=121)
            paused_for_longer(world)


def _counted_reads(world: World) -> list[str]:
    reads: list[str] = []
    find = world.targets.find

    def counted(owner: str, host: str) -> Any:
        reads.append(host)
        return find(owner, host)

    world.targets.find = counted  # type: ignore[method-assign]
    return reads
