"""What fails is tried again as the job says, and told when it is given up."""

from __future__ import annotations

import threading

import pytest

from punctual import RetryFields
from punctual.models import AttemptError
from tests.live.deployed_stack import DeployedStack
from tests.live.target import Reply, Target
from tests.live.times import milliseconds
from tests.live.user import error_code

pytestmark = pytest.mark.live

IMPATIENT: RetryFields = {"max_attempts": 3, "min_backoff_seconds": 1, "max_backoff_seconds": 2}


def test_a_job_that_succeeds_at_its_second_attempt_is_a_success(stack: DeployedStack, receiver: Target) -> None:
    """Both attempts are in its history, both requests carried one Idempotency-Key, and nobody is alarmed."""
    receiver.answer("/flaky", Reply(503, "try later"), Reply(200))
    job = stack.user.schedule(receiver.url("/flaky"), delay=1, retry=IMPATIENT)

    done = stack.finished(job.id, within_seconds=30)
    first, second = receiver.requests("/flaky")
    failed, succeeded = done.attempts

    assert done.status == "succeeded" and done.due_at == job.due_at
    assert failed.outcome == "retry" and failed.status_code == 503 and failed.response_excerpt == "try later"
    assert failed.error == AttemptError("status_retryable", "The target answered 503.")
    assert succeeded.outcome == "succeeded" and succeeded.number == 2
    assert failed.next_attempt_at is not None and failed.started_at is not None
    waited_ms = milliseconds(failed.next_attempt_at) - milliseconds(failed.started_at)
    assert 1_000 <= waited_ms < 10_000  # with the time that the attempt took
    assert second.arrived_ms >= milliseconds(failed.next_attempt_at) - 5
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == job.id
    assert second.headers["punctual-attempt"] == "2"
    assert stack.alerts_about(job.id) == []


def test_retry_after_is_obeyed(stack: DeployedStack, receiver: Target) -> None:
    """F18. The target says when to come again, and the job's own backoff (an hour here) does not matter."""
    receiver.answer("/busy", Reply(429, headers={"Retry-After": "2"}), Reply(200))
    patient: RetryFields = {"min_backoff_seconds": 3_600, "max_backoff_seconds": 3_600}
    job = stack.user.schedule(receiver.url("/busy"), delay=0, retry=patient)

    done = stack.finished(job.id, within_seconds=30)

    assert done.status == "succeeded"
    first, second = receiver.requests("/busy")
    assert second.arrived_ms - first.arrived_ms >= 1_995


def test_a_job_whose_attempts_are_used_up_fails_and_one_alert_tells_so(stack: DeployedStack, receiver: Target) -> None:
    """Who reads the alert needs no console: the name, what was asked, when, what came back and what to do are in it."""
    receiver.answer("/broken", Reply(500, "out of order"))
    job = stack.user.schedule(receiver.url("/broken"), name="purge items", delay=1, retry=IMPATIENT)

    done = stack.finished(job.id, within_seconds=40)
    (alert,) = stack.alerts_about(job.id, within_seconds=20)

    assert done.status == "failed" and [attempt.outcome for attempt in done.attempts] == ["retry", "retry", "failed"]
    assert len(receiver.requests("/broken")) == 3
    assert "purge items" in alert.subject and "failed" in alert.subject
    for told in (
        "purge items",
        "POST " + receiver.url("/broken"),
        "3 attempts",
        "The target answered 500.",
        "What to do",
    ):
        assert told in alert.message


def test_a_404_fails_at_once(stack: DeployedStack, receiver: Target) -> None:
    """The request is wrong, and would be wrong again."""
    receiver.answer("/missing", Reply(404))
    job = stack.user.schedule(receiver.url("/missing"), delay=0)

    done = stack.finished(job.id, within_seconds=15)

    assert done.status == "failed" and error_code(done.attempts[0]) == "status_permanent"
    assert len(receiver.requests("/missing")) == 1
    assert len(stack.alerts_about(job.id, within_seconds=20)) == 1


def test_a_job_that_wants_no_notice_fails_in_silence(stack: DeployedStack, receiver: Target) -> None:
    """And one that wants to hear of its success does."""
    receiver.answer("/silent", Reply(404))
    silent = stack.user.schedule(receiver.url("/silent"), delay=0, notify={"on": []})
    proud = stack.user.schedule(receiver.url("/proud"), delay=0, notify={"on": ["succeeded"]})

    assert stack.finished(silent.id, within_seconds=15).status == "failed"
    assert stack.finished(proud.id, within_seconds=15).status == "succeeded"
    assert len(stack.alerts_about(proud.id, within_seconds=20)) == 1
    assert stack.alerts_about(silent.id) == []


def test_an_expectation_that_does_not_hold_is_a_failure(stack: DeployedStack, receiver: Target) -> None:
    """A 200 that says something else is not what the user asked for."""
    receiver.answer("/expect", Reply(200, '{"done": false}'))
    job = stack.user.schedule(receiver.url("/expect"), delay=0, expect={"json": {"done": True}})

    done = stack.finished(job.id, within_seconds=15)

    assert done.status == "failed" and error_code(done.attempts[0]) == "expectation_failed"


def test_a_slow_target_does_not_delay_another_job_of_the_same_instant(stack: DeployedStack, receiver: Target) -> None:
    """The quick one is done while the slow one is still waited for."""
    seen = threading.Event()
    receiver.answer("/slow", Reply(200, meanwhile=lambda _: seen.wait(50)))
    slow = stack.user.schedule(receiver.url("/slow"), delay=4, timeout_seconds=60)
    quick = stack.user.schedule(receiver.url("/quick"), delay=4)

    assert stack.finished(quick.id, within_seconds=30).status == "succeeded"
    receiver.wait_for("/slow", within_seconds=20)
    assert stack.user.job(slow.id).status == "running"
    seen.set()
    assert stack.finished(slow.id, within_seconds=20).status == "succeeded"


def test_a_target_that_is_too_slow_times_out(stack: DeployedStack, receiver: Target) -> None:
    """The whole exchange has the job's time-out."""
    receiver.answer("/asleep", Reply(200, wait_seconds=5))
    job = stack.user.schedule(receiver.url("/asleep"), delay=0, timeout_seconds=1, retry={"max_attempts": 1})

    done = stack.finished(job.id, within_seconds=15)

    assert done.status == "failed" and error_code(done.attempts[0]) == "timeout"
