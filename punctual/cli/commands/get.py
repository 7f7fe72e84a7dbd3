"""`punctual get`: everything about one job."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from punctual.cli import completing
from punctual.cli.errors import Misused
from punctual.cli.ids import job_id
from punctual.cli.plain import plain
from punctual.cli.program import command
from punctual.cli.session import Session

if TYPE_CHECKING:
    from punctual.models import Job, Request


@command(
    "get",
    examples=[
        ("See a job with its request and its attempts", "punctual get job_019ab3c2f4d07c3e9a51b60c2f7d8e90"),
        ("Get the body out, byte for byte", "punctual get job_019ab3c2f4d07c3e9a51b60c2f7d8e90 --body > body.bin"),
    ],
)
@click.argument("given", metavar="JOB", help="Its id.", shell_complete=completing.job_ids)
@click.option("--body", is_flag=True, help="Print the body of its request alone, byte for byte.")
@click.option(
    "--request", is_flag=True, help="Print its request alone: method and URL, headers, an empty line, the body."
)
def main(session: Session, *, given: str, body: bool, request: bool) -> None:
    """Values of secret headers are shown as [redacted], because nobody can read them again. Times are told in the
    zone of this machine, or in the job's own, and in UTC."""
    if body and request:
        raise Misused("--request has the body too: give one of them.")
    asked_for = job_id(session, given)
    job = session.client.job(asked_for)
    if body:
        _write(job.request.content or b"")
    elif request:
        _write(_head(job.request) + (job.request.content or b""))
    else:
        session.terminal.answer(job.raw, ids=[job.id], shown=lambda: _show(session, job))


def _show(session: Session, job: Job) -> None:
    from punctual.cli.details import details

    terminal = session.terminal
    for line in details(job, now=session.now(), zone=session.zone_shown, width=terminal.width):
        terminal.out.print(line, soft_wrap=True)


def _head(request: Request) -> bytes:
    lines = [f"{request.method} {request.url}", *(f"{name}: {value}" for name, value in request.headers.items())]
    return "".join(f"{line}\n" for line in [*lines, ""]).encode("latin-1", "replace")


def _write(content: bytes) -> None:
    """Bytes as they are; in a terminal only what cannot harm it."""
    if not sys.stdout.isatty():
        sys.stdout.buffer.write(content)
        return
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise Misused(
            f"These {len(content):,} bytes are no text.", hint="Pipe them, or write them to a file."
        ) from None
    sys.stdout.write(plain(text, lines=True) + "\n")
