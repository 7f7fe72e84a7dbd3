"""`punctual update`: a job that is scheduled already, as it should be."""

from __future__ import annotations

from typing import Any

import click

from punctual.cli import completing
from punctual.cli.arguments import JOB, REQUEST, TRYING, WHEN, options, taken_apart
from punctual.cli.changing import UNSET, changes, differences
from punctual.cli.errors import CommandFailed, ExitCode
from punctual.cli.ids import job_id
from punctual.cli.plain import plain
from punctual.cli.program import command
from punctual.cli.session import Session
from punctual.errors import PreconditionFailed
from punctual.models import Job


class Overtaken(CommandFailed):
    """The job is not at the version that was named any more."""

    exit_code = ExitCode.CONFLICT


@command(
    "update",
    examples=[
        ("Move a job", 'punctual update job_019ab3c2f4d07c3e9a51b60c2f7d8e90 --at "sunday 1am"'),
        (
            "Send another body, with more patience",
            "punctual update job_019ab3c2f4d07c3e9a51b60c2f7d8e90 -d @new.json --timeout 60",
        ),
        (
            "Set fields back to what they are by default",
            "punctual update job_019ab3c2f4d07c3e9a51b60c2f7d8e90 --unset expect --unset name",
        ),
        ("Only if nobody was faster", "punctual update job_019ab3c2f4d07c3e9a51b60c2f7d8e90 --in 1h --if-version 3"),
    ],
    prepare=taken_apart,
)
@click.argument("target", metavar="JOB", help="Its id.", shell_complete=completing.job_ids)
@options(REQUEST, WHEN, JOB, TRYING)
@click.option("--unset", multiple=True, type=click.Choice(list(UNSET)), help="Set a field back to its default.")
@click.option("--if-version", metavar="N", type=click.IntRange(min=1), help="Only if the job is at this version still.")
@click.option("--wait", is_flag=True, help="Wait until it has been called. Ends with 1 if the job fails.")
def main(
    session: Session, *, target: str, unset: tuple[str, ...], if_version: int | None, wait: bool, **given: Any
) -> None:
    """What is not given stays as it is. Headers are replaced as a whole: give all that are to be sent, secret ones
    too. A time without a zone is in the zone that the job has. Shown is what has changed.
    """
    known = job_id(session, target)
    before = session.client.job(known)
    changed = changes(session, before, given, unset=unset)
    try:
        after = session.client.update(known, if_version=if_version, **changed)
    except PreconditionFailed as error:
        raise _overtaken(session, session.client.job(known), if_version) from error
    if not (wait and session.terminal.as_json):
        session.terminal.answer(after.raw, ids=[after.id], shown=lambda: _show(session, before, after))
    if wait:
        from punctual.cli.waiting import wait_for_all

        wait_for_all(session, [after])


def _show(session: Session, before: Job, after: Job) -> None:
    terminal = session.terminal
    if after.version == before.version:
        terminal.show(f"{plain(after.id)} is so already: nothing was changed.")
        return
    terminal.show(f"Updated {plain(after.id)}, now at version {after.version}")
    for name, was, is_ in differences(before, after, now=session.now(), zone=session.zone_shown):
        line = f"  {name}: {was} → {is_}"
        fits = len(line) <= terminal.width or not terminal.aligns
        terminal.show(line if fits else f"  {name}: {was}\n  {'':{len(name)}}→ {is_}")
    if after.version > before.version + 1:
        terminal.say("It was changed by somebody else meanwhile; what is shown has both.")


def _overtaken(session: Session, job: Job, wanted: int | None) -> Overtaken:
    from punctual.cli.times import relative, told

    now = session.now()
    lines = (
        f"Nothing was changed: the job is at version {job.version}, not {wanted}. Somebody was faster,"
        f" {relative(job.updated_at, now)}. Now it is:",
        f"  {plain(job.status)}, due {told(job.due_at, now, job.timezone or session.zone_shown)}",
        f"  {plain(job.request.method)} {plain(job.request.url)}",
    )
    return Overtaken("\n".join(lines), hint=f"Look at it, then change it by --if-version {job.version}.")
