"""A worker that dies loses no job."""

from __future__ import annotations

import pytest

from tests.live.deployed_stack import DeployedStack
from tests.live.target import Reply, Target
from tests.live.user import error_code

pytestmark = pytest.mark.live

VISIBILITY_SECONDS = 120
"""How long SQS keeps a message from other workers: longer than the lease of any job."""


def test_a_job_whose_worker_is_killed_in_mid_attempt_is_attempted_again_with_the_same_key(
    stack: DeployedStack, receiver: Target
) -> None:
    """F11. The lease runs out, the message comes again, and the first attempt is known as one whose worker died."""
    receiver.answer("/killed", Reply(200, wait_seconds=50), Reply(200))
    job = stack.user.schedule(receiver.url("/killed"), delay=0, timeout_seconds=50)
    (first,) = receiver.wait_for("/killed", within_seconds=15)
    stack.kill_sender_of(first)

    done = stack.finished(job.id, within_seconds=2 * VISIBILITY_SECONDS)
    first, second = receiver.requests("/killed")

    assert done.status == "succeeded" and done.attempt_count == 2
    died, succeeded = done.attempts
    assert died.outcome == "died" and error_code(died) == "died"
    assert succeeded.outcome == "succeeded"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == job.id
    assert (first.headers["punctual-attempt"], second.headers["punctual-attempt"]) == ("1", "2")
