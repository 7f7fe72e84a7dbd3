"""A job as a line of a command's output, in the form that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from punctual.cli.plain import plain

if TYPE_CHECKING:
    from punctual.cli.session import Session
    from punctual.models import Job


def fields(job: Job) -> tuple[str, ...]:
    """What stands between the tabs: id, status, due time, method, URL, name. Each whole."""
    return (job.id, job.status, job.raw["due_at"], job.request.method, job.request.url, job.name or "")


def outcome(job: Job) -> str:
    """The answer's status, or the error's code if there was none; "" before the first attempt."""
    if not job.attempts:
        return ""
    last = job.attempts[-1]
    if last.status_code is not None:
        failed = last.error is not None and last.error.code == "expectation_failed"
        return f"{last.status_code}, not as expected" if failed else str(last.status_code)
    return plain(last.error.code) if last.error else plain(last.outcome)


def print_job(session: Session, job: Job) -> None:
    """One line: JSON, the id, fields between tabs, or for people its status, id and request."""
    session.terminal.answer(job.raw, ids=[job.id], shown=lambda: _show(session, job))


def _show(session: Session, job: Job) -> None:
    if not session.terminal.aligns:
        session.terminal.line(*fields(job))
        return
    from punctual.cli.rows import brief

    session.terminal.out.print(brief(job, width=session.terminal.out.width), soft_wrap=True)
