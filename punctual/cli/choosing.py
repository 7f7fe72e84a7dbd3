"""The jobs that a command is to do something to: those that were named, or all that match, once somebody has agreed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click

from punctual.cli import completing
from punctual.cli.errors import Misused
from punctual.cli.ids import job_ids
from punctual.cli.selecting import Selection, looking, selected, selecting

if TYPE_CHECKING:
    from punctual.cli.session import Session
    from punctual.models import Job

Function = TypeVar("Function", bound=Callable[..., Any])

SAMPLE = 3
"""Jobs that are shown above the question."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is to be done, as a question about them ("Cancel {}"), to jobs of which statuses, of which usually."""

    do: str
    possible: tuple[str, ...]
    usual: tuple[str, ...]


def choosing(function: Function) -> Function:
    """JOB…, or the options that choose them; `chosen` makes ids of their values."""
    parts = [
        click.argument(
            "given",
            metavar="[JOB]...",
            nargs=-1,
            help="Ids; `-` reads them from stdin, one a line.",
            shell_complete=completing.job_ids,
        ),
        selecting,
        click.option("-a", "--all", "everything", is_flag=True, help="All that there are."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask."),
    ]
    return reduce(lambda decorated, part: part(decorated), reversed(parts), function)


def chosen(
    session: Session, purpose: Purpose, *, given: Sequence[str], everything: bool, yes: bool, **options: Any
) -> list[str]:
    """Ids of the jobs that are meant: those `given`, or all that `options` (of `selecting`) choose.

    The latter are counted, and somebody is asked. None if the answer is no. Raises Misused if nothing is chosen,
    or both ways are taken, or nobody can be asked.
    """
    selection = selected(session, **options)
    if given:
        if selection.narrows or everything:
            raise Misused("Name the jobs or choose them by options, not both.")
        ids = job_ids(session, given)
        if not ids:
            raise Misused("There was no job's id on stdin.")
        return ids
    if not selection.narrows and not everything:
        raise Misused("Which jobs?", hint="Name them, or choose them: --status, --when, --name, --host, --all.")
    impossible = [status for status in selection.statuses if status not in purpose.possible]
    if impossible:
        raise Misused(f"--status: {impossible[0]} is none of {', '.join(purpose.possible)}, which this is for.")
    if not yes and not session.terminal.interactive:
        raise Misused(
            f"{purpose.do.format('all that match')}? Nobody can be asked here.", hint="Say --yes if that is meant."
        )
    found = _find(session, replace(selection, statuses=selection.statuses or purpose.usual))
    return list(found.ids) if found.ids and (yes or _agreed(session, purpose, found)) else []


@dataclass(slots=True)
class _Found:
    """Of many jobs the ids, each once, and of the first few the whole."""

    ids: dict[str, None] = field(default_factory=dict)
    sample: list[Job] = field(default_factory=list)
    last: Job | None = None


def _find(session: Session, selection: Selection) -> _Found:
    found = _Found()
    with looking(session, selection, briefly=False):
        for job in selection.walk(session.client):
            if job.id in found.ids:  # one that ended meanwhile may be on two pages
                continue
            found.ids[job.id] = None
            if len(found.sample) < SAMPLE:
                found.sample.append(job)
            found.last = job
    looked = f" Looked through {selection.seen.jobs:,} jobs." if selection.searches else ""
    if not found.ids:
        session.terminal.say(f"No {' or '.join(selection.statuses)} jobs match.{looked}")
    elif looked:
        session.terminal.say(looked.strip())
    return found


def _agreed(session: Session, purpose: Purpose, found: _Found) -> bool:
    from punctual.cli.rows import row
    from punctual.cli.times import told

    terminal, now = session.terminal, session.now()
    for job in found.sample:
        for line in row(job, now=now, width=terminal.err.width):
            terminal.err.print(line, soft_wrap=True)
    count = len(found.ids)
    if found.last and count > len(found.sample):
        last = told(found.last.due_at, now, session.zone_shown)
        terminal.warn(f"… and {count - SAMPLE:,} more, the last due {last}.")
    these = "this job" if count == 1 else f"these {count:,} jobs"
    agreed = click.confirm(f"{purpose.do.format(these)}?", err=True)
    if not agreed:
        terminal.say("Nothing was done.")
    return agreed
