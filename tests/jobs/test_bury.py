"""Bury: a dead letter is seen to its end, and it is the job that is judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.bury import bury_batch, tell_of_unreadable
from lambdas.jobs.errors import DamagedItem, JobNotFound, StoreUnavailable
from lambdas.jobs.job import MAX_DEATHS, AttemptError, AttemptOutcome, Job, Notify, Status
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.ports import DeadLetter, Message
from tests.examples import RETENTION_MS, a_job, an_attempt
from tests.fakes import NOW_MS
from tests.world import WorkerDied, World, dies, unavailable

SENT_MS = NOW_MS + 60_000
SUCCEEDED = Outcome(Verdict.SUCCEEDED, started_at_ms=SENT_MS, duration_ms=20, status_code=200)
REFUSED = Outcome(Verdict.PERMANENT, SENT_MS, 0, 20, 404, "status_permanent", "The target answered 404.")


@pytest.fixture
def world() -> World:
    world = World()
    world.clock.ms = SENT_MS
    return world


def running(world: World, *, deaths: int = 0, **changes: Any) -> Job:
    """A job whose attempt is under way, after so many deaths."""
    job = a_job(**changes)
    job = replace(job.claimed(claim_id="claim-1", now_ms=SENT_MS), deaths=deaths, attempt_count=deaths + 1)
    world.store.put(job)
    return job


def failed(world: World, **changes: Any) -> Job:
    """A job that failed, and nobody has been told."""
    job = running(world, **changes)
    attempt = an_attempt(1, AttemptOutcome.FAILED)
    job = job.failed(attempt, now_ms=SENT_MS + 20, retention_ms=RETENTION_MS)
    world.store.put(job)
    return job


def ours(job: Job, *, attempt: int = 1) -> DeadLetter:
    """The letter that a worker sends after settling."""
    return DeadLetter(Message(job.due, attempt=attempt), reason="status_permanent")


def redriven(job: Job, *, attempt: int | None = None, outcome: Outcome | None = None) -> DeadLetter:
    """A message that the queue moved after its last delivery."""
    return DeadLetter(Message(job.due, attempt, outcome))


def kept(world: World, *letters: DeadLetter) -> list[DeadLetter]:
    """Buries the letters; returns those that must come again."""
    return list(bury_batch(letters, undertaker=world.undertaker))


def lapse(world: World, job: Job) -> None:
    world.clock.ms = (job.lease_until_ms or 0) + 1


class TestFailedJobs:
    def test_a_failed_job_is_told_once_and_noted_as_told(self, world: World) -> None:
        """One readable alert."""
        job = failed(world, name="purge items")
        assert kept(world, ours(job)) == []
        (alert,) = world.alerts.sent
        assert alert.subject == "Punctual: purge items failed"
        assert world.store[job.id].alerted_at_ms == SENT_MS
        assert world.journal.of("buried") == [{"job_id": job.id, "attempts": 1}]

    def test_a_letter_that_comes_twice_tells_once(self, world: World) -> None:
        """The second finds the job alerted."""
        job = failed(world)
        assert kept(world, ours(job), ours(job)) == []
        assert len(world.alerts.sent) == 1

    @pytest.mark.parametrize("letter", [ours, redriven], ids=["ours", "moved by the queue"])
    def test_failed_but_not_yet_buried_is_told_whoever_sent_the_letter(self, world: World, letter: Any) -> None:
        """Also one that the queue moved: the worker died after settling, at its last delivery."""
        assert kept(world, letter(failed(world))) == []
        assert len(world.alerts.sent) == 1

    def test_a_stale_letter_of_a_job_that_has_failed_since_tells_of_it(self, world: World) -> None:
        """It is the job that is judged, not the letter."""
        job = failed(world)
        assert kept(world, redriven(replace(job, fire_at_ms=job.fire_at_ms - 5_000))) == []
        assert len(world.alerts.sent) == 1

    def test_a_job_that_wants_no_notice_gets_none(self, world: World) -> None:
        """Its letter is let go."""
        job = failed(world, notify=Notify(()))
        assert kept(world, ours(job)) == []
        assert world.alerts.sent == []

    def test_a_success_that_was_to_be_told_is_told(self, world: World) -> None:
        """Its worker could not, as often as the queue delivered the message."""
        job = running(world, notify=Notify(("succeeded",)))
        world.store.put(job.succeeded(an_attempt(), now_ms=SENT_MS, retention_ms=RETENTION_MS))
        assert kept(world, redriven(job)) == []
        assert "has succeeded" in world.alerts.sent[0].text


class TestFaults:
    def test_an_alert_that_cannot_be_sent_keeps_the_letter(self, world: World) -> None:
        """F22: and the job is not noted as told."""
        job = failed(world)
        world.alerts.down = True
        assert kept(world, ours(job)) == [ours(job)]
        assert world.store[job.id].alerted_at_ms is None
        world.alerts.down = False
        assert kept(world, ours(job)) == []
        assert len(world.alerts.sent) == 1

    def test_an_alert_is_sent_before_it_is_marked_sent(self, world: World) -> None:
        """F22, F23: it may come twice, and never zero times."""
        job = failed(world)
        world.alerts.after["send"] = dies
        with pytest.raises(WorkerDied):
            kept(world, ours(job))
        assert world.store[job.id].alerted_at_ms is None
        assert kept(world, ours(job)) == []
        assert len(world.alerts.sent) == 2
        assert world.store[job.id].alerted_at_ms is not None

    def test_a_mark_that_cannot_be_written_keeps_the_letter(self, world: World) -> None:
        """The alert comes again; that is better than a job that looks untold for ever."""
        job = failed(world)
        world.store.before["mark_alerted"] = unavailable
        assert kept(world, ours(job)) == [ours(job)]
        assert kept(world, ours(job)) == []

    @pytest.mark.parametrize("trouble", [DamagedItem("JOB#1", "a test said so"), JobNotFound()])
    def test_what_cannot_be_read_beside_the_job_does_not_keep_the_alert_back(
        self, world: World, trouble: Exception
    ) -> None:
        """The sentences kept with the attempts, a body that the alert does not even show: better told with less."""
        job = failed(world, name="purge items")

        def damaged() -> None:
            raise trouble

        world.store.before["read"] = damaged
        assert kept(world, ours(job)) == []
        (alert,) = world.alerts.sent
        assert alert.subject == "Punctual: purge items failed"
        assert "The target answered 503." in alert.text
        assert world.store[job.id].alerted_at_ms is not None

    def test_alerts_that_are_away_longer_than_jobs_are_kept_still_come(self, world: World) -> None:
        """F22: never zero times. The job is hidden from its owner by then, and not from us."""
        job = failed(world)
        world.clock.ms += RETENTION_MS + 60_000
        assert kept(world, ours(job)) == []
        assert len(world.alerts_of(job)) == 1

    def test_one_letters_trouble_does_not_reach_another(self, world: World) -> None:
        """A table that fails for one, a defect for another: the third is told."""
        letters = [ours(failed(world)) for _ in range(3)]

        def first_away() -> None:
            def defect() -> None:
                raise RuntimeError("secret")

            world.store.before["find"] = defect
            raise StoreUnavailable("a test said so")

        world.store.before["find"] = first_away
        assert kept(world, *letters) == letters[:2]
        assert len(world.alerts.sent) == 1
        (defect,) = world.journal.of("defect")
        assert "secret" not in str(defect["error"])

    def test_a_table_that_is_away_keeps_every_letter(self, world: World) -> None:
        """F20: an outage fails no job."""
        letters = [redriven(running(world)), ours(failed(world))]
        world.store.down = True
        assert kept(world, *letters) == letters
        assert world.alerts.sent == []


class TestRunningJobs:
    def test_a_letter_of_ours_counts_for_the_attempt_that_runs(self, world: World) -> None:
        """It is settled as failed, then told."""
        job = running(world)
        assert kept(world, ours(job)) == []
        after = world.store[job.id]
        assert after.status is Status.FAILED
        assert after.attempts[-1].error is not None
        assert after.attempts[-1].error.code == "died"
        assert len(world.alerts.sent) == 1

    def test_a_letter_of_an_earlier_attempt_is_stale(self, world: World) -> None:
        """Another worker is at it."""
        job = running(world, deaths=1)
        assert kept(world, ours(job, attempt=1)) == []
        assert world.store[job.id] == job

    def test_while_the_lease_is_live_a_moved_message_is_kept(self, world: World) -> None:
        """The worker may yet settle it, even the fifth."""
        job = running(world, deaths=MAX_DEATHS - 1)
        world.clock.ms = job.lease_until_ms or 0
        assert kept(world, redriven(job)) == [redriven(job)]
        assert world.store[job.id] == job

    def test_a_poison_job_is_failed_with_an_honest_reason_and_told(self, world: World) -> None:
        """F12: five workers in a row died on it, and the queue has given its message up."""
        job = running(world, deaths=MAX_DEATHS - 1)
        lapse(world, job)
        assert kept(world, redriven(job)) == []
        after = world.store[job.id]
        assert after.status is Status.FAILED
        assert after.attempts[-1].error is not None
        assert after.attempts[-1].error.message.startswith("5 workers in a row died on this job.")
        assert len(world.alerts.sent) == 1

    def test_a_job_with_deaths_left_is_not_failed_by_a_moved_message(self, world: World) -> None:
        """The outage was ours, not the job's: the overdue query sends it again, and nobody is alarmed."""
        job = running(world, deaths=MAX_DEATHS - 2)
        lapse(world, job)
        assert kept(world, redriven(job)) == []
        assert world.store[job.id] == job
        assert world.alerts.sent == []
        assert world.store.in_due_index(job.id)

    def test_a_moved_message_for_another_fire_time_is_stale(self, world: World) -> None:
        """Even when the job's workers keep dying: a message for the time at which it runs will say so."""
        job = running(world, deaths=MAX_DEATHS - 1)
        lapse(world, job)
        assert kept(world, redriven(replace(job, fire_at_ms=job.fire_at_ms - 5_000))) == []
        assert world.store[job.id] == job

    def test_a_rival_that_settles_first_is_believed(self, world: World) -> None:
        """The fifth worker was slow, not dead."""
        job = running(world, deaths=MAX_DEATHS - 1)
        lapse(world, job)
        success = an_attempt(job.attempt_count)

        def rival() -> None:
            after = job.succeeded(success, now_ms=world.clock.ms, retention_ms=RETENTION_MS)
            world.store.settle(after, attempt=success)

        world.store.before["settle"] = rival
        assert kept(world, redriven(job)) == []
        assert world.store[job.id].status is Status.SUCCEEDED
        assert world.alerts.sent == []


