"""`punctual rerun`: what has ended, once more."""

from __future__ import annotations

from typing import Any

import click

from punctual.cli.bulk import each, one
from punctual.cli.choosing import Purpose, choosing, chosen
from punctual.cli.errors import Misused
from punctual.cli.key_option import key_option
from punctual.cli.program import command
from punctual.cli.session import Session

PURPOSE = Purpose("Run {} again", possible=("succeeded", "failed", "cancelled"), usual=("failed",))


@command(
    "rerun",
    examples=[
        ("Make a job like one that has ended", "punctual rerun job_019ab3c2f4d07c3e9a51b60c2f7d8e90"),
        ("All that failed today", "punctual rerun --status failed --when today"),
    ],
)
@choosing
@key_option("The same key makes one job only, also when given again.")
@click.option("--wait", is_flag=True, help="Wait until it has been called. Ends with 1 if it fails.")
def main(session: Session, *, idempotency_key: str | None, wait: bool, **choice: Any) -> None:
    """A new job is made, due now, with the same request (its secret headers too) and the same settings. Jobs are named,
    read from stdin (`-`) or chosen by options, the failed ones unless you say otherwise: then they are counted, and
    you are asked.
    """
    if idempotency_key is not None and not choice["given"]:
        raise Misused("--idempotency-key is about one job: name it.")
    ids = chosen(session, PURPOSE, **choice)
    if idempotency_key is not None and len(ids) > 1:
        raise Misused("--idempotency-key is about one job.")
    if len(ids) == 1 and choice["given"]:
        one(session, session.client.rerun(ids[0], idempotency_key=idempotency_key), wait=wait)
    elif ids:
        each(session, ids, session.client.rerun, done="Reran", wait=wait)
