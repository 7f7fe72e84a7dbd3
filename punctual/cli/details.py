"""One job told whole: its request as it will be sent, its times, its attempts. Nothing in it controls a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.text import Text

from punctual.cli.plain import plain
from punctual.cli.rows import status
from punctual.cli.times import relative, told

if TYPE_CHECKING:
    from punctual.models import Attempt, Job

LABEL_WIDTH = 10

OUTCOMES = {
    "succeeded": ("✓", "green"),
    "retry": ("↻", "yellow"),
    "failed": ("✗", "bold red"),
    "died": ("†", "bold red"),
}
"""Outcome of an attempt → its sign and its style."""

CLOCK_FROM = 86
"""Columns from which attempts have the time on the clock too."""

LONGEST_BODY = 2_000
"""Characters of a body that are shown; the rest is told by its length."""


def details(job: Job, *, now: datetime, zone: str, width: int) -> Iterator[Text]:
    """Everything about a job, line by line, in the order in which people ask. Sentences are wrapped at `width`;
    what may be copied, such as the URL, is left on one line."""
    yield Text(job.id, style="bold")
    if job.name:
        yield Text(plain(job.name), style="bold")
    yield Text()
    yield from _status(job, width)
    for label, moment in _moments(job, now, zone):
        yield from _prose(label, moment, width)
    yield Text()
    yield from _request(job)
    yield Text()
    for label, sentence in _terms(job):
        yield from _prose(label, plain(sentence), width)
    for note in job.notes:
        yield from _prose("Note", f"{plain(note.message)} ({plain(note.code)})", width)
    if job.attempts:
        yield Text()
        yield from attempts(job, now=now, zone=zone, width=width)


def attempts(job: Job, *, now: datetime, zone: str, width: int) -> Iterator[Text]:
    """The attempts, each with when, how late, how long, and what came back."""
    kept, made = len(job.attempts), job.attempt_count
    most = job.retry.max_attempts
    count = f"{made} of at most {most}" if made <= most else str(made)
    left_out = f", the last {kept} of them" if kept < made else ""
    yield Text(f"Attempts: {count}{left_out}", style="bold")
    headings = _columns(("#", "BEGAN", "LATE", "TOOK", "ANSWER"), Text("OUTCOME    "), zone, width)
    headings.stylize("bold")
    yield headings
    for attempt in job.attempts:
        yield from _attempt(attempt, now, zone, width)


def body_text(body: Any) -> str:
    """A body for people to read: JSON in its usual layout, text harmless, bytes by their number."""
    if isinstance(body, bytes):
        return f"{len(body):,} bytes (--body writes them out)"
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)
    rest = (
        f"\n… and {len(text) - LONGEST_BODY:,} more characters (--body writes all)" if len(text) > LONGEST_BODY else ""
    )
    return plain(text[:LONGEST_BODY].replace("\r\n", "\n"), lines=True) + rest


def duration(milliseconds: int) -> str:
    """As in "131 ms", "4.2 s", "2 min 5 s", "1 h 3 min"."""
    seconds = milliseconds / 1000
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _status(job: Job, width: int) -> Iterator[Text]:
    """What the job is, and why, its sign and its word in their colours."""
    word = status(job.status)
    lines = _prose("Status", f"{word.plain}{_why(job)}", width)
    first = next(lines)
    first.stylize(word.style, LABEL_WIDTH + 2, LABEL_WIDTH + 2 + len(word.plain))
    yield first
    yield from lines


def _why(job: Job) -> str:
    last = job.attempts[-1] if job.attempts else None
    said = ""
    if job.waiting_for:
        said = f", waits because its {plain(job.waiting_for)} is in trouble (see `punctual targets`)"
    elif job.status == "scheduled" and last:
        said = f", to be tried again after {_times_word(job.attempt_count)}"
    elif job.status in ("succeeded", "failed") and last:
        said = f" at {'the first attempt' if job.attempt_count == 1 else f'attempt {job.attempt_count}'}"
    if last and last.error and job.status != "succeeded":
        said += f": {plain(last.error.message)} ({plain(last.error.code)})"
    return said


def _times_word(count: int) -> str:
    return "one attempt" if count == 1 else f"{count} attempts"


def _moments(job: Job, now: datetime, zone: str) -> Iterator[tuple[str, str]]:
    yield "Due", told(job.due_at, now, job.timezone or zone)
    if job.timezone and job.timezone != zone:
        yield "", f"for you {told(job.due_at, now, zone)}"
    if job.next_attempt_at and job.next_attempt_at != job.due_at:
        yield "Next", told(job.next_attempt_at, now, zone)
    yield "Made", told(job.created_at, now, zone)
    if job.updated_at not in (job.created_at, job.finished_at):
        yield "Changed", told(job.updated_at, now, zone)
    for label, moment in (("Ended", job.finished_at), ("Deleted", job.expires_at)):
        if moment:
            yield label, told(moment, now, zone)


def _request(job: Job) -> Iterator[Text]:
    request = job.request
    yield _field("Request", Text.assemble((plain(request.method), "bold"), " ", plain(request.url)))
    for name, value in request.headers.items():
        secret = value == "[redacted]"
        yield _field("", Text.assemble((plain(name), "cyan"), ": ", (plain(value), "dim" if secret else "")))
    if request.body is not None:
        yield Text()
        yield from (_field("", line) for line in body_text(request.body).split("\n"))


def _terms(job: Job) -> Iterator[tuple[str, str]]:
    retry = job.retry
    pauses = f", {retry.min_backoff_seconds:,} to {retry.max_backoff_seconds:,} seconds between"
    yield "Attempts", f"{retry.max_attempts} at most{pauses if retry.max_attempts > 1 else ''}"
    yield "Time-out", f"{job.timeout_seconds:g} seconds"
    yield "Expects", ", ".join(_expectations(job))
    yield "Tells", _told_of(job)
    if job.rerun_of:
        yield "Rerun of", job.rerun_of
    yield "Version", str(job.version)


def _expectations(job: Job) -> Iterator[str]:
    for name, value in job.expect.items():
        if name == "status":
            values = value if isinstance(value, list) else [value]
            yield f"status {' or '.join(map(str, values))}"
        elif name == "body_contains":
            yield f"a body that contains {json.dumps(value, ensure_ascii=False)}"
        elif name == "json":
            yield f"JSON with {json.dumps(value, ensure_ascii=False)}"
        else:
            yield f"{name} {json.dumps(value, ensure_ascii=False)}"


def _told_of(job: Job) -> str:
    if job.raw.get("notify_from") == "owner":
        return "as you have set for all your jobs"
    on = " or ".join(f"it has {status}" for status in job.notify.get("on", ()))
    where = job.notify.get("email")
    return f"{where or 'whom you have set'} when {on}" if on else "nobody"


def _attempt(attempt: Attempt, now: datetime, zone: str, width: int) -> Iterator[Text]:
    sign, style = OUTCOMES.get(attempt.outcome, ("?", ""))
    began = attempt.started_at
    yield _columns(
        (
            str(attempt.number),
            relative(began, now) if began else "",
            "" if attempt.lateness_ms is None else duration(attempt.lateness_ms),
            "" if attempt.duration_ms is None else duration(attempt.duration_ms),
            "–" if attempt.status_code is None else str(attempt.status_code),
        ),
        Text(f"{sign} {plain(attempt.outcome):<9}", style=style),
        _on_the_clock(began, zone) if began else "",
        width,
    )
    if attempt.error:
        yield Text(f"{'':5}{plain(attempt.error.message)} ({plain(attempt.error.code)})")
    if attempt.response_excerpt:
        excerpt = plain(attempt.response_excerpt.replace("\r\n", "\n"), lines=True)
        yield from (Text(f"{'':5}│ {line}", style="dim") for line in excerpt.splitlines())


def _columns(cells: Sequence[str], outcome: Text, clock: str, width: int) -> Text:
    number, when, late, took, answer = cells
    line = Text(f"{number:>3}  {when:<14}  {late:>8}  {took:>8}  {answer:>6}  ")
    line.append_text(outcome)
    if width >= CLOCK_FROM:
        line.append(f"  {clock}")
    return line


def _on_the_clock(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def _prose(label: str, sentence: str, width: int) -> Iterator[Text]:
    room = max(20, width - LABEL_WIDTH - 2)
    for number, line in enumerate(
        textwrap.wrap(sentence, room, break_long_words=False, break_on_hyphens=False) or [""]
    ):
        yield _field("" if number else label, line)


def _field(label: str, value: Text | str) -> Text:
    return Text.assemble((f"{label:<{LABEL_WIDTH}}", "dim"), "  ", value)
