"""A job as a line of a command's output, in the form that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from punctual.cli.session import Session
    from punctual.models import Job


def fields(job: Job) -> tuple[str, ...]:
    """What stands between the tabs: id, status, due time, method, URL, name. Each whole."""
    return (job.id, job.status, job.raw["due_at"], job.request.method, job.request.url, job.name or "")


def print_job(session: Session, job: Job) -> None:
    """One line: JSON, the id, fields between tabs, or for people its status, id and request."""
    session.terminal.answer(job.raw, ids=[job.id], shown=lambda: _show(session, job))


def _show(session: Session, job: Job) -> None:
    if not session.terminal.aligns:
        session.terminal.table((), [fields(job)])
        return
    from punctual.cli.rows import brief

    session.terminal.out.print(brief(job, width=session.terminal.out.width), soft_wrap=True)
