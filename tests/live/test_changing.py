"""What the user changed last is what happens."""

from __future__ import annotations

import threading

import pytest

from tests.live.deployed_stack import DeployedStack, eventually
from tests.live.target import Reply, Target
from tests.live.times import in_seconds, milliseconds
from tests.live.user import refusal

pytestmark = pytest.mark.live


def test_a_job_that_is_moved_three_times_fires_once_at_the_last_time(stack: DeployedStack, receiver: Target) -> None:
    """F16. Messages for the earlier times are on the queue already, and do nothing."""
    job = stack.user.schedule(receiver.url("/moved"), at=in_seconds(10))
    for seconds in (8, 14, 12):
        moved = stack.user.update(job.id, at=in_seconds(seconds))

    done = stack.finished(job.id, within_seconds=30)
    (received,) = receiver.requests("/moved")

    assert done.due_at == moved.due_at and done.attempt_count == 1
    assert received.arrived_ms >= milliseconds(moved.due_at) - 5


def test_a_job_that_is_moved_far_away_does_not_fire_at_its_old_time(stack: DeployedStack, receiver: Target) -> None:
    """Its message finds it rescheduled, and is dropped."""
    job = stack.user.schedule(receiver.url("/later"), delay=10)
    witness = stack.user.schedule(receiver.url("/witness"), delay=10)
    stack.user.update(job.id, delay=86_400)

    stack.finished(witness.id, within_seconds=30)
    dropped = eventually(lambda: f'"job_id":"{job.id}","why":"stale"' in stack.function_log(), bool, within_seconds=10)

    assert dropped and receiver.requests("/later") == []
    assert stack.user.job(job.id).status == "scheduled"
    assert stack.user.cancel(job.id).status == "cancelled"


def test_a_cancelled_job_does_not_fire_and_may_be_cancelled_again(stack: DeployedStack, receiver: Target) -> None:
    """Cancelling is final, and saying it twice is fine."""
    job = stack.user.schedule(receiver.url("/cancelled"), delay=10)
    witness = stack.user.schedule(receiver.url("/witness-2"), delay=10)

    first, second = stack.user.cancel(job.id), stack.user.cancel(job.id)
    stack.finished(witness.id, within_seconds=30)

    assert first.status == second.status == "cancelled"
    assert receiver.requests("/cancelled") == []
    assert stack.user.job(job.id).next_attempt_at is None
    assert refusal(lambda: stack.user.update(job.id, name="again")) == (409, "job_finished")


def test_a_running_job_can_be_neither_changed_nor_cancelled(stack: DeployedStack, receiver: Target) -> None:
    """F15. Its request may be at the target by now."""
    asked = threading.Event()
    receiver.answer("/running", Reply(200, meanwhile=lambda _: asked.wait(50)))
    job = stack.user.schedule(receiver.url("/running"), delay=0, timeout_seconds=60)
    receiver.wait_for("/running", within_seconds=15)

    assert refusal(lambda: stack.user.update(job.id, name="too late")) == (409, "job_running")
    assert refusal(lambda: stack.user.cancel(job.id)) == (409, "job_running")
    asked.set()
    assert stack.finished(job.id, within_seconds=20).status == "succeeded"


def test_an_edit_of_a_version_that_moved_on_is_refused(stack: DeployedStack, receiver: Target) -> None:
    """Whoever names the version they read does not overwrite what another changed."""
    job = stack.user.schedule(receiver.url("/versions"), delay=3_600, name="one")
    path = f"/v1/jobs/{job.id}"

    first = stack.call("PATCH", path, {"name": "two"}, headers={"If-Match": '"1"'})
    second = stack.call("PATCH", path, {"name": "three"}, headers={"If-Match": "1"})

    assert first.status == 200 and first.headers["etag"] == '"2"' and first.body["version"] == 2
    assert second.status == 412 and second.body["code"] == "version_conflict"
    assert refusal(lambda: stack.user.update(job.id, if_version=1, name="three")) == (412, "version_conflict")
    assert stack.user.job(job.id).name == "two"
    assert stack.user.cancel(job.id, if_version=2).status == "cancelled"
