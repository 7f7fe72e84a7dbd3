"""Retry: whether and when to try again. Decides, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lambdas.jobs.outcome import Outcome, Verdict

if TYPE_CHECKING:
    from lambdas.jobs.job import Job

Uniform = Callable[[float, float], float]
"""A number between two bounds, each as likely as any other: `random.uniform`, or a test's choice."""


def wait_before_retry_ms(job: Job, outcome: Outcome, *, uniform: Uniform) -> int | None:
    """How long to wait before the next attempt, or None if there is to be none.

    The wait is drawn between the job's minimum and its doubling backoff, capped at the job's maximum ("full
    jitter": jobs that failed together do not come back together). What the target asked for with `Retry-After` is
    obeyed instead.
    """
    if outcome.verdict is not Verdict.RETRYABLE or job.attempt_count >= job.retry.max_attempts:
        return None
    if outcome.retry_after_ms is not None:
        return outcome.retry_after_ms
    shortest, longest = job.retry.min_backoff_seconds, job.retry.max_backoff_seconds
    doubled = min(longest, shortest * 2 ** min(job.attempt_count, 32))
    return round(uniform(shortest, doubled) * 1000)
