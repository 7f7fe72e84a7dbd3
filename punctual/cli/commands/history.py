"""`punctual history`: what a job's attempts came to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from punctual.cli import completing
from punctual.cli.ids import job_id
from punctual.cli.program import command
from punctual.cli.session import Session

if TYPE_CHECKING:
    from punctual.models import Job


@command(
    "history",
    examples=[
        ("See what each attempt came to", "punctual history job_019ab3c2f4d07c3e9a51b60c2f7d8e90"),
        ("The codes of the answers", "punctual history job_019ab3c2f4d07c3e9a51b60c2f7d8e90 --json | jq .status_code"),
    ],
)
@click.argument("given", metavar="JOB", help="Its id.", shell_complete=completing.job_ids)
def main(session: Session, *, given: str) -> None:
    """The last ten attempts are kept. LATE is how long after its planned time the first byte left; TOOK is until
    the answer was complete. When it is not printed to a terminal, there is one line for each attempt, with tabs
    between number, beginning, outcome, status, lateness and duration in milliseconds, error, message, and how the
    answer began.
    """
    asked_for = job_id(session, given)
    job = session.client.job(asked_for)
    terminal = session.terminal
    if terminal.as_json:
        for attempt in job.raw["attempts"]:
            terminal.json(attempt)
    elif terminal.quiet:
        terminal.ids(str(attempt.number) for attempt in job.attempts)
    elif not terminal.aligns:
        terminal.table((), _rows(job))
    else:
        _show(session, job)
    if not job.attempts:
        terminal.say(f"There was no attempt yet: the job is {job.status}.")


def _rows(job: Job) -> Iterator[tuple[str, ...]]:
    for attempt, raw in zip(job.attempts, job.raw["attempts"], strict=True):
        error = attempt.error
        yield (
            *(str(attempt.number), raw["started_at"] or "", attempt.outcome),
            *map(_number, (attempt.status_code, attempt.lateness_ms, attempt.duration_ms)),
            *((error.code, error.message) if error else ("", "")),
            attempt.response_excerpt or "",
        )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _show(session: Session, job: Job) -> None:
    from punctual.cli.details import attempts

    if not job.attempts:
        return
    for line in attempts(job, now=session.now(), zone=session.zone_shown, width=session.terminal.width):
        session.terminal.out.print(line, soft_wrap=True)
