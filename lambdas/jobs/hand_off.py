"""Hand off: put messages for near jobs on the jobs queue, each to arrive `lead` before its fire time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdas.jobs.ports import JobQueue, Message

if TYPE_CHECKING:
    from lambdas.jobs.due_job import DueJob
    from lambdas.jobs.horizon import Horizon


def hand_off(due_jobs: Sequence[DueJob], *, queue: JobQueue, horizon: Horizon, now_ms: int) -> Sequence[DueJob]:
    """Enqueue the near ones among the jobs, and return those that the queue refused.

    A job that is not near is left to the sweep: its record is old news, or was never meant for the queue. Raises
    QueueUnavailable when nothing is known of what was enqueued; sending again is harmless, the claim sorts it out.
    """
    messages = [
        (Message(due), horizon.delay_seconds(due.fire_at_ms, now_ms))
        for due in due_jobs
        if horizon.is_near(due.fire_at_ms, now_ms)
    ]
    return [message.due for message in queue.send(messages)] if messages else []
