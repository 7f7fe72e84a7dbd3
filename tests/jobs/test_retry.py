"""Retry: whether to try again, and after which wait."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.job import RetryPolicy
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.retry import wait_before_retry_ms
from tests.examples import a_job

RETRYABLE = Outcome(Verdict.RETRYABLE)


def bounds(attempt_count: int, **policy: int) -> tuple[float, float]:
    """Between which waits (seconds) the dice decide after so many attempts."""
    drawn: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    job = a_job(attempt_count=attempt_count, retry=RetryPolicy(**{"max_attempts": 20, **policy}))
    assert wait_before_retry_ms(job, RETRYABLE, uniform=uniform) is not None
    return drawn[0]


def test_the_wait_lies_between_the_minimum_and_a_bound_that_doubles() -> None:
    """uniform(min, min(max, min · 2ⁿ)), n = attempts made: full jitter, so that jobs which failed together do not
    come back together."""
    seen = [bounds(n, min_backoff_seconds=10, max_backoff_seconds=3_600) for n in range(1, 11)]
    assert seen == [(10, high) for high in (20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600)]


def test_equal_bounds_leave_no_choice() -> None:
    """A job may ask for a fixed wait."""
    assert bounds(3, min_backoff_seconds=60, max_backoff_seconds=60) == (60, 60)


def test_a_thousand_deaths_do_not_overflow() -> None:
    """Attempts are counted without end; the power is not computed without end."""
    assert bounds(10**9, max_attempts=10**10) == (10, 3_600)


@given(
    attempt_count=st.integers(1, 19),
    shortest=st.integers(1, 3_600),
    longer=st.integers(0, 82_800),
    dice=st.randoms(use_true_random=False),
)
def test_every_wait_is_within_the_jobs_bounds(
    attempt_count: int, shortest: int, longer: int, dice: random.Random
) -> None:
    """In milliseconds, whatever the dice say."""
    policy = RetryPolicy(max_attempts=20, min_backoff_seconds=shortest, max_backoff_seconds=shortest + longer)
    wait_ms = wait_before_retry_ms(a_job(attempt_count=attempt_count, retry=policy), RETRYABLE, uniform=dice.uniform)
    assert wait_ms is not None
    assert shortest * 1000 <= wait_ms <= min(shortest * 2**attempt_count, shortest + longer) * 1000


def test_waits_of_jobs_that_failed_together_are_spread() -> None:
    """A thousand jobs that meet 503 in one second are back over the whole range, not in one second."""
    dice = random.Random(7)
    job = a_job(attempt_count=4)
    waits = [wait_before_retry_ms(job, RETRYABLE, uniform=dice.uniform) or 0 for _ in range(1_000)]
    tenths = {(wait - 10_000) * 10 // 150_001 for wait in waits}
    assert tenths == set(range(10))


@pytest.mark.parametrize("wait_ms", [0, 1, 7_000, 86_400_000])
def test_what_the_target_asked_for_is_obeyed_instead(wait_ms: int) -> None:
    """Also below the job's minimum and beyond its maximum."""
    asked = Outcome(Verdict.RETRYABLE, retry_after_ms=wait_ms)
    assert wait_before_retry_ms(a_job(attempt_count=1), asked, uniform=lambda low, high: high) == wait_ms


@pytest.mark.parametrize("verdict", [Verdict.SUCCEEDED, Verdict.PERMANENT])
def test_only_what_may_pass_is_tried_again(verdict: Verdict) -> None:
    """Success needs no retry, and a permanent failure gains nothing by it."""
    assert wait_before_retry_ms(a_job(attempt_count=1), Outcome(verdict), uniform=lambda low, high: low) is None


@pytest.mark.parametrize(("made", "allowed", "again"), [(1, 1, False), (1, 2, True), (4, 5, True), (5, 5, False)])
def test_attempts_end_when_they_are_used_up(made: int, allowed: int, again: bool) -> None:
    """`max_attempts` counts all attempts; Retry-After gives no extra one."""
    job = a_job(attempt_count=made, retry=RetryPolicy(max_attempts=allowed))
    for outcome in (RETRYABLE, Outcome(Verdict.RETRYABLE, retry_after_ms=1)):
        assert (wait_before_retry_ms(job, outcome, uniform=lambda low, high: low) is not None) is again
