"""A new job like one that has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.errors import JobNotFinished, RequestExpired
from lambdas.jobs.job import REQUEST_EXPIRED, AttemptOutcome, Job, Status
from lambdas.jobs.rerun import rerun
from tests.examples import HORIZON, RETENTION_MS, a_full_job, an_attempt, new_id
from tests.fakes import NOW_MS

LATER_MS = NOW_MS + 5 * 86_400_000
ASKED = ("owner", "request", "name", "timezone", "retry", "timeout_ms", "expect", "notify")
"""What its user has said of a job, but for the time."""


def failed(job: Job) -> Job:
    running = job.claimed(claim_id="c", now_ms=NOW_MS)
    return running.failed(an_attempt(1, AttemptOutcome.FAILED), now_ms=NOW_MS, retention_ms=RETENTION_MS)


def again(job: Job) -> Job:
    return rerun(job, job_id=new_id(), now_ms=LATER_MS, horizon=HORIZON)


def test_all_that_was_asked_is_asked_again_and_now() -> None:
    """Secrets included; the new job fires at once, and names the one that it is like."""
    job = failed(a_full_job())
    new = again(job)
    assert [getattr(new, name) for name in ASKED] == [getattr(job, name) for name in ASKED]
    assert ("authorization", "Bearer s3cret") in new.request.headers
    assert (new.due_at_ms, new.fire_at_ms, new.handoff) == (LATER_MS, LATER_MS, True)
    assert new.rerun_of == job.id


def test_nothing_of_what_happened_comes_along() -> None:
    """It is a job at its beginning, whatever became of the other."""
    new = again(replace(failed(a_full_job()), alerted_at_ms=NOW_MS, stored_apart=3))
    asked = {name: getattr(new, name) for name in ASKED}
    assert new == Job(
        id=new.id,
        due_at_ms=LATER_MS,
        fire_at_ms=LATER_MS,
        created_at_ms=LATER_MS,
        updated_at_ms=LATER_MS,
        handoff=True,
        rerun_of=new.rerun_of,
        **asked,
    )


@pytest.mark.parametrize("status", list(Status))
def test_only_what_has_ended_is_run_again(status: Status) -> None:
    """However it ended; the rest would be made twice."""
    job = replace(a_full_job(), status=status)
    if status.finished:
        assert again(job).status is Status.SCHEDULED
    else:
        with pytest.raises(JobNotFinished) as refused:
            again(job)
        assert (refused.value.status, refused.value.code) == (409, "job_not_finished")


def test_a_request_of_which_a_part_is_gone_is_not_sent_again() -> None:
    """A body that was deleted must not become an empty one."""
    job = failed(a_full_job())
    with pytest.raises(RequestExpired) as refused:
        again(replace(job, notes=(*job.notes, REQUEST_EXPIRED)))
    assert (refused.value.status, refused.value.code) == (409, "request_expired")
