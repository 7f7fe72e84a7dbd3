"""`punctual watch`: what happens, as it happens."""

from __future__ import annotations

import select
import sys
from typing import TYPE_CHECKING

from punctual.cli.printing import outcome
from punctual.cli.program import command
from punctual.cli.session import Session
from punctual.errors import ServiceFailed, TooManyRequests, Unreachable

if TYPE_CHECKING:
    from punctual.cli.watching import Change

TROUBLE_SECONDS = 5


@command(
    "watch",
    examples=[
        ("See your jobs come, run and end", "punctual watch"),
        ("Do something when one fails", "punctual watch --json | jq --unbuffered 'select(.change == \"failed\")'"),
    ],
)
def main(session: Session) -> None:
    """In a terminal: what has ended, what runs, and what is to come, with countdowns, until `q` is typed.

    Else there is a line for each change, with tabs between: when, what, the job's id, the last answer's status or
    error, method, URL, name. A change is `scheduled`, `running`, `succeeded`, `failed`, `cancelled`, `retry`,
    `waiting` (for its target), `moved` or `changed`. With --json it is an object of `at`, `change` and `job`.

    The hundred jobs on either side of now are watched. The service is asked every 20 seconds, and more often while
    something is due.
    """
    terminal = session.terminal
    if sys.stdout.isatty() and terminal.draws:
        from punctual.cli.live import show_live

        show_live(session)
    else:
        _tell_changes(session)


def _tell_changes(session: Session) -> None:
    from punctual.cli.watching import Watch

    watch = Watch(session.client, session.now)
    troubled = begun = False
    while True:
        try:
            view, changes = watch.look()
        except (Unreachable, ServiceFailed, TooManyRequests) as error:
            if not begun:
                raise
            if not troubled:
                session.terminal.warn(f"No answer, trying on: {error}")
            troubled = True
            session.sleep(TROUBLE_SECONDS)
            continue
        if not begun:
            session.terminal.say("Watching. Ctrl-C ends it.")
        begun, troubled = True, False
        for change in changes:
            _tell(session, change)
        sys.stdout.flush()
        _rest(session, view.pause(session.now()).total_seconds())


def _rest(session: Session, seconds: float) -> None:
    """Wait. Raises BrokenPipeError if meanwhile nobody reads any more: `| head -1` waits for no second change."""
    if not hasattr(select, "poll"):  # Windows
        session.sleep(seconds)
        return
    reader = select.poll()
    reader.register(sys.stdout.fileno(), 0)
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in reader.poll(seconds * 1000)):
        raise BrokenPipeError


def _tell(session: Session, change: Change) -> None:
    job, at = change.job, change.job.raw["updated_at"]
    session.terminal.answer(
        {"at": at, "change": change.word, "job": job.raw},
        ids=[job.id],
        shown=lambda: session.terminal.line(
            at, change.word, job.id, outcome(job), job.request.method, job.request.url, job.name or ""
        ),
    )
