"""`punctual schedule`: a request for a moment."""

from __future__ import annotations

from typing import Any

import click

from punctual.cli.arguments import JOB, REQUEST, TRYING, WHEN, options, taken_apart
from punctual.cli.errors import Misused
from punctual.cli.key_option import key_option
from punctual.cli.program import command
from punctual.cli.scheduling import planned, told_of
from punctual.cli.session import Session


@command(
    "schedule",
    examples=[
        ("Call an address at a time", 'punctual schedule DELETE https://example.com/items/_delete --at "sunday 1am"'),
        (
            "Send JSON in ten minutes",
            "punctual schedule POST https://example.com/hook --in 10m --json name=Ann age:=42",
        ),
        ("Send what another program writes", "report | punctual schedule PUT https://example.com/report -d - --in 1h"),
        ("Paste a curl command", "punctual schedule --in 10m -- curl -X POST https://example.com/hook -d a=1"),
        (
            "Try it five times, with patience",
            "punctual schedule https://example.com --in 1h --retry 5 --expect 200,404",
        ),
        ("See whether it would be accepted", 'punctual schedule https://example.com --at "tomorrow 9:00" --dry-run'),
        ("Wait, and go by the outcome", "punctual schedule https://example.com --in 5s --wait && echo fine"),
    ],
    prepare=taken_apart,
)
@options(REQUEST, WHEN, JOB, TRYING)
@key_option("The same command with the same key makes no second job.")
@click.option("--dry-run", is_flag=True, help="Schedule nothing; list what the service would object to.")
@click.option("--wait", is_flag=True, help="Wait until it has been called. Ends with 1 if the job fails.")
def main(session: Session, *, idempotency_key: str | None, dry_run: bool, wait: bool, **given: Any) -> None:
    """METHOD may be left out: it is GET, or POST if there is a body. The time is told in full before the job is sent,
    and again as the service has understood it.

    A whole curl command goes after `--`. What curl would do and a scheduled request cannot is told by name.
    """
    if dry_run and wait:
        raise Misused("--dry-run schedules nothing, so there is nothing to --wait for.")
    plan = planned(session, given)
    if dry_run:
        from punctual.cli.verdicts import judge

        judge(session, plan)
        return
    job = session.client.schedule(plan.request.url, idempotency_key=idempotency_key, **plan.fields)
    terminal = session.terminal
    if not (wait and terminal.as_json):
        terminal.answer(
            job.raw, ids=[job.id], shown=lambda: terminal.show("\n".join(told_of(session, job, plan.moment)))
        )
    if wait:
        from punctual.cli.waiting import wait_for_all

        wait_for_all(session, [job])
