"""The breaker at work: jobs wait for a target that is down, and only for that one; somebody is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.errors import StoreUnavailable
from lambdas.jobs.job import AttemptOutcome, Job, Request, RetryPolicy, Status
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.ports import Message
from lambdas.jobs.sending import Failure, OutgoingRequest
from lambdas.jobs.target import UNTOLD_AFTER_MS, Limits, State
from lambdas.jobs.target_memory import FRESH_MS
from tests.examples import a_job
from tests.fakes import NOW_MS, FakeSender, Script
from tests.jobs.firing import MINUTE_MS, unavailable
from tests.world import VISIBILITY_MS, WorkerDied, World, dies

LIMITS = Limits(failures=3, refusals=3, first_pause_ms=30_000, longest_pause_ms=120_000, longest_wait_ms=600_000)
ANSWER = FakeSender.answering
REFUSES = Failure("connect_failed", "Refused.", started_at_ms=None, duration_ms=1)
HOST = "down.example.com"


@pytest.fixture
def world() -> World:
    return World(limits=LIMITS)


def due_now(world: World, *answers: Script, host: str = HOST, **changes: Any) -> Job:
    """A job that is due now, at a path of its own."""
    job = a_job(due_at_ms=world.clock.ms, retry=RetryPolicy(20, 1, 1), **changes)
    return world.accept(replace(job, request=Request("POST", f"https://{host}/{job.id}")), *answers)


def fired(world: World, *jobs: Job) -> None:
    """Each job's message is delivered once, now."""
    for job in jobs:
        assert world.fire([Message(world.store[job.id].due)]) == []


def paused(world: World, *, host: str = HOST, answer: Script = REFUSES) -> None:
    """Fail a target as often in a row as it takes."""
    fired(world, *[due_now(world, answer, host=host) for _ in range(LIMITS.failures)])
    assert world.targets[host].broken


def is_away() -> None:
    """A hook: the table does not answer."""
    raise StoreUnavailable("a test said so")


def subjects(world: World) -> list[str]:
    return [alert.subject for alert in world.alerts.sent]


def patient_world() -> World:
    """One whose first pause is longer than it takes until what is untold is told."""
    return World(limits=replace(LIMITS, first_pause_ms=120_000))


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
        world.targets.before["find"] = is_away
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


def paused_for_longer(world: World) -> None:
    target = world.targets[HOST]
    longer = target.paused_again("timeout", asked_ms=0, now_ms=world.clock.ms + MINUTE_MS, limits=LIMITS)
    world.targets.replace(longer, read_version=target.version, now_ms=world.clock.ms)


def _counted_reads(world: World) -> list[str]:
    reads: list[str] = []
    find = world.targets.find

    def counted(owner: str, host: str) -> Any:
        reads.append(host)
        return find(owner, host)

    world.targets.find = counted  # type: ignore[method-assign]
    return reads


def _refused() -> Outcome:
    return Outcome(Verdict.RETRYABLE, error_code="connect_failed", error_message="Refused.")


def _asked(ms: int) -> Outcome:
    return Outcome(Verdict.RETRYABLE, NOW_MS, 0, 1, 429, "status_retryable", "429", None, ms)
