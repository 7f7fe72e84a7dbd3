"""What happens to an owner's jobs, seen by asking now and then: seldom while nothing is near, often when it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from punctual.errors import NotFound

if TYPE_CHECKING:
    from punctual.client import Client
    from punctual.models import Job

WINDOW = 100
"""Jobs on either side of now that are watched: a page of the service."""

VANISHED = 10
"""Jobs that are asked for one by one, in one look, because the lists have them no more: cancelled, or moved away."""

FINISHED = ("succeeded", "failed", "cancelled")

SELDOM = timedelta(seconds=20)
OFTEN = timedelta(seconds=1.5)
NEAR = timedelta(minutes=1)
"""So long around its moment a job may change at any time; who is later than that is in trouble, and has time."""
_AHEAD = timedelta(minutes=1)
"""How far the service's clock may be ahead of this machine's."""


@dataclass(frozen=True, slots=True)
class View:
    """What there was to be seen `at` a moment: jobs to come, the next first; jobs that have ended, the last first."""

    at: datetime
    upcoming: tuple[Job, ...]
    ended: tuple[Job, ...]

    def pause(self, now: datetime) -> timedelta:
        """How long to look away."""
        waits = [SELDOM]
        for job in self.upcoming:
            moment = job.next_attempt_at or now
            if moment > now:
                waits.append(moment - now + OFTEN / 3)
            elif now - moment < NEAR:
                return OFTEN
        return max(OFTEN, min(waits))


@dataclass(frozen=True, slots=True)
class Change:
    """What has happened to a job since the last look: `word` is its new status, or "retry", "waiting", "moved",
    "changed". `job` is as it is now."""

    word: str
    job: Job


class Watch:
    """The state of a watch. Each look takes two requests, and one for each of at most ten jobs that have vanished."""

    def __init__(self, client: Client, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._last: View | None = None
        self._horizon: datetime | None = None
        """The latest change that was seen, by the service's clock."""

    def look(self) -> tuple[View, list[Change]]:
        """What there is to be seen, and what has changed since the last look, in the order in which it did."""
        now = self._now()
        upcoming = list(islice(self._client.jobs(status="upcoming", page_size=WINDOW), WINDOW))
        found = self._client.jobs(status=FINISHED, to=now + _AHEAD, order="desc", page_size=WINDOW)
        ended = list(islice(found, WINDOW))
        for job in self._vanished(upcoming, ended):
            (ended if job.finished else upcoming).append(job)
        view = View(
            now,
            tuple(sorted(upcoming, key=lambda job: job.next_attempt_at or job.due_at)),
            tuple(sorted(ended, key=lambda job: job.finished_at or job.due_at, reverse=True)),
        )
        changes = sorted(self._changes(view), key=lambda change: change.job.updated_at)
        self._last = view
        self._horizon = max((job.updated_at for job in (*upcoming, *ended)), default=self._horizon)
        return view, changes

    def _vanished(self, upcoming: list[Job], ended: list[Job]) -> Iterator[Job]:
        """Jobs that were to come and are in no list any more, as they are now."""
        if self._last is None:
            return
        seen = {job.id for job in (*upcoming, *ended)}
        last_due = upcoming[-1].due_at if len(upcoming) >= WINDOW else None
        missing = [
            job for job in self._last.upcoming if job.id not in seen and (last_due is None or job.due_at < last_due)
        ]
        for job in missing[:VANISHED]:
            with contextlib.suppress(NotFound):
                yield self._client.job(job.id)

    def _changes(self, view: View) -> Iterator[Change]:
        last = self._last
        if last is None:
            return
        known = {job.id: job for job in (*last.upcoming, *last.ended)}
        sides = ((view.upcoming, last.upcoming), (view.ended, last.ended))
        for job, before in ((job, before) for jobs, before in sides for job in jobs):
            old = known.get(job.id)
            if old is None and self._is_news(job, before):
                yield Change(job.status, job)
            elif old is not None and old.version < job.version:
                yield Change(_what_changed(old, job), job)

    def _is_news(self, job: Job, before: tuple[Job, ...]) -> bool:
        """Whether a job that was not seen was not there; it may only have moved up into the window."""
        happened = job.finished_at or job.created_at
        return len(before) < WINDOW or self._horizon is None or happened > self._horizon


def _what_changed(old: Job, new: Job) -> str:
    if new.status == "scheduled" and new.attempt_count > old.attempt_count:
        return "retry"
    if new.status != old.status:
        return new.status
    if new.waiting_for and not old.waiting_for:
        return "waiting"
    return "moved" if new.due_at != old.due_at else "changed"
