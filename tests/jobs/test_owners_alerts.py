"""Who is told of the ends of jobs that say nothing of their own: whoever their owner has set, when they end."""

from __future__ import annotations

import pytest

from lambdas.jobs.job import Job, Notify, Status
from lambdas.jobs.owner import OwnerSettings
from lambdas.jobs.ports import Alert
from tests.jobs.firing import ANSWER, accepted, fired
from tests.world import World

ADA = "ada@example.com"
OPS = "ops@example.com"


@pytest.fixture
def world() -> World:
    return World()


def told(world: World, job: Job) -> list[str | None]:
    """The addresses that alerts about the job were for; None for the operators."""
    return [alert.email for alert in world.alerts.sent if job.id in alert.text]


def set_by_owner(world: World, job: Job, *on: str, email: str | None = None) -> None:
    before = world.owners.read(job.owner)
    world.owners.write(job.owner, OwnerSettings(Notify(on, email), version=before.version + 1))


def ended(world: World, status_code: int, *, notify: Notify | None = None) -> Job:
    """A job that fired and whose letter, if any, was seen to."""
    job = accepted(world, ANSWER(status_code), notify=notify)
    assert fired(world, job) == []
    world.bury()
    return job


class TestWhen:
    def test_a_success_is_told_if_its_owner_has_set_so(self, world: World) -> None:
        """Else nobody wants to hear of it."""
        job = ended(world, 200)
        assert told(world, job) == []
        set_by_owner(world, job, "succeeded")
        second = ended(world, 200)
        assert told(world, second) == [None]
        assert world.store[second.id].alerted_at_ms is not None

    def test_a_failure_is_not_told_if_its_owner_has_set_so(self, world: World) -> None:
        """Its letter goes, too."""
        job = accepted(world, ANSWER(404))
        set_by_owner(world, job)
        assert fired(world, job) == []
        world.bury()
        assert (world.store[job.id].status, told(world, job), world.queue.letters) == (Status.FAILED, [], [])

    def test_it_is_the_setting_at_the_end_that_counts(self, world: World) -> None:
        """Also of jobs that were made long before it was changed."""
        job = accepted(world, ANSWER(404))
        set_by_owner(world, job)
        set_by_owner(world, job, "failed", email=ADA)
        fired(world, job)
        world.bury()
        assert told(world, job) == [ADA]

    def test_what_a_job_says_itself_counts_more(self, world: World) -> None:
        """Both ways."""
        job = ended(world, 404, notify=Notify(("failed",)))
        set_by_owner(world, job)
        assert told(world, ended(world, 404, notify=Notify(("failed",)))) == [None]
        set_by_owner(world, job, "succeeded")
        assert told(world, ended(world, 200, notify=Notify(()))) == []

    @pytest.mark.parametrize(("status_code", "is_told"), [(200, False), (404, True)])
    def test_a_setting_that_is_damaged_counts_as_none(self, world: World, status_code: int, is_told: bool) -> None:
        """A failure is told to the operators, who can mend it; it is not kept waiting for that."""
        job = ended(world, status_code)
        world.owners.damaged.add(job.owner)
        assert bool(told(world, job)) is is_told

    def test_a_setting_that_cannot_be_read_keeps_message_and_letter_until_it_can(self, world: World) -> None:
        """F22: nobody is left untold, and nothing is sent a second time to find out."""
        success, failure = accepted(world, ANSWER(200), path="a"), accepted(world, ANSWER(404), path="b")
        set_by_owner(world, success, "failed", "succeeded")
        world.owners.down = True
        assert [message.due.job_id for message in fired(world, success, failure)] == [success.id]
        world.bury()
        assert (world.alerts.sent, len(world.queue.letters)) == ([], 1)
        world.owners.down = False
        assert fired(world, success, receive_count=2) == []
        world.bury()
        assert (told(world, success), told(world, failure)) == ([None], [None])
        assert (len(world.sent(success)), len(world.sent(failure))) == (1, 1)


class TestWhere:
    def test_the_address_of_the_job_then_that_of_its_owner_then_the_operators(self, world: World) -> None:
        """Whatever else the job says."""
        job = ended(world, 404, notify=Notify(("failed",)))
        assert told(world, job) == [None]
        set_by_owner(world, job, "failed", email=ADA)
        assert told(world, ended(world, 404, notify=Notify(("failed",)))) == [ADA]
        assert told(world, ended(world, 404, notify=Notify(("failed",), OPS))) == [OPS]
        assert told(world, ended(world, 200, notify=Notify(("succeeded",), OPS))) == [OPS]

    def test_failures_for_several_addresses_are_not_told_together(self, world: World) -> None:
        """An alert that names jobs goes to one place."""
        jobs = [ended(world, 404, notify=Notify(("failed",), email)) for email in [ADA, OPS] * 5]
        for email, own in {ADA: jobs[::2], OPS: jobs[1::2]}.items():
            assert [told(world, job) for job in own] == [[email]] * 5

    def test_what_is_no_owners_business_comes_to_the_operators(self, world: World) -> None:
        """Alerts about the service itself."""
        world.owners_alerts.send(Alert("Punctual: a message cannot be read", "The text.", owner=None))
        assert [alert.email for alert in world.alerts.sent] == [None]
