"""A job that is accepted over HTTPS fires on its millisecond."""

from __future__ import annotations

import time

import pytest

from tests.live.deployed_stack import DeployedStack, eventually
from tests.live.target import Target
from tests.live.times import in_seconds, milliseconds

pytestmark = pytest.mark.live

SKEW_MS = 5
"""How early a request may arrive: the clocks are one here, so this is for rounding alone."""


def test_a_job_fires_once_at_its_due_time_with_all_that_its_user_set(stack: DeployedStack, receiver: Target) -> None:
    """The request arrives as it was asked for, with the service's own headers, and its history is there to read."""
    job = stack.user.schedule(
        receiver.url("/api/items/_delete?before=yesterday"),
        name="purge items",
        method="DELETE",
        headers={"X-Reason": "spring cleaning", "Authorization": "Bearer s3cret"},
        body={"older_than": 30},
        at=in_seconds(4),
    )
    assert job.status == "scheduled" and job.attempts == () and job.version == 1

    done = stack.finished(job.id, within_seconds=20)
    (received,) = receiver.requests("/api/items/_delete?before=yesterday")

    assert received.method == "DELETE" and received.body == b'{"older_than":30}'
    assert received.headers["x-reason"] == "spring cleaning" and received.headers["authorization"] == "Bearer s3cret"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"].startswith("Punctual/")
    assert received.headers["idempotency-key"] == received.headers["punctual-job-id"] == job.id
    assert received.headers["punctual-attempt"] == "1" and received.headers["punctual-due-at"] == job.raw["due_at"]
    assert received.arrived_ms >= milliseconds(job.due_at) - SKEW_MS

    (attempt,) = done.attempts
    assert done.status == attempt.outcome == "succeeded" and done.attempt_count == 1
    assert attempt.status_code == 200 and attempt.error is None
    assert attempt.lateness_ms is not None and attempt.lateness_ms >= -SKEW_MS
    assert attempt.duration_ms is not None and attempt.duration_ms >= 0
    assert done.next_attempt_at is None and done.finished_at is not None and done.expires_at is not None
    assert done.request.headers == {"X-Reason": "spring cleaning", "Authorization": "[redacted]"}


def test_forty_jobs_of_one_instant_each_fire_exactly_once_and_never_early(
    stack: DeployedStack, receiver: Target
) -> None:
    """F24. None is lost, none doubled, none early; how late they are is the bench's to say."""
    at = in_seconds(8)
    ids = [stack.user.schedule(receiver.url("/forty"), at=at).id for _ in range(40)]

    done = [stack.finished(job_id, within_seconds=30) for job_id in ids]
    received = receiver.requests("/forty")

    assert {job.status for job in done} == {"succeeded"} and {job.attempt_count for job in done} == {1}
    assert sorted(request.headers["punctual-job-id"] for request in received) == sorted(ids)
    assert min(request.arrived_ms for request in received) >= milliseconds(at) - SKEW_MS


def test_a_job_without_delay_fires_at_once(stack: DeployedStack, receiver: Target) -> None:
    """Now is a due time like any other."""
    job = stack.user.schedule(receiver.url("/now"), delay=0)

    assert stack.finished(job.id, within_seconds=15).status == "succeeded"
    assert len(receiver.requests("/now")) == 1


def test_a_large_request_arrives_whole(stack: DeployedStack, receiver: Target) -> None:
    """What does not fit into the job's item is stored apart, fetched by the worker, and read back the same."""
    body = "ü" * 40_000
    job = stack.user.schedule(receiver.url("/large"), body=body, headers={"X-Long": "h" * 4_000}, delay=1)

    done = stack.finished(job.id, within_seconds=20)
    (received,) = receiver.requests("/large")

    assert received.body.decode() == body == done.request.body
    assert received.headers["x-long"] == "h" * 4_000


def test_a_far_away_job_is_brought_by_the_sweep(stack: DeployedStack, receiver: Target) -> None:
    """Stored beyond the horizon's margin, the stream lets it be; the sweep hands it off, and it is on time."""
    settings = stack.description["settings"]
    beyond = int(settings["PUNCTUAL_HORIZON_SECONDS"]) * 17 / 15 + 6
    job = stack.user.schedule(receiver.url("/far"), at=in_seconds(beyond))

    queued = eventually(lambda: [body for body in stack.queued("jobs") if job.id in body], bool, within_seconds=beyond)
    assert queued and time.time() * 1000 < milliseconds(job.due_at), "the sweep of its window has not brought it"
    done = stack.finished(job.id, within_seconds=beyond + 30)
    (received,) = receiver.requests("/far")

    assert done.status == "succeeded" and done.attempt_count == 1
    assert received.arrived_ms >= milliseconds(job.due_at) - SKEW_MS
