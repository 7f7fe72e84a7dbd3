"""The tables of a run, as Markdown: printed, kept, and put between the markers of docs/guarantees.md."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.history import History, JobHistory
from tests.chaos.judge import Duplicate, duplicates
from tests.chaos.planned import Fault, Kind
from tests.chaos.recorded import attempts_of

ENDS = ("succeeded", "failed", "cancelled")
COLUMNS = ("target", "jobs", *ENDS, "attempts", "deaths", "requests", "duplicates", "late p50", "p99", "max")
BEGIN, END = "<!-- chaos: run -->", "<!-- end of run -->"


def report(history: History, wrong: Sequence[str], *, date: str) -> str:
    """All that is to be said of a run; `wrong` is the judge's list."""
    parts = [_summary(history, wrong, date), _jobs(history), _faults(history), _noticed(history)]
    return "\n\n".join("\n".join(part) for part in parts)


def filled(text: str, content: str) -> str:
    """A page with what is between its markers made anew. Raises ValueError if it has no markers."""
    page, found = re.subn(
        f"{re.escape(BEGIN)}\n.*?{re.escape(END)}",
        lambda _: f"{BEGIN}\n\n{content}\n\n{END}",
        text,
        flags=re.DOTALL,
    )
    if found != 1:
        raise ValueError(f"the page must have {BEGIN} and {END} once, and has them {found} times")
    return page


def _summary(history: History, wrong: Sequence[str], date: str) -> Iterator[str]:
    plan = history.plan
    ended = sum((job.shown or {}).get("status") in ENDS for job in history.jobs)
    requests = sum(len(job.requests) for job in history.jobs)
    found = _duplicates(history)
    yield (
        f"Run on {date}, with seed {plan.seed}: {len(plan.jobs)} jobs, {plan.seconds // 60} minutes of faults, "
        f"{history.seconds / 60:.0f} minutes until the last job had ended. {ended} of {len(plan.jobs)} jobs ended, "
        f"{len(plan.jobs) - ended} were lost. {requests:,} requests came, {len(found)} of them duplicates."
    )
    reasons = Counter(duplicate.explained_by for duplicate in found)
    if reasons:
        told = ", ".join(f"{count} × {reason or 'unexplained'}" for reason, count in reasons.most_common())
        yield f"Duplicates, by what their job's attempt before died of: {told}."
    yield "Everything was as it should be." if not wrong else f"**{len(wrong)} things were wrong.**"


def _jobs(history: History) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for kind in Kind:
        jobs = [job for job in history.jobs if job.planned.kind is kind]
        if jobs:
            yield _row(kind, jobs, history)
    yield _row("**all**", history.jobs, history)


def _row(title: str, jobs: Sequence[JobHistory], history: History) -> str:
    ends = Counter((job.shown or {}).get("status") for job in jobs)
    attempts = [attempt for job in jobs for attempt in attempts_of(job)]
    late = sorted(attempt.lateness_ms for attempt in attempts if attempt.lateness_ms is not None)
    cells = [
        len(jobs),
        *(ends[status] for status in ENDS),
        len(attempts),
        sum(attempt.error == "died" for attempt in attempts),
        sum(len(job.requests) for job in jobs),
        sum(len(list(duplicates(job, history.faults))) for job in jobs),
        *(_quantile(late, share) for share in (0.5, 0.99, 1)),
    ]
    return f"| {title} | {' | '.join(map(str, cells))} |"


def _faults(history: History) -> Iterator[str]:
    yield "| fault | planned | hit |"
    yield "|---|---|---|"
    planned = history.plan.planned_faults()
    hit = Counter(fault.fault for fault in history.faults if fault.hit)
    for fault in Fault:
        yield f"| {fault} | {planned[fault] or ''} | {hit[fault]} |"


def _noticed(history: History) -> Iterator[str]:
    yield "| what the service noticed | times |"
    yield "|---|---|"
    for event, count in sorted(history.noticed.items()):
        yield f"| {event} | {count} |"


def _duplicates(history: History) -> list[Duplicate]:
    return [duplicate for job in history.jobs for duplicate in duplicates(job, history.faults)]


def _quantile(ordered: Sequence[int], share: float) -> str:
    """Milliseconds, or seconds where they are many: `3 ms`, `122 s`."""
    if not ordered:
        return ""
    value = ordered[max(0, math.ceil(share * len(ordered)) - 1)]
    return f"{value} ms" if value < 10_000 else f"{value / 1000:.0f} s"
