"""Change: an owner edits or cancels a job that is still scheduled (arrows f and g).

Both read the job, make the next version of it, and write that on the condition that the job is still scheduled and at
the version that was read. Whoever races with a claim or with another edit loses cleanly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lambdas.jobs.errors import EditLost, JobFinished, JobNotFound, JobRunning, Unavailable, VersionConflict
from lambdas.jobs.job import Job, Status

if TYPE_CHECKING:
    from lambdas.jobs.ports import JobStore

_TRIES = 5
"""How often an edit that names no version is made anew on what a rival edit left."""


class JobContended(Unavailable):
    """Rival edits won as often as this one was tried; nothing was changed."""


def change(
    job_id: str,
    edit: Callable[[Job], Job],
    *,
    owner: str,
    versions: frozenset[int] | None,
    store: JobStore,
    now_ms: int,
) -> Job:
    """Write what `edit` makes of the owner's job, and return the job as stored. If `edit` gives back the very job that
    it got, there is nothing to write.

    `versions` are those the owner would edit (`If-Match`), None for any: then an edit that loses against another is
    made again on the newer version, so that both hold. Raises JobNotFound, JobRunning, JobFinished or VersionConflict,
    whatever `edit` raises, and JobContended.
    """
    for _ in range(_TRIES):
        job = store.read(job_id, owner=owner, now_ms=now_ms)
        _check_changeable(job, versions)
        edited = edit(job)
        if edited is job:
            return job
        try:
            return store.replace(edited, read_version=job.version)
        except EditLost as lost:
            if lost.found is None:
                raise JobNotFound from lost
            _check_changeable(lost.found, versions)
    raise JobContended("the job is being changed by others; try again")


def cancel(
    job_id: str, *, owner: str, versions: frozenset[int] | None, store: JobStore, now_ms: int, retention_ms: int
) -> Job:
    """Cancel the owner's job; one that is cancelled already is returned as it is. Raises as `change` does."""
    try:
        return change(
            job_id,
            lambda job: job.cancelled(now_ms=now_ms, retention_ms=retention_ms),
            owner=owner,
            versions=versions,
            store=store,
            now_ms=now_ms,
        )
    except JobFinished:
        job = store.read(job_id, owner=owner, now_ms=now_ms)
        if job.status is Status.CANCELLED:  # a rival cancelled it in between, and cancelling twice is fine
            return job
        raise


def _check_changeable(job: Job, versions: frozenset[int] | None) -> None:
    if job.status is Status.RUNNING:
        raise JobRunning
    if job.status.finished:
        raise JobFinished(job.status)
    if versions is not None and job.version not in versions:
        raise VersionConflict(job.version)
