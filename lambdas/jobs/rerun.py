"""Rerun: a new job like one that has ended, due now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lambdas.jobs.errors import JobNotFinished, RequestExpired
from lambdas.jobs.job import REQUEST_EXPIRED, Job

if TYPE_CHECKING:
    from lambdas.jobs.horizon import Horizon


def rerun(job: Job, *, job_id: str, now_ms: int, horizon: Horizon) -> Job:
    """A new job of the same owner with everything that the user asked of `job`, secrets included, due now.

    `job` must be whole: with headers and body. Raises JobNotFinished, and RequestExpired when these are gone.
    """
    if not job.status.finished:
        raise JobNotFinished(job.status)
    if any(note.code == REQUEST_EXPIRED.code for note in job.notes):
        raise RequestExpired
    again = Job(
        id=job_id,
        owner=job.owner,
        request=job.request,
        due_at_ms=now_ms,
        fire_at_ms=now_ms,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        rerun_of=job.id,
    )
    asked = {name: getattr(job, name) for name in ("name", "timezone", "retry", "timeout_ms", "expect", "notify")}
    return replace(again, **asked).planned(now_ms=now_ms, horizon=horizon)
