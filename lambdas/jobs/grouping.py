"""Grouping: which failures are told one by one, and which wait to be told together. Pure; `telling` acts on it.

A target that is down fails many jobs for one reason. The first five of such a group are told at once, each by itself;
those after them wait until the group's window ends and are told in one alert. While a target stays down, the windows
that follow tell all of theirs together, so that hours of it cost a mail every few minutes and not hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from lambdas.jobs.place import host_of

if TYPE_CHECKING:
    from lambdas.jobs.job import Job

TOLD_ONE_BY_ONE = 5
"""So many failures of a group's window are told each by itself."""

SETTLING_MS = 45_000
"""How long after its end a window is told. Whoever saw it open has noted its job by then: no `bury` lives as long."""

NAMED_JOBS = 5
"""So many jobs of a crowd are named in its alert."""

TELLING_MS = 45_000
"""How long a window is one function's to tell. If that has died, another tells it after this."""


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What failures have in common that are told together: whose, where, why, and the address that they name."""

    owner: str
    host: str
    code: str
    status_code: int | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """What is known of a group's last window. Times are epoch milliseconds; 0 is never.

    `first` holds the ids of the jobs told one by one. `crowded` says that there are others, who wait to be told
    together; `telling_until_ms` until when somebody is about to tell them. `told_until_ms` is the end of the last
    window that was told together. `version` counts the writes.
    """

    until_ms: int = 0
    first: tuple[str, ...] = ()
    crowded: bool = False
    telling_until_ms: int = 0
    told_until_ms: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Named:
    """A job that waits to be told of, as an alert names it. Times are epoch milliseconds."""

    job_id: str
    name: str | None
    due_at_ms: int
    ended_at_ms: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """The jobs that one alert tells of: how many, the first five made, and from when to when they were due and ended.

    Times are epoch milliseconds.
    """

    count: int
    first: tuple[Named, ...]
    due_ms: tuple[int, int]
    ended_ms: tuple[int, int]


class Step(StrEnum):
    """What follows for a job's notice."""

    ALONE = "alone"
    """Tell it now, by itself."""
    WAIT = "wait"
    """Note the job as waiting for the window's end."""
    LATER = "later"
    """Look again later: the window is settling, or somebody is telling it."""
    LEAD = "lead"
    """Tell all that wait, now: their window is over."""


def key_of(job: Job) -> GroupKey:
    """The group of a job that has failed."""
    last = job.last_attempt
    return GroupKey(
        owner=job.owner,
        host=host_of(job.request.url),
        code=last.error.code if last and last.error else "failed",
        status_code=last.status_code if last else None,
        email=job.notify.email if job.notify else None,
    )


def named(job: Job) -> Named:
    return Named(job.id, job.name, job.due_at_ms, job.finished_at_ms or job.updated_at_ms)


def with_one_more(crowd: Crowd | None, job: Named) -> Crowd:
    """A crowd and a job that was made after all of it."""
    due_ms, ended_ms = (job.due_at_ms, job.due_at_ms), (job.ended_at_ms, job.ended_at_ms)
    if crowd is None:
        return Crowd(1, (job,), due_ms, ended_ms)
    return Crowd(
        count=crowd.count + 1,
        first=(*crowd.first, job)[:NAMED_JOBS],
        due_ms=(min(crowd.due_ms + due_ms), max(crowd.due_ms + due_ms)),
        ended_ms=(min(crowd.ended_ms + ended_ms), max(crowd.ended_ms + ended_ms)),
    )


def next_step(group: Group, job_id: str, *, now_ms: int, window_ms: int) -> tuple[Step, Group]:
    """What follows for a job that has failed and was not told with a window before, and the group as it then is."""
    if job_id in group.first:
        return Step.ALONE, group
    if now_ms < group.until_ms:
        if len(group.first) < TOLD_ONE_BY_ONE and not group.crowded:
            return Step.ALONE, replace(group, first=(*group.first, job_id))
        return Step.WAIT, replace(group, crowded=True)
    if not group.crowded:
        return _opened(group, job_id, now_ms=now_ms, window_ms=window_ms)
    if now_ms < group.until_ms + SETTLING_MS or now_ms < group.telling_until_ms:
        return Step.LATER, group
    return Step.LEAD, replace(group, telling_until_ms=now_ms + TELLING_MS)


def told(group: Group) -> Group:
    """The group after its crowd was told."""
    return replace(group, crowded=False, telling_until_ms=0, told_until_ms=group.until_ms)


def _opened(group: Group, job_id: str, *, now_ms: int, window_ms: int) -> tuple[Step, Group]:
    """A new window. Right after one that was told together its reader knows the trouble, and nobody is told alone."""
    opened = replace(group, until_ms=now_ms + window_ms, first=())
    if now_ms < group.told_until_ms + SETTLING_MS + window_ms:
        return Step.WAIT, replace(opened, crowded=True)
    return Step.ALONE, replace(opened, first=(job_id,))
