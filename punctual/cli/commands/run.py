"""`punctual run`: send what is scheduled now."""

from __future__ import annotations

from typing import Any

from punctual.cli.bulk import each
from punctual.cli.choosing import Purpose, choosing, chosen
from punctual.cli.printing import print_job
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
def main(session: Session, **choice: Any) -> None:
    """The job's due time is moved to now, also while it waits to be tried again. Jobs are named, read from stdin (`-`)
    or chosen by options: then they are counted, and you are asked."""
    ids = chosen(session, PURPOSE, **choice)
    if len(ids) == 1 and choice["given"]:
        print_job(session, session.client.run(ids[0]))
    elif ids:
        each(session, ids, session.client.run, done="Started")
