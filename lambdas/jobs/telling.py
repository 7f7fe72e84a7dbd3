"""Telling: a failed job's notice goes out, by itself or together with others of its group (see `grouping`).

A job is noted as told only after an alert that counts it was sent, and its letter stays in the dead-letter queue until
then. So a crash between any two steps may repeat an alert, and never loses one:

1. A window that was told counts the job: note it as told.
2. Decide, and write the decision on the condition that the group is as it was read; else look again.
3. Alone: send its alert, note it as told.
4. Wait: note the job as waiting in this window; the letter comes again.
5. Lead: the group is ours to tell for a while. Send one alert for all that wait, then note the window as told;
   each of the jobs is noted as told when its own letter comes again (step 1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lambdas.jobs.errors import DamagedItem, JobNotFound, PunctualError
from lambdas.jobs.grouping import Group, GroupKey, Step, key_of, named, next_step, told
from lambdas.jobs.job import Job, Status
from lambdas.jobs.notice import notice_of, notice_of_many

if TYPE_CHECKING:
    from lambdas.jobs.owners_alerts import NotifyOf
    from lambdas.jobs.ports import AlertGroups, Alerts, Clock, JobStore, Journal

_TRIES = 10
"""How often a group that others write at the same time is looked at again. Few functions bury at once."""


class Herald(NamedTuple):
    """All that telling of failures needs.

    `notify_of` gives what holds for jobs without a `notify` of their own; `window_ms` is how long a group's failures
    are gathered.
    """

    store: JobStore
    alerts: Alerts
    groups: AlertGroups
    journal: Journal
    clock: Clock
    window_ms: int
    notify_of: NotifyOf


class ToldLater(PunctualError):
    """The job's notice waits for others like it: its letter must come again."""


def tell_of_end(job: Job, *, herald: Herald) -> None:
    """Tell of a job's end and note it as told. Raises ToldLater or Unavailable if its letter must come again."""
    if job.status is Status.FAILED:
        _tell_of_failure(job, herald)
    else:
        _tell_alone(job, herald)


def _tell_of_failure(job: Job, herald: Herald) -> None:
    key = key_of(job)
    for _ in range(_TRIES):
        try:
            group = herald.groups.read(key)
        except DamagedItem:  # nobody can say what it held: better one mail too many
            _tell_alone(job, herald)
            return
        if group.told_until_ms and herald.groups.is_waiting(key, job.id, window_ms=group.told_until_ms):
            _note(job, herald)
            return
        now_ms = herald.clock.now_ms()
        step, after = next_step(group, job.id, now_ms=now_ms, window_ms=herald.window_ms)
        if after != group:
            after = replace(after, version=group.version + 1)
            if not herald.groups.write(key, after, now_ms=now_ms):
                continue
        if step is Step.ALONE:
            _tell_alone(job, herald)
            return
        if step is Step.WAIT:
            _wait(job, key, after, herald)
        if step is not Step.LEAD:
            raise ToldLater
        _lead(key, after, herald)
    raise ToldLater


def _tell_alone(job: Job, herald: Herald) -> None:
    herald.alerts.send(notice_of(_in_full(job, herald)))
    _note(job, herald)


def _wait(job: Job, key: GroupKey, group: Group, herald: Herald) -> None:
    if not herald.groups.is_waiting(key, job.id, window_ms=group.until_ms):
        herald.groups.wait(key, named(job), window_ms=group.until_ms, now_ms=herald.clock.now_ms())
        herald.journal.tell("alert_waits", job_id=job.id, host=key.host, error=key.code)


def _lead(key: GroupKey, group: Group, herald: Herald) -> None:
    """Tell all that wait in the group's window. Whoever took the lead from us meanwhile tells them again."""
    crowd = herald.groups.waiting(key, window_ms=group.until_ms)
    if crowd is not None:
        herald.alerts.send(notice_of_many(crowd, key, alone=len(group.first)))
        herald.journal.tell("told_together", jobs=crowd.count, host=key.host, error=key.code)
    after = replace(told(group), version=group.version + 1)
    herald.groups.write(key, after, now_ms=herald.clock.now_ms())


def _note(job: Job, herald: Herald) -> None:
    herald.store.mark_alerted(job, now_ms=herald.clock.now_ms())
    herald.journal.tell("buried", job_id=job.id, attempts=job.attempt_count)


def _in_full(job: Job, herald: Herald) -> Job:
    """The job with the sentences that are kept beside it: what came back is what the reader wants to know.

    If they cannot be read, or the job has outlived its time, it is told with its codes alone rather than not at all.
    """
    try:
        return herald.store.read(job.id, owner=job.owner, now_ms=herald.clock.now_ms())
    except (DamagedItem, JobNotFound) as error:
        herald.journal.tell("told_in_short", job_id=job.id, error=str(error))
        return job