class TestScheduledJobs:
    def test_a_stale_letter_of_a_rescheduled_job_does_nothing(self, world: World) -> None:
        """P4: the job is at another fire time; the letter is about one that nobody wants any more."""
        job = a_job()
        world.store.put(replace(job, fire_at_ms=job.fire_at_ms + 3_600_000))
        before = world.store[job.id]
        assert kept(world, ours(job), redriven(job)) == []
        assert world.store[job.id] == before
        assert world.alerts.sent == []

    def test_of_jobs_that_are_still_to_fire_the_operators_are_told_once(self, world: World) -> None:
        """An outage of the worker: no job is failed for it, and the overdue query sends them again."""
        jobs = [world.accept(a_job(due_at_ms=SENT_MS)) for _ in range(7)]
        assert kept(world, *map(redriven, jobs)) == []
        assert {world.store[job.id].status for job in jobs} == {Status.SCHEDULED}
        (alert,) = world.alerts.sent
        assert alert.subject == "Punctual: 7 scheduled jobs came back undelivered"
        assert sum(job.id in alert.text for job in jobs) == 5
        assert "  and 2 more\n" in alert.text

    def test_when_the_operators_cannot_be_told_the_letters_stay(self, world: World) -> None:
        """Nothing is swallowed."""
        job = world.accept(a_job(due_at_ms=SENT_MS))
        world.alerts.down = True
        assert kept(world, redriven(job)) == [redriven(job)]
        world.alerts.down = False
        assert kept(world, redriven(job)) == []
        assert world.alerts.sent[0].subject == "Punctual: 1 scheduled job came back undelivered"

    @pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.CANCELLED])
    def test_a_letter_of_a_job_that_has_ended_well_is_let_go(self, world: World, status: Status) -> None:
        """Silently."""
        job = a_job(status=status)
        world.store.put(job)
        assert kept(world, ours(job), redriven(job)) == []
        assert world.alerts.sent == []

    def test_a_letter_of_a_job_that_is_gone_is_let_go(self, world: World) -> None:
        """It has expired."""
        assert kept(world, ours(a_job()), redriven(a_job())) == []
        assert world.alerts.sent == []


