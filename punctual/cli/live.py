"""The live view of `punctual watch`: drawn over and over on a screen of its own, which is put away at the end."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from rich.live import Live
from rich.text import Text

from punctual.cli.faults import told
from punctual.cli.plain import plain
from punctual.cli.rows import ID_WIDTH, STATUS_WIDTH, cell, request_in_short, result, shortened, status
from punctual.cli.times import relative
from punctual.cli.waiting import clock
from punctual.cli.watching import OFTEN, WINDOW, View, Watch
from punctual.errors import Forbidden, PunctualError, Unauthenticated

if TYPE_CHECKING:
    from punctual.cli.session import Session
    from punctual.models import Job

FRAME_SECONDS = 0.25
IDS_FROM = 112
"""Columns from which there is room for ids."""

CLOCK_WIDTH = 16

DOWN, UP = ("\x1b[B", "\x1bOB", "j"), ("\x1b[A", "\x1bOA", "k")


def show_live(session: Session) -> None:
    """Show it until `q` is typed. Raises what makes it pointless to go on, such as a token that does not count."""
    looker = _Looker(session)
    looker.start()
    skipped = 0
    with (
        _ended_by_signal(),
        _keys() as key,
        Live(console=session.terminal.out, screen=True, auto_refresh=False) as live,
    ):
        while looker.hopeless is None:
            width, height = session.terminal.out.size
            lines = frame(looker, now=session.now(), width=width, height=height, skipped=skipped)
            live.update(Text("\n", no_wrap=True, end="").join(lines), refresh=True)
            pressed = re.findall(r"\x1b[\[O].|.", key(FRAME_SECONDS), re.DOTALL)
            if "q" in pressed:
                return
            if "r" in pressed:
                looker.wake.set()
            skipped += sum((one in DOWN) - (one in UP) for one in pressed)
            skipped = max(0, min(skipped, looker.count - 1))
    raise looker.hopeless


class _Looker(threading.Thread):
    """Looks at the jobs beside what is drawn, so that a slow answer stops neither keys nor countdowns."""

    def __init__(self, session: Session) -> None:
        super().__init__(daemon=True)
        self.view: View | None = None
        self.trouble: PunctualError | None = None
        self.hopeless: PunctualError | None = None
        self.wake = threading.Event()
        self._watch = Watch(session.client, session.now)
        self._now = session.now

    @property
    def count(self) -> int:
        """How many jobs are to come."""
        return len(self.view.upcoming) if self.view else 0

    def run(self) -> None:
        while self.hopeless is None:
            pause = OFTEN * 4
            try:
                self.view, _ = self._watch.look()
                self.trouble = None
                pause = self.view.pause(self._now())
            except (Unauthenticated, Forbidden) as error:
                self.hopeless = error
            except PunctualError as error:
                self.trouble = error
            self.wake.wait(pause.total_seconds())
            self.wake.clear()


def frame(looker: _Looker, *, now: datetime, width: int, height: int, skipped: int) -> list[Text]:
    """The lines of the screen: what has ended, what runs, what is to come; below them what can be typed."""
    footer = _footer(looker, now, width)
    view = looker.view
    if view is None:
        return [Text("Looking …", style="dim"), *[Text()] * max(0, height - 2), footer]
    running = [job for job in view.upcoming if job.status == "running"]
    to_come = [job for job in view.upcoming if job.status != "running"][skipped:]
    room = max(0, height - 4)
    ended = list(reversed(view.ended[: max(1, room // 3)]))
    lines = [_heading("Ended", width), *(_ended_row(job, now, width) for job in ended)]
    more = "+" if len(view.upcoming) >= WINDOW else ""
    lines.append(_heading(f"To come: {looker.count}{more}" if looker.count else "Nothing is to come.", width))
    lines += [_row(job, Text("now"), now, width) for job in running]
    lines += [_upcoming_row(job, now, width) for job in to_come]
    lines = lines[: height - 1]
    return [*lines, *[Text()] * (height - 1 - len(lines)), footer]


def _ended_row(job: Job, now: datetime, width: int) -> Text:
    return _row(job, Text(relative(job.finished_at or job.due_at, now)), now, width)


def _upcoming_row(job: Job, now: datetime, width: int) -> Text:
    at = job.next_attempt_at or job.due_at
    return _row(job, Text(clock(at - now) if at > now else "now", style="bold"), now, width)


def _row(job: Job, when: Text, now: datetime, width: int) -> Text:
    with_id = width >= IDS_FROM
    rest = width - STATUS_WIDTH - CLOCK_WIDTH - 4 - (ID_WIDTH + 2 if with_id else 0)
    came = result(job, now=now).plain.partition(", again")[0]
    what = f"{shortened(came, 20)}  " if came else ""
    what += request_in_short(job, rest - len(what))
    if job.name and rest - len(what) > 8:
        what += f"  {shortened(plain(job.name), rest - len(what) - 2)}"
    line = Text("  ").join((cell(status(job.status), STATUS_WIDTH), cell(when, CLOCK_WIDTH), cell(Text(what), rest)))
    if with_id:
        line.append(f"  {job.id}", style="dim")
    return line


def _heading(text: str, width: int) -> Text:
    return Text(shortened(text, width), style="bold underline")


def _footer(looker: _Looker, now: datetime, width: int) -> Text:
    trouble = looker.trouble
    if trouble is not None:
        since = f", what is shown is from {relative(looker.view.at, now)}" if looker.view else ""
        return Text(shortened(f"{next(iter(told(trouble)))}{since}", width - 1), style="bold red")
    looked = f"looked {relative(looker.view.at, now)}" if looker.view else ""
    return Text(shortened(f"q ends  ↑↓ moves  r looks again  {looked}", width - 1), style="dim")


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """What waits so many seconds for a key and returns it, "" if there was none. Typed keys are not shown meanwhile."""
    if sys.stdin is None or not sys.stdin.isatty():
        pause = threading.Event()
        yield lambda seconds: str(pause.wait(seconds) or "")
        return
    import termios
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)

    def key(seconds: float) -> str:
        ready = select.select([number], [], [], seconds)[0]
        return os.read(number, 16).decode(errors="replace") if ready else ""

    try:
        tty.setcbreak(number)
        yield key
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Within it a request to end, as of a window that is closed, puts the screen away first."""

    def end(number: int, _frame: object) -> NoReturn:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
