"""`punctual run`: send what is scheduled now."""

from __future__ import annotations

from typing import Any

import click

from punctual.cli.bulk import each, one
from punctual.cli.choosing import Purpose, choosing, chosen
from punctual.cli.program import command
from punctual.cli.session import Session

PURPOSE = Purpose("Send {} now", possible=("scheduled",), usual=("scheduled",))


@command(
    "run",
    examples=[
        ("Send a job's request now", "punctual run job_019ab3c2f4d07c3e9a51b60c2f7d8e90"),
        ("And see what comes of it", "punctual run job_019ab3c2f4d07c3e9a51b60c2f7d8e90 --wait"),
    ],
)
@choosing
@click.option("--wait", is_flag=True, help="Wait until it has been called. Ends with 1 if it fails.")
def main(session: Session, *, wait: bool, **choice: Any) -> None:
    """The job's due time is moved to now, also while it waits to be tried again. Jobs are named, read from stdin (`-`)
    or chosen by options: then they are counted, and you are asked."""
    ids = chosen(session, PURPOSE, **choice)
    if len(ids) == 1 and choice["given"]:
        one(session, session.client.run(ids[0]), wait=wait)
    elif ids:
        each(session, ids, session.client.run, done="Started", wait=wait)
