"""A job in a line or two, for lists and lives: what it is, when, what came of it; never by colour alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from punctual.cli.plain import plain
from punctual.cli.printing import outcome
from punctual.cli.statuses import LOOKS, UNKNOWN
from punctual.cli.times import relative

if TYPE_CHECKING:
    from punctual.models import Job

STATUS_WIDTH = 11
WHEN_WIDTH = 14
ID_WIDTH = 36

ONE_LINE_FROM = 132
"""Columns from which a job fits on one line, with its whole id."""


def status(name: str) -> Text:
    """A status as a sign and a word."""
    look = LOOKS.get(name, UNKNOWN)
    return Text(f"{look.sign} {plain(name)}", style=look.style)


def headline(width: int) -> Text | None:
    """What stands above rows of one line each; None where a job has two."""
    if width < ONE_LINE_FROM:
        return None
    request, name = _flexible(width)
    cells = [("STATUS", STATUS_WIDTH), ("DUE", WHEN_WIDTH), ("RESULT", _RESULT_WIDTH), ("REQUEST", request)]
    line = _line(*(cell(Text(text), size) for text, size in [*cells, ("NAME", name), ("ID", ID_WIDTH)]))
    line.stylize("bold")
    return line


def row(job: Job, *, now: datetime, width: int) -> Iterator[Text]:
    """The lines of a job, none wider than `width` columns (but for the id, which is always whole)."""
    when = Text(relative(job.due_at, now))
    if width >= ONE_LINE_FROM:
        request, name = _flexible(width)
        yield _line(
            cell(status(job.status), STATUS_WIDTH),
            cell(when, WHEN_WIDTH),
            cell(result(job, now=now), _RESULT_WIDTH),
            cell(Text(request_in_short(job, request)), request),
            cell(Text(shortened(plain(job.name or ""), name)), name),
            Text(job.id, style="dim"),
        )
        return
    rest = width - STATUS_WIDTH - WHEN_WIDTH - 4
    yield _line(cell(status(job.status), STATUS_WIDTH), cell(when, WHEN_WIDTH), Text(request_in_short(job, rest)))
    yield _line(Text("  " + job.id, style="dim"), *_remarks(job, now, width - ID_WIDTH - 4))


def brief(job: Job, *, width: int) -> Text:
    """One line about a job that something was done to: its status, its id, its request."""
    rest = max(20, width - STATUS_WIDTH - ID_WIDTH - 4)
    return _line(cell(status(job.status), STATUS_WIDTH), Text(job.id), Text(request_in_short(job, rest)))


def result(job: Job, *, now: datetime) -> Text:
    """What came of a job's last attempt, or what it waits for, in a few words; empty if there is nothing to say."""
    last = job.attempts[-1] if job.attempts else None
    if job.status == "scheduled" and job.waiting_for:
        return Text(f"waits for its {plain(job.waiting_for)}", style="yellow")
    if job.status == "scheduled" and last and job.next_attempt_at:
        again = relative(max(now, job.next_attempt_at), now)
        return Text(f"{outcome(job)}, again {again}", style="yellow")
    return Text(outcome(job), style="red" if job.status == "failed" else "")


def request_in_short(job: Job, width: int) -> str:
    """`DELETE shop.example.com/api/items`: of a long path the middle is left out."""
    url = plain(job.request.url).removeprefix("https://")
    method = plain(job.request.method)
    return f"{method} {shortened(url, width - len(method) - 1, keep=len(urlsplit(job.request.url).netloc))}"


def shortened(text: str, width: int, *, keep: int = 0) -> str:
    """`text` in at most `width` columns, with `…` for what is left out: the end, or what follows the first `keep`
    characters if enough of the end can stay."""
    if cell_len(text) <= width:
        return text
    if width < 2:
        return set_cell_size(text, max(0, width))
    end = width - keep - 1
    if keep and end >= 8 and text.isascii():
        return f"{text[:keep]}…{text[-end:]}"
    return f"{set_cell_size(text, width - 1).rstrip()}…"


_RESULT_WIDTH = 24


def _flexible(width: int) -> tuple[int, int]:
    """Columns for the request and for the name."""
    rest = width - STATUS_WIDTH - WHEN_WIDTH - _RESULT_WIDTH - ID_WIDTH - 10
    return rest - rest // 3, rest // 3


def _remarks(job: Job, now: datetime, width: int) -> Iterator[Text]:
    came = result(job, now=now)
    if came:
        yield Text(shortened(came.plain, width), style=came.style)
    left = width - (cell_len(came.plain) + 2 if came else 0)
    if job.name and left >= 4:
        yield Text(shortened(plain(job.name), left))


def cell(text: Text, width: int) -> Text:
    """The text in exactly so many columns, in its style."""
    return Text(set_cell_size(shortened(text.plain, width), width), style=text.style)


def _line(*cells: Text) -> Text:
    return Text("  ").join(cells)
