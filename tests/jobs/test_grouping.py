"""Which failures are told one by one, and which together: the decision, without a store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.grouping import (
    SETTLING_MS,
    TELLING_MS,
    TOLD_ONE_BY_ONE,
    Group,
    Step,
    key_of,
    named,
    next_step,
    told,
)
from lambdas.jobs.job import AttemptError, AttemptOutcome, Job, Request
from tests.examples import RETENTION_MS, a_job, an_attempt
from tests.fakes import NOW_MS

WINDOW_MS = 300_000
FULL = tuple(f"job_{number}" for number in range(TOLD_ONE_BY_ONE))
OPEN = Group(until_ms=NOW_MS + WINDOW_MS, first=FULL, version=5)
CROWDED = replace(OPEN, crowded=True)
OVER_MS = CROWDED.until_ms + SETTLING_MS


def step(group: Group, job_id: str = "job_new", *, now_ms: int = NOW_MS) -> tuple[Step, Group]:
    return next_step(group, job_id, now_ms=now_ms, window_ms=WINDOW_MS)


def test_the_first_opens_a_window_and_is_told_alone() -> None:
    """Also when the last one was over long ago."""
    opened = Group(until_ms=NOW_MS + WINDOW_MS, first=("job_new",))
    assert step(Group()) == (Step.ALONE, opened)
    assert step(Group(until_ms=NOW_MS, first=FULL)) == (Step.ALONE, opened)


def test_five_are_told_alone_and_the_sixth_waits() -> None:
    """Each by itself, in one window."""
    group, steps = Group(), []
    for number in range(7):
        taken, group = step(group, f"job_{number}")
        steps.append(taken)
    assert steps == [Step.ALONE] * 5 + [Step.WAIT] * 2
    assert group == Group(until_ms=NOW_MS + WINDOW_MS, first=FULL, crowded=True)


@pytest.mark.parametrize("now_ms", [NOW_MS, OVER_MS - 1, OVER_MS + WINDOW_MS])
def test_one_that_is_told_alone_stays_so(now_ms: int) -> None:
    """Its letter comes again when the alert could not be sent; it takes no other's place, and does not wait."""
    assert step(CROWDED, FULL[0], now_ms=now_ms) == (Step.ALONE, CROWDED)
    assert step(told(CROWDED), FULL[0], now_ms=now_ms) == (Step.ALONE, told(CROWDED))


def test_a_crowd_is_told_when_its_window_has_settled_and_not_before() -> None:
    """Whoever saw the window open has noted its job by then."""
    assert step(CROWDED, now_ms=CROWDED.until_ms - 1) == (Step.WAIT, CROWDED)
    assert step(CROWDED, now_ms=CROWDED.until_ms) == (Step.LATER, CROWDED)
    assert step(CROWDED, now_ms=OVER_MS - 1) == (Step.LATER, CROWDED)
    assert step(CROWDED, now_ms=OVER_MS) == (Step.LEAD, replace(CROWDED, telling_until_ms=OVER_MS + TELLING_MS))


def test_one_tells_and_the_others_come_again() -> None:
    """Until it must be dead."""
    telling = replace(CROWDED, telling_until_ms=OVER_MS + TELLING_MS)
    assert step(telling, now_ms=telling.telling_until_ms - 1) == (Step.LATER, telling)
    assert step(telling, now_ms=telling.telling_until_ms)[0] is Step.LEAD


def test_while_the_trouble_lasts_nobody_is_told_alone() -> None:
    """Hours of a dead target cost a mail for each window; after a quiet one the first is told at once again."""
    after = told(CROWDED)
    assert (after.told_until_ms, after.crowded, after.telling_until_ms) == (CROWDED.until_ms, False, 0)
    taken, opened = step(after, now_ms=OVER_MS + WINDOW_MS - 1)
    assert (taken, opened.crowded, opened.first) == (Step.WAIT, True, ())
    taken, opened = step(after, now_ms=OVER_MS + WINDOW_MS)
    assert (taken, opened.crowded, opened.first) == (Step.ALONE, False, ("job_new",))


@given(
    st.integers(0, NOW_MS * 2),
    st.integers(0, NOW_MS * 2),
    st.sampled_from([(), FULL[:2], FULL]),
    st.booleans(),
    st.integers(0, NOW_MS * 2),
)
def test_a_window_that_somebody_waits_for_is_never_overwritten(
    now_ms: int, until_ms: int, first: tuple[str, ...], crowded: bool, telling_until_ms: int
) -> None:
    """It ends by being told, and in no other way."""
    group = Group(until_ms, first, crowded, telling_until_ms)
    _, after = step(group, now_ms=now_ms)
    if crowded:
        assert (after.until_ms, after.crowded) == (until_ms, True)
    assert len(after.first) <= TOLD_ONE_BY_ONE


def failed(*, host: str = "example.com", code: str = "status_retryable", status: int | None = 503) -> Job:
    attempt = an_attempt(1, AttemptOutcome.FAILED, status_code=status, error=AttemptError(code, "It failed."))
    job = a_job(request=Request("POST", f"https://{host}:8443/a?b"))
    return job.failed(attempt, now_ms=NOW_MS + 7, retention_ms=RETENTION_MS)


def test_a_group_is_an_owners_failures_at_one_host_for_one_reason() -> None:
    """Whatever the path, the port and the words."""
    keys = [
        key_of(failed()),
        key_of(failed(host="example.org")),
        key_of(failed(code="expectation_failed")),
        key_of(failed(status=502)),
        key_of(failed(code="timeout", status=None)),
        key_of(replace(failed(), owner="bob")),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of(failed()) == keys[0]
    assert (keys[0].owner, keys[0].host, keys[0].code, keys[0].status_code) == (
        "ada",
        "example.com",
        "status_retryable",
        503,
    )


def test_a_job_without_attempts_has_a_group_too() -> None:
    """An item may have been mended by hand."""
    job = replace(failed(), attempts=(), finished_at_ms=None)
    assert key_of(job).code == "failed"
    assert named(job).ended_at_ms == job.updated_at_ms
