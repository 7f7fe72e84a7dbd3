"""Telling of failures: few mails, and no job untold, whatever dies between any two steps (F22, F23)."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.jobs.bury import bury_batch
from lambdas.jobs.errors import AlertsUnavailable
from lambdas.jobs.grouping import SETTLING_MS, TELLING_MS
from lambdas.jobs.job import AttemptError, AttemptOutcome, Job, Request
from lambdas.jobs.ports import DeadLetter, Message
from tests.examples import RETENTION_MS, a_job, an_attempt
from tests.world import ALERT_WINDOW_MS, World, dies, unavailable

SETTLED_MS = ALERT_WINDOW_MS + SETTLING_MS


@pytest.fixture
def world() -> World:
    return World()


def failed(world: World, *, host: str = "api.example.com", status: int = 503, **changes: Any) -> Job:
    """A job that failed just now; its letter lies in the queue."""
    error = AttemptError("status_retryable", f"The target answered {status}.")
    job = a_job(request=Request("POST", f"https://{host}/hook"), attempt_count=1, **changes)
    attempt = an_attempt(1, AttemptOutcome.FAILED, status_code=status, error=error)
    job = job.failed(attempt, now_ms=world.clock.ms, retention_ms=RETENTION_MS)
    world.store.put(job)
    world.queue.letters.append(DeadLetter(Message(job.due, attempt=1), reason="status_retryable"))
    return job


def subjects(world: World) -> list[str]:
    return [alert.subject for alert in world.alerts.sent]


def is_told(world: World, job: Job) -> bool:
    return world.store[job.id].alerted_at_ms is not None


def pass_time(world: World, ms: int) -> None:
    """Until then letters come again every minute, as their visibility time-out makes them."""
    end_ms = world.clock.ms + ms
    while world.clock.ms < end_ms:
        world.clock.ms = min(world.clock.ms + 60_000, end_ms)
        world.bury()


class TestGroups:
    def test_three_hundred_failures_are_six_mails(self, world: World) -> None:
        """Five at once, the others together when their window is over; every job is noted as told."""
        jobs = [failed(world, name="nightly" if number == 7 else None) for number in range(300)]
        world.bury()
        assert len(world.alerts.sent) == 5
        assert sum(is_told(world, job) for job in jobs) == 5
        assert len(world.queue.letters) == 295
        pass_time(world, SETTLED_MS - 1)
        assert len(world.alerts.sent) == 5
        pass_time(world, 1)
        assert subjects(world)[5:] == ["Punctual: 295 jobs at api.example.com failed: the target answered 503"]
        assert all(is_told(world, job) for job in jobs)
        assert world.queue.letters == []
        assert world.alerts.sent[5].owner == "ada"
        assert [line["jobs"] for line in world.journal.of("told_together")] == [295]
        assert len(world.journal.of("alert_waits")) == 295

    def test_five_failures_are_five_mails(self, world: World) -> None:
        """Nobody waits for company that does not come."""
        for _ in range(5):
            failed(world)
        world.bury()
        assert len(world.alerts.sent) == 5
        assert world.queue.letters == []

    @pytest.mark.parametrize(
        "other",
        [{"owner": "bob"}, {"host": "www.example.com"}, {"status": 500}],
        ids=["owner", "host", "reason"],
    )
    def test_others_do_not_share_the_group(self, world: World, other: dict[str, Any]) -> None:
        """Six of one and one of another: the other is told at once, and is not counted."""
        for _ in range(6):
            failed(world)
        stranger = failed(world, **other)
        world.bury()
        assert is_told(world, stranger)
        assert len(world.alerts.sent) == 6
        pass_time(world, SETTLED_MS)
        assert subjects(world)[6:] == ["Punctual: 1 job at api.example.com failed: the target answered 503"]

    def test_while_the_target_stays_down_each_window_is_one_mail(self, world: World) -> None:
        """An hour with a failure every half minute: five mails, then one for each window, not 120."""
        jobs = []
        for _ in range(120):
            jobs.append(failed(world))
            pass_time(world, 30_000)
        pass_time(world, 2 * SETTLED_MS)
        assert all(is_told(world, job) for job in jobs)
        assert len(world.alerts.sent) < 5 + 60 / 5
        assert sum("api.example.com" in subject for subject in subjects(world)) == len(world.alerts.sent) - 5

    def test_after_a_quiet_window_the_next_failure_is_told_at_once(self, world: World) -> None:
        """It may be a new trouble."""
        for _ in range(6):
            failed(world)
        world.bury()
        pass_time(world, SETTLED_MS + ALERT_WINDOW_MS)
        late = failed(world)
        world.bury()
        assert is_told(world, late)


class TestInterleavings:
    @pytest.fixture
    def waiting(self, world: World) -> list[Job]:
        """Three jobs that wait; their window has settled, and nobody has told it."""
        jobs = [failed(world) for _ in range(8)]
        world.bury()
        world.clock.ms += SETTLED_MS
        assert len(world.queue.letters) == 3
        return [job for job in jobs if not is_told(world, job)]

    @pytest.mark.parametrize(
        ("port", "moment", "method"),
        [
            ("groups", "before", "write"),
            ("groups", "after", "write"),
            ("groups", "before", "waiting"),
            ("alerts", "before", "send"),
            ("alerts", "after", "send"),
        ],
    )
    def test_of_two_at_the_windows_end_one_tells(
        self, world: World, waiting: list[Job], port: str, moment: str, method: str
    ) -> None:
        """The second comes at any moment of the first, works on the same letters, and sends no second mail."""
        letters = list(world.queue.letters)
        hooks = getattr(getattr(world, port), moment)
        hooks[method] = lambda: bury_batch(letters, undertaker=world.undertaker)
        world.bury()
        pass_time(world, 120_000)
        assert len(world.alerts.sent) == 6
        assert all(is_told(world, job) for job in waiting)
        assert world.queue.letters == []

    @pytest.mark.parametrize(
        ("port", "moment", "method", "mails"),
        [
            pytest.param("groups", "after", "write", 6, id="after taking the lead"),
            pytest.param("alerts", "before", "send", 6, id="before the alert"),
            pytest.param("alerts", "after", "send", 7, id="after the alert, before the window is noted"),
            pytest.param("store", "before", "mark_alerted", 6, id="before the first job is noted"),
            pytest.param("store", "after", "mark_alerted", 6, id="between two jobs"),
        ],
    )
    def test_whoever_dies_while_telling_is_followed_by_another(
        self, world: World, waiting: list[Job], port: str, moment: str, method: str, mails: int
    ) -> None:
        """F23: an alert may come twice; none is lost, and all jobs are noted as told."""
        getattr(getattr(world, port), moment)[method] = dies
        world.bury()
        assert len(world.queue.letters) == 3
        pass_time(world, TELLING_MS + 120_000)
        assert len(world.alerts.sent) == mails
        assert all(is_told(world, job) for job in waiting)
        assert world.queue.letters == []

    @pytest.mark.parametrize("method", ["write", "wait"])
    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_whoever_dies_while_noting_a_job_comes_again(self, world: World, method: str, moment: str) -> None:
        """The job is counted once."""
        for _ in range(5):
            failed(world)
        world.bury()
        sixth = failed(world)
        getattr(world.groups, moment)[method] = dies
        world.bury()
        pass_time(world, SETTLED_MS + 60_000)
        assert is_told(world, sixth)
        assert subjects(world)[5:] == ["Punctual: 1 job at api.example.com failed: the target answered 503"]

    def test_two_who_come_for_the_last_place_do_not_both_take_it(self, world: World) -> None:
        """The second looks again, and waits."""
        for _ in range(4):
            failed(world)
        world.bury()
        fifth = failed(world)
        (letter,) = world.queue.letters
        world.queue.letters.clear()
        sixth = failed(world)

        def rival() -> None:
            bury_batch([letter], undertaker=world.undertaker)

        world.groups.after["read"] = rival
        world.bury()
        assert (is_told(world, fifth), is_told(world, sixth)) == (True, False)
        assert len(world.alerts.sent) == 5

    def test_a_new_failure_that_leads_is_not_counted_with_those_it_told(self, world: World, waiting: list[Job]) -> None:
        """Its window is the next one."""
        new = failed(world)
        world.queue.letters.reverse()
        world.bury()
        assert subjects(world)[5:] == ["Punctual: 3 jobs at api.example.com failed: the target answered 503"]
        assert all(is_told(world, job) for job in waiting)
        assert not is_told(world, new)
        pass_time(world, SETTLED_MS)
        assert is_told(world, new)


class TestOutages:
    def test_while_alerts_are_away_every_letter_stays(self, world: World) -> None:
        """F22: for an hour; the first five are then told alone, the others together, and nobody twice."""
        jobs = [failed(world) for _ in range(20)]
        world.alerts.down = True
        world.bury()
        pass_time(world, 3_600_000)
        assert len(world.queue.letters) == 20
        assert not any(is_told(world, job) for job in jobs)
        world.alerts.down = False
        pass_time(world, TELLING_MS + 120_000)
        assert len(world.alerts.sent) == 6
        assert all(is_told(world, job) for job in jobs)

    def test_while_the_groups_cannot_be_read_every_letter_stays(self, world: World) -> None:
        """F20."""
        job = failed(world)
        world.groups.down = True
        world.bury()
        assert not is_told(world, job)
        world.groups.down = False
        world.bury()
        assert is_told(world, job)

    def test_a_group_that_cannot_be_understood_tells_each_alone(self, world: World) -> None:
        """F28: better one mail too many."""
        jobs = [failed(world) for _ in range(7)]
        world.groups.damaged = True
        world.bury()
        assert len(world.alerts.sent) == 7
        assert all(is_told(world, job) for job in jobs)

    def test_a_window_that_could_not_be_noted_as_told_is_told_again(self, world: World) -> None:
        """The alert was sent, its note was not: twice, and never zero times."""
        jobs = [failed(world) for _ in range(7)]
        world.bury()
        world.clock.ms += SETTLED_MS
        world.alerts.after["send"] = lambda: world.groups.before.update(write=unavailable)
        world.bury()
        assert not all(is_told(world, job) for job in jobs)
        pass_time(world, TELLING_MS + 120_000)
        assert len(world.alerts.sent) == 7
        assert all(is_told(world, job) for job in jobs)

    def test_an_alert_that_is_refused_keeps_the_crowd_together(self, world: World) -> None:
        """F22: it is told as a whole by the next one."""
        for _ in range(7):
            failed(world)
        world.bury()
        world.clock.ms += SETTLED_MS

        def refused() -> None:
            raise AlertsUnavailable("a test said so")

        world.alerts.before["send"] = refused
        world.bury()
        assert len(world.queue.letters) == 2
        pass_time(world, TELLING_MS + 60_000)
        assert subjects(world)[5:] == ["Punctual: 2 jobs at api.example.com failed: the target answered 503"]