class TestLateOutcomes:
    """An outcome that the table did not take as often as the queue delivered it."""

    def test_it_is_written_if_its_attempt_still_runs(self, world: World) -> None:
        """F13: after an outage that was longer than all deliveries."""
        job = running(world)
        lapse(world, job)
        assert kept(world, redriven(job, attempt=1, outcome=SUCCEEDED)) == []
        assert world.store[job.id].status is Status.SUCCEEDED
        assert world.alerts.sent == []

    def test_a_failure_among_them_is_written_and_told(self, world: World) -> None:
        """With its own reason."""
        job = running(world)
        assert kept(world, redriven(job, attempt=1, outcome=REFUSED)) == []
        assert world.store[job.id].status is Status.FAILED
        assert "The target answered 404." in world.alerts.sent[0].text

    def test_it_is_let_go_when_another_attempt_has_begun(self, world: World) -> None:
        """Old news."""
        job = running(world, deaths=1)
        assert kept(world, redriven(job, attempt=1, outcome=REFUSED)) == []
        assert world.store[job.id] == job


class TestWhatCannotBeRead:
    def test_a_damaged_job_is_told_and_taken_out_of_the_way(self, world: World) -> None:
        """F28: no sweep stumbles over it again; it stays in the table for people."""
        job = running(world)
        world.store.damaged = {job.id}
        assert kept(world, redriven(job)) == []
        (alert,) = world.alerts.sent
        assert alert.subject == f"Punctual: job {job.id} cannot be read"
        assert not world.store.in_due_index(job.id)
        assert [facts["job_id"] for facts in world.journal.of("set_aside")] == [job.id]

    def test_it_is_not_taken_out_of_the_way_before_the_operators_know(self, world: World) -> None:
        """Or a job would be lost without a word."""
        job = running(world)
        world.store.damaged = {job.id}
        world.alerts.down = True
        assert kept(world, redriven(job)) == [redriven(job)]
        assert world.store.in_due_index(job.id)

    def test_letters_that_name_no_job_are_told(self, world: World) -> None:
        """By their ids."""
        assert tell_of_unreadable(["message-1", "message-2"], undertaker=world.undertaker)
        assert "  message-1\n  message-2\n" in world.alerts.sent[0].text
        world.alerts.down = True
        assert not tell_of_unreadable(["message-3"], undertaker=world.undertaker)
        assert tell_of_unreadable([], undertaker=world.undertaker)


def test_the_alert_tells_what_really_came_back_and_not_only_its_code(world: World) -> None:
    """The sentence that is kept beside the job, with the address that refused, is what its reader needs."""
    job = running(world)
    error = AttemptError("connect_failed", "The target refused the connection at 203.0.113.9:443.")
    attempt = an_attempt(1, AttemptOutcome.FAILED, error=error)
    world.store.put(job.failed(attempt, now_ms=SENT_MS + 20, retention_ms=RETENTION_MS))

    assert kept(world, ours(job)) == []
    assert "refused the connection at 203.0.113.9:443" in world.alerts.sent[0].text
