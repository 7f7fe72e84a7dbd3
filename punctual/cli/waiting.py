"""Waiting for a job: a countdown, its attempts as they come, and how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from punctual.cli.errors import JobFailed
from punctual.cli.plain import plain
from punctual.cli.session import Session
from punctual.errors import ServiceFailed, TooManyRequests, Unreachable
from punctual.models import Attempt, Job

SHOWN_LINES = 10
"""Of the beginning of an answer."""

_SOON = timedelta(seconds=60)
_SELDOM = timedelta(minutes=5)
_ANSWER = timedelta(milliseconds=300)
"""Within this of its moment a job has mostly ended."""
_SILENCE = timedelta(minutes=2)
"""So long the service may give no answer while it is waited for."""
_FRAME_SECONDS = 0.2

Draw = Callable[[str], None]


def wait_for(session: Session, job: Job) -> Job:
    """The job once it has ended. Interrupted, it says that the job stays as it is."""
    try:
        with _drawing(session) as draw:
            return _Wait(session, draw).until_ended(job)
    except KeyboardInterrupt:
        session.terminal.warn(f"{plain(job.id)} stays scheduled.")
        session.terminal.warn(f"To cancel it: punctual cancel {plain(job.id)}")
        raise


def succeeded(job: Job) -> None:
    """Returns if the job has. Raises JobFailed, with why and what to do."""
    if job.status == "succeeded":
        return
    name = plain(job.id)
    if job.status == "cancelled":
        raise JobFailed(f"{name} was cancelled.")
    last = job.attempts[-1] if job.attempts else None
    lines = [f"{name} failed{f': {reason(last)}' if last else '.'}"]
    if last and last.response_excerpt:
        lines += ["The answer began with:", *excerpt(last.response_excerpt)]
    raise JobFailed("\n".join(lines), hint=f"To call it again, as it was: punctual rerun {name}")


def wait_for_all(session: Session, jobs: Sequence[Job]) -> None:
    """Wait for one after the other; with --json each is printed as it has ended. Raises JobFailed if any has failed."""
    ended = []
    for job in jobs:
        ended.append(wait_for(session, job))
        if session.terminal.as_json:
            session.terminal.json(ended[-1].raw)
    if len(ended) == 1:
        succeeded(ended[0])
    bad = [plain(job.id) for job in ended if job.status != "succeeded"]
    if bad:
        raise JobFailed(f"{len(bad)} of {len(ended)} jobs did not succeed: {', '.join(bad)}.")


def attempt_line(attempt: Attempt) -> str:
    """As in "Attempt 2: 503 after 131 ms, 4 ms late. The target answered 503 (status_retryable)."."""
    parts = [str(attempt.status_code)] if attempt.status_code is not None else ["no answer"]
    if attempt.duration_ms is not None:
        parts.append(f"after {attempt.duration_ms:,} ms")
    late = f", {attempt.lateness_ms:,} ms late" if attempt.lateness_ms is not None else ""
    why = f" {reason(attempt)}" if attempt.error else ""
    return f"Attempt {attempt.number}: {' '.join(parts)}{late}.{why}"


def reason(attempt: Attempt) -> str:
    """Why an attempt did not succeed: its sentence and its code."""
    if attempt.error is None:
        return "It is not known why."
    return f"{plain(attempt.error.message)} ({plain(attempt.error.code)})"


def excerpt(text: str) -> list[str]:
    """The beginning of an answer, indented."""
    lines = plain(text, lines=True).splitlines()
    more = [f"  ... and {len(lines) - SHOWN_LINES} more lines"] if len(lines) > SHOWN_LINES else []
    return [f"  {line}" for line in lines[:SHOWN_LINES]] + more


def pause(job: Job, now: datetime, waiting_since: datetime) -> timedelta:
    """How long to leave the service alone: seldom while there is time, every second once the moment has come."""
    if job.next_attempt_at is not None and job.next_attempt_at > now:
        left = job.next_attempt_at - now
        return left + _ANSWER if left <= _SOON else min(left - _SOON / 2, _SELDOM)
    late = now - max(job.next_attempt_at or waiting_since, waiting_since)
    return timedelta(seconds=1 if late < _SOON else 5)


class _Wait:
    """The state of one wait."""

    def __init__(self, session: Session, draw: Draw | None) -> None:
        self._session = session
        self._draw = draw
        self._told = 0
        """The number of the last attempt that was told."""
        self._answered = session.now()

    def until_ended(self, job: Job) -> Job:
        since = self._session.now()
        self._say_state(job)
        while True:
            self._tell_attempts(job)
            if job.finished:
                self._session.terminal.say(f"{plain(job.id)} {job.status}.")
                return job
            self._rest(job, pause(job, self._session.now(), since))
            job = self._look(job)

    def _look(self, job: Job) -> Job:
        try:
            job = self._session.client.job(job.id)
        except (Unreachable, ServiceFailed, TooManyRequests):
            if self._session.now() - self._answered > _SILENCE:
                raise
        else:
            self._answered = self._session.now()
        return job

    def _tell_attempts(self, job: Job) -> None:
        for attempt in job.attempts:
            if attempt.number > self._told:
                self._told = attempt.number
                self._session.terminal.say(attempt_line(attempt))
                if not job.finished and attempt is job.attempts[-1]:
                    self._say_state(job)

    def _say_state(self, job: Job) -> None:
        if self._draw is None and not job.finished:
            self._session.terminal.say(state(job, self._session.now()))

    def _rest(self, job: Job, length: timedelta) -> None:
        end = self._session.now() + length
        while (now := self._session.now()) < end:
            left = (end - now).total_seconds()
            if self._draw is not None:
                self._draw(state(job, now))
                left = min(left, _FRAME_SECONDS)
            self._session.sleep(left)


def state(job: Job, now: datetime) -> str:
    """One line of what is waited for, with a countdown."""
    name = plain(job.id)
    if job.waiting_for == "target":
        return f"{name} waits for its target, which is in trouble."
    if job.next_attempt_at is None or job.next_attempt_at <= now:
        return f"{name} is being called."
    which = f"attempt {job.attempts[-1].number + 1} of {name}" if job.attempts else name
    return f"{clock(job.next_attempt_at - now)} until {which}"


def clock(left: timedelta) -> str:
    """As in "00:04" or "3 days 04:00:12", rounded up: at 00:00 it is time."""
    seconds = -(-left // timedelta(seconds=1))
    days, seconds = divmod(seconds, 86_400)
    hours, minutes, seconds = seconds // 3_600, seconds // 60 % 60, seconds % 60
    told = f"{hours:02}:{minutes:02}:{seconds:02}" if hours or days else f"{minutes:02}:{seconds:02}"
    return f"{days} day{'s' if days > 1 else ''} {told}" if days else told


@contextlib.contextmanager
def _drawing(session: Session) -> Iterator[Draw | None]:
    """What draws a line over the last one, at the foot of stderr; None where that cannot be done."""
    if not session.terminal.draws:
        yield None
        return
    from rich.live import Live
    from rich.text import Text

    with Live(console=session.terminal.err, transient=True, auto_refresh=False) as live:
        yield lambda line: live.update(Text(line), refresh=True)
