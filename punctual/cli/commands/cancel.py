"""`punctual cancel`: jobs that are not to be sent after all."""

from __future__ import annotations

from typing import Any

import click

from punctual.cli.bulk import each
from punctual.cli.choosing import Purpose, choosing, chosen
from punctual.cli.errors import Misused
from punctual.cli.printing import print_job
from punctual.cli.program import command
from punctual.cli.session import Session

PURPOSE = Purpose("Cancel {}", possible=("scheduled", "running"), usual=("scheduled",))


@command(
    "cancel",
    examples=[
        ("Cancel a job", "punctual cancel job_019ab3c2f4d07c3e9a51b60c2f7d8e90"),
        ("All that are due today at one host", "punctual cancel --when today --host shop.example.com"),
        ("Those that another program chooses", "punctual list --all | grep purge | punctual cancel -"),
    ],
)
@choosing
@click.option("--if-version", metavar="N", type=click.IntRange(min=1), help="Only if the job is at this version still.")
def main(session: Session, *, if_version: int | None, **choice: Any) -> None:
    """Jobs are named, or read from stdin (`-`, an id or a line of `punctual list` each), or chosen by options:
    then they are counted, and you are asked.

    Only what is scheduled can be cancelled; cancelling twice is fine. Of several, those that cannot be cancelled are
    told one by one, and the others are cancelled all the same.
    """
    ids = chosen(session, PURPOSE, **choice)
    if if_version is not None and len(ids) > 1:
        raise Misused("--if-version is about one job.")
    if len(ids) == 1 and choice["given"]:
        print_job(session, session.client.cancel(ids[0], if_version=if_version))
    elif ids:
        each(session, ids, session.client.cancel, done="Cancelled")
