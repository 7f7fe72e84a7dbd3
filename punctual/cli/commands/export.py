"""`punctual export`: jobs as a file."""

from __future__ import annotations

import sys
from typing import Any

import click

from punctual.cli.exporting import csv_row, document, whole
from punctual.cli.plain import plain
from punctual.cli.program import command
from punctual.cli.selecting import Selection, looking, selected_in, selecting
from punctual.cli.session import Session


@command(
    "export",
    examples=[
        ("Keep what is to come, as it can be imported again", "punctual export --status upcoming > jobs.jsonl"),
        ("For a spreadsheet", "punctual export last 7 days --format csv > week.csv"),
        ("With attempts, and all that became of them", "punctual export --whole --status failed > failed.jsonl"),
    ],
)
@click.argument("range_", metavar="[RANGE]...", nargs=-1, help="A range in words: `today`, `last 7 days`, `2026-11`.")
@selecting
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", help="JSON Lines, or CSV.")
@click.option("--whole", "as_read", is_flag=True, help="Jobs as they are read, with what became of them.")
def main(session: Session, *, range_: tuple[str, ...], form: str, as_read: bool, **chosen: Any) -> None:
    """Written to stdout, in the order of due times: documents that `punctual import` takes. Secret headers are not in
    them, because the service shows them to nobody; how many jobs have some is said at the end.
    """
    terminal = session.terminal
    selection = selected_in(session, range_, **chosen)
    count = secret = 0
    with looking(session, selection):
        listed = selection.walk(session.client)
        if terminal.quiet and not terminal.as_json:  # lists have the ids: no job need be read for its own
            for job in listed:
                terminal.ids([job.id])
            return _tell_damaged(session, selection)
        as_csv = form == "csv" and not as_read and not terminal.as_json
        if as_csv:
            _write(csv_row())
        for job in whole(session.client, listed):
            count += 1
            fields, hidden = document(job)
            secret += bool(hidden)
            if as_csv:
                _write(csv_row(fields))
            else:
                terminal.json(job.raw if as_read else fields)
    terminal.say(f"{count:,} job{'' if count == 1 else 's'}.")
    if secret and not as_read:
        terminal.warn(f"{secret:,} of them have secret headers, which are left out: their targets may refuse them.")
    _tell_damaged(session, selection)


def _tell_damaged(session: Session, selection: Selection) -> None:
    for job_id in selection.seen.damaged:
        session.terminal.warn(f"The service cannot read {plain(job_id)}, so it is left out (`job_damaged`).")


def _write(line: str) -> None:
    """As it is; in a terminal only what cannot harm it."""
    sys.stdout.write(plain(line, lines=True) if sys.stdout.isatty() else line)
