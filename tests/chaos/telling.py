"""Whether somebody was told of every end that somebody wants to hear of, alone or together with others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.history import History, JobHistory
from tests.chaos.planned import Kind
from tests.chaos.recorded import attempts_of

WORKERS_DIED = "the workers died"
REASONS = {
    Kind.HOPELESS: "the target answered 503",
    Kind.HANGING: "no answer in time",
    Kind.DEAD: "the connection was refused",
}
"""Why jobs of a kind fail, in the words of an alert about many; one that is broken answers with a status of its own."""


@dataclass(frozen=True)
class Crowd:
    """Jobs of one owner that one alert tells of: it names some and counts the others."""

    owner: str
    reason: str
    named: tuple[str, ...]
    others: int


def untold(history: History) -> Iterator[str]:
    """The ends that nobody was told of, and those that the table does not note as told."""
    crowds = list(_crowds(history.alerts))
    unnamed: defaultdict[tuple[str, str], list[JobHistory]] = defaultdict(list)
    for job in history.jobs:
        if job.shown is None or job.shown["status"] not in job.planned.notify_on:
            continue
        if not job.alerted:
            yield f"{_called(job)}: it {job.shown['status']}, and the table does not note that somebody was told"
        if not any(str(job.job_id) in alert for alert in history.alerts):
            unnamed[history.owners[job.planned.owner], _reason(job)].append(job)
    for (owner, reason), jobs in unnamed.items():
        counted = sum(crowd.others for crowd in crowds if (crowd.owner, crowd.reason) == (owner, reason))
        if counted < len(jobs):
            names = ", ".join(map(_called, jobs))
            yield f"{len(jobs)} ends are in no alert by name, and {counted} of them by number: {names}"


def _crowds(alerts: Sequence[str]) -> Iterator[Crowd]:
    """What alerts about many tell. One that was sent twice counts once: it names the same jobs."""
    seen: dict[tuple[str, ...], Crowd] = {}
    for alert in alerts:
        reason = re.search(r"^\d+ jobs? at \S+ failed for one reason: (.+)\.$", alert, re.MULTILINE)
        owner = re.search(r"^Owner +(\S+)$", alert, re.MULTILINE)
        if reason is None or owner is None:
            continue
        others = re.search(r"^  and (\d+) more$", alert, re.MULTILINE)
        named = tuple(re.findall(r"^  (job_\w+)", alert, re.MULTILINE))
        crowd = Crowd(owner[1], reason[1], named, int(others[1]) if others else 0)
        if named not in seen or crowd.others > seen[named].others:
            seen[named] = crowd
    yield from seen.values()


def _reason(job: JobHistory) -> str:
    if any(attempt.error == "died" for attempt in attempts_of(job)[-1:]):
        return WORKERS_DIED
    if job.planned.kind is Kind.BROKEN:
        return f"the target answered {job.planned.answers[-1].status}"
    return REASONS.get(job.planned.kind, "none")


def _called(job: JobHistory) -> str:
    return f"{job.planned.kind} job {job.planned.number} ({job.job_id})"
