"""The breaker at work: jobs wait for a target that is down, and only for that one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.job import AttemptOutcome, Status
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.sending import OutgoingRequest
from lambdas.jobs.target import State
from tests.fakes import NOW_MS
from tests.jobs.breaking import (
    ANSWER,
    HOST,
    LIMITS,
    REFUSES,
    due_now,
    fired,
    paused,
    subjects,
)
from tests.world import WorkerDied, World, dies


@pytest.fixture
def world() -> World:
    return World(limits=LIMITS)


class TestOpening:
    def test_failures_in_a_row_pause_the_target_and_one_alert_tells_so(self, world: World) -> None:
        """Not one before, and not one alert more for the failures that were under way."""
        jobs = [due_now(world, REFUSES) for _ in range(LIMITS.failures)]
        fired(world, *jobs[:-1])
        assert (world.targets[HOST].state, subjects(world)) == (State.ALLOWED, [])
        fired(world, jobs[-1])
        target = world.targets[HOST]
        assert (target.state, target.reason, target.until_ms) == (State.PAUSED, "connect_failed", NOW_MS + 30_000)
        assert subjects(world) == [f"Punctual: {HOST} is paused"]
        assert target.untold is None

    def test_while_it_is_paused_a_job_is_put_off_and_its_attempt_is_not_spent(self, world: World) -> None:
        """F19: nothing is sent, nothing is counted; the job says what it waits for."""
        paused(world)
        job = due_now(world, ANSWER(200))
        fired(world, job)
        after = world.store[job.id]
        assert (after.status, after.attempt_count, after.attempts) == (Status.SCHEDULED, 0, ())
        assert (after.due_at_ms, after.waiting_since_ms, world.sent(job)) == (job.due_at_ms, NOW_MS, [])
        assert NOW_MS + 30_000 <= after.fire_at_ms <= NOW_MS + 32_000
        assert after.due in world.store.stream

    def test_a_success_in_between_begins_the_row_anew(self, world: World) -> None:
        """One in ten fails, and nothing is paused: only a row counts."""
        for _ in range(5):
            fired(world, *[due_now(world, REFUSES) for _ in range(LIMITS.failures - 1)], due_now(world, ANSWER(200)))
            world.clock.advance(seconds=3)
        assert HOST not in world.targets

    def test_a_row_that_others_began_before_this_worker_saw_it_well_begins_anew(self, world: World) -> None:
        """Its success was under way when it had read of no failures: it knows better than the record."""
        rival = world.worker._replace(breaker=world.a_breaker())

        def others_fail(_: OutgoingRequest) -> Any:
            ours, world.worker = world.worker, rival
            fired(world, *[due_now(world, REFUSES) for _ in range(LIMITS.failures - 1)])
            world.worker = ours
            world.clock.advance(ms=1)
            return ANSWER(200)

        fired(world, due_now(world, others_fail))
        assert world.targets[HOST].failures == LIMITS.failures - 1
        world.clock.advance(ms=1)
        fired(world, due_now(world, REFUSES))
        assert (world.targets[HOST].failures, world.targets[HOST].state) == (1, State.ALLOWED)

    def test_other_hosts_ports_and_owners_do_not_notice(self, world: World) -> None:
        """F19."""
        paused(world)
        others = [
            due_now(world, host="up.example.com"),
            due_now(world, host=f"{HOST}:8443"),
            due_now(world, owner="bob"),
        ]
        fired(world, *others)
        assert [world.store[job.id].status for job in others] == [Status.SUCCEEDED] * 3

    def test_of_two_workers_that_see_the_last_failure_one_tells(self, world: World) -> None:
        """The second finds it paused."""
        fired(world, *[due_now(world, REFUSES) for _ in range(LIMITS.failures - 1)])
        rival = world.worker._replace(breaker=world.a_breaker())
        job, other = due_now(world, REFUSES), due_now(world, REFUSES)
        world.targets.before["replace"] = lambda: rival.breaker.note(other, _refused())
        fired(world, job)
        assert subjects(world) == [f"Punctual: {HOST} is paused"]

    def test_failures_that_were_under_way_when_it_was_paused_cost_no_write(self, world: World) -> None:
        """A volley of a thousand must not be a thousand writes of one item for longer than it takes to notice."""
        paused(world)
        writes = world.targets.writes
        for _ in range(5):
            world.worker.breaker.note(due_now(world), _refused())
        assert world.targets.writes == writes


class TestAskedPauses:
    @pytest.mark.parametrize("status", [429, 503])
    def test_a_target_that_asks_for_patience_gets_it_at_once(self, world: World, status: int) -> None:
        """Other jobs wait until then, and are sent without a probe; nobody is alarmed."""
        fired(world, due_now(world, ANSWER(status, headers={"Retry-After": "7"})))
        target = world.targets[HOST]
        assert (target.state, target.reason, target.until_ms) == (State.PAUSED, "retry_after", NOW_MS + 7_000)
        waiting = due_now(world)
        fired(world, waiting)
        assert NOW_MS + 7_000 <= world.store[waiting.id].fire_at_ms <= NOW_MS + 7_500
        world.clock.ms = NOW_MS + 8_000
        jobs = [due_now(world) for _ in range(3)]
        fired(world, *jobs, waiting)
        assert {world.store[job.id].status for job in (*jobs, waiting)} == {Status.SUCCEEDED}
        assert (HOST in world.targets, subjects(world)) == (False, [])

    def test_being_asked_for_patience_by_429_is_no_failure(self, world: World) -> None:
        """A target that limits its callers is well: it must not be taken for one that is down."""
        for _ in range(LIMITS.failures + 1):
            fired(world, due_now(world, ANSWER(429, headers={"Retry-After": "2"})))
            world.clock.advance(seconds=2)
        assert not world.targets[HOST].broken

    def test_one_that_always_answers_503_is_down_whatever_it_asks_for(self, world: World) -> None:
        """Else each of its pauses would cost every job an attempt."""
        for _ in range(LIMITS.failures):
            fired(world, due_now(world, ANSWER(503, headers={"Retry-After": "45"})))
            world.clock.advance(seconds=45)
        assert world.targets[HOST].broken
        assert world.targets[HOST].pause_ms == 45_000

    def test_a_volley_that_is_asked_for_patience_writes_once(self, world: World) -> None:
        """Each answer names a time some milliseconds later."""
        jobs = [due_now(world, ANSWER(429, headers={"Retry-After": "7"})) for _ in range(4)]
        for job in jobs:
            claimed = world.store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id=job.id, now_ms=NOW_MS).won
            assert claimed is not None
            world.worker.breaker.note(claimed, _asked(7_000))
            world.clock.advance(ms=3)
        assert world.targets.writes == 1

    def test_a_target_that_asks_for_more_than_the_longest_pause_waits_for_that(self, world: World) -> None:
        """The job itself obeys up to a day; its neighbours try sooner."""
        fired(world, due_now(world, ANSWER(503, headers={"Retry-After": "86400"})))
        assert world.targets[HOST].until_ms == NOW_MS + LIMITS.longest_pause_ms


class TestProbes:
    def test_one_job_tries_it_and_its_success_opens_the_way(self, world: World) -> None:
        """F19: told once, and then there is no record any more."""
        paused(world)
        world.clock.ms = NOW_MS + 30_000
        job = due_now(world, ANSWER(200))
        fired(world, job)
        assert world.store[job.id].status is Status.SUCCEEDED
        assert subjects(world) == [f"Punctual: {HOST} is paused", f"Punctual: {HOST} answers again"]
        assert HOST not in world.targets

    def test_while_one_tries_the_others_come_again_soon(self, world: World) -> None:
        """No second request goes to a target that may be down."""
        paused(world)
        world.clock.ms = NOW_MS + 30_000
        other = due_now(world)

        def meanwhile(_: OutgoingRequest) -> Any:
            fired(world, other)
            return ANSWER(200)

        fired(world, due_now(world, meanwhile))
        assert world.sent(other) == []
        assert world.store[other.id].fire_at_ms <= NOW_MS + 30_000 + 12_001

    def test_a_probe_that_fails_is_an_attempt_and_the_pause_doubles(self, world: World) -> None:
        """One job's attempt, for all that wait; nobody is told again."""
        paused(world)
        world.clock.ms = NOW_MS + 30_000
        job = due_now(world, REFUSES)
        fired(world, job)
        assert [attempt.outcome for attempt in world.store[job.id].attempts] == [AttemptOutcome.RETRY]
        target = world.targets[HOST]
        assert (target.pause_ms, target.until_ms, target.probe) == (60_000, world.clock.ms + 60_000, None)
        assert len(subjects(world)) == 1

    def test_of_two_workers_that_would_try_one_does(self, world: World) -> None:
        """F19: the other finds the probe under way, and puts its job off."""
        paused(world)
        world.clock.ms = NOW_MS + 30_000
        first, second = due_now(world), due_now(world)
        rival = world.worker._replace(breaker=world.a_breaker())
        claimed = world.store.claim(second.id, fire_at_ms=second.fire_at_ms, claim_id="rival", now_ms=world.clock.ms)
        theirs = claimed.won
        assert theirs is not None
        world.targets.before["replace"] = lambda: [rival.breaker.admit(theirs)].clear()
        fired(world, first)
        assert (world.targets[HOST].probe, world.sent(first)) == ("rival", [])
        assert world.store[first.id].attempt_count == 0

    def test_a_probe_whose_worker_dies_is_followed_by_another(self, world: World) -> None:
        """When its claim's lease would have run out, at the latest."""
        paused(world)
        world.clock.ms = NOW_MS + 30_000
        world.store.before["with_request"] = dies
        with pytest.raises(WorkerDied):
            fired(world, due_now(world))
        world.clock.advance(seconds=61)
        job = due_now(world)
        fired(world, job)
        assert world.store[job.id].status is Status.SUCCEEDED

    def test_a_refusal_is_an_answer_and_ends_the_pause(self, world: World) -> None:
        """404: it is there. That it refuses counts from the next one."""
        paused(world)
        world.clock.ms = NOW_MS + 30_000
        fired(world, due_now(world, ANSWER(404)))
        assert HOST not in world.targets

    def test_an_answer_that_was_under_way_when_it_was_paused_says_nothing_new(self, world: World) -> None:
        """It began when the others did that failed."""

        def slow(_: OutgoingRequest) -> Any:
            world.clock.advance(ms=5)
            paused(world)
            return replace(ANSWER(200), started_at_ms=float(NOW_MS))

        fired(world, due_now(world, slow))
        assert world.targets[HOST].broken

    def test_a_job_that_has_waited_long_enough_is_sent_regardless(self, world: World) -> None:
        """Its answer counts: here it ends the pause."""
        paused(world)
        job = due_now(world)
        fired(world, job)
        while world.store[job.id].status is Status.SCHEDULED:
            assert world.clock.ms <= NOW_MS + LIMITS.longest_wait_ms
            world.clock.ms = world.store[job.id].fire_at_ms
            target = world.targets[HOST]
            world.targets.replace(  # others' probes fail all the time
                target.paused_again("timeout", asked_ms=0, now_ms=world.clock.ms, limits=LIMITS),
                read_version=target.version,
                now_ms=world.clock.ms,
            )
            fired(world, job)
        assert world.store[job.id].attempt_count == 1
        assert world.clock.ms >= NOW_MS + LIMITS.longest_wait_ms
        assert HOST not in world.targets


def _refused() -> Outcome:
    return Outcome(Verdict.RETRYABLE, error_code="connect_failed", error_message="Refused.")


def _asked(ms: int) -> Outcome:
    return Outcome(Verdict.RETRYABLE, NOW_MS, 0, 1, 429, "status_retryable", "429", None, ms)
