"""The same for many jobs: a few at a time, each told, going on where one cannot be done, and clean on Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from punctual.cli.errors import CommandFailed, ExitCode, exit_code_of
from punctual.cli.plain import plain
from punctual.cli.printing import print_job
from punctual.errors import Forbidden, Problem, PunctualError, ServiceFailed, TooManyRequests, Unauthenticated

if TYPE_CHECKING:
    from punctual.cli.session import Session
    from punctual.models import Job

AT_ONCE = 6
"""How many requests are under way."""

LONGEST_WAIT_SECONDS = 90
"""Who has used up the requests of a minute goes on in the next one; a wait that is longer is for people to decide."""

FAILURES_IN_A_ROW = 2 * AT_ONCE
"""It is the service that fails then, not a job: the rest is left alone."""

FEW = 20
"""Up to so many jobs are listed as they are done; of more a bar is shown."""

GLANCE_SECONDS = 0.1
"""How often it is looked whether somebody has pressed Ctrl-C."""

WORST_FIRST = (ExitCode.UNREACHABLE, ExitCode.REFUSED, ExitCode.CONFLICT, ExitCode.NOT_FOUND)


class NotAll(CommandFailed):
    """Some of several could not be done."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def each(session: Session, ids: Sequence[str], act: Callable[[str], Job], *, done: str, wait: bool = False) -> None:
    """Do `act` to each job, and print those that it was done to, in the order of `ids`, which are all different.

    `done` says what was done: "Cancelled". With `wait` their ends are waited for then, and with --json it is these that
    are printed. Raises JobFailed if one of them fails, NotAll, with the exit code of the worst that happened, once all
    have been tried. What would happen to all of them, such as a token that does not count, ends it and is raised. On
    Ctrl-C nothing more is begun, what is under way is waited for, and how far it came is told.
    """
    tally = _Tally(session, len(ids), done, prints=not (wait and session.terminal.as_json))
    crew = _Crew(ids, act)
    with _noting_ctrl_c(crew.stopping), tally.bar():
        for job_id, outcome in crew.outcomes():
            tally.count(job_id, outcome)
            if tally.hopeless:
                crew.stopping.set()
    if len(tally.outcomes) < len(ids):
        session.terminal.warn(f"Stopped. {tally}")
        raise tally.hopeless or KeyboardInterrupt
    if wait:
        from punctual.cli.waiting import wait_for_all

        wait_for_all(session, tally.jobs)
    if tally.failures:
        raise NotAll(str(tally), min(map(exit_code_of, tally.failures), key=WORST_FIRST.index))
    if len(ids) > 1:
        session.terminal.say(str(tally))


def one(session: Session, job: Job, *, wait: bool) -> None:
    """Print the only job that it was done to; with `wait` its end is waited for, as in `each`."""
    if not (wait and session.terminal.as_json):
        print_job(session, job)
    if wait:
        from punctual.cli.waiting import wait_for_all

        wait_for_all(session, [job])


@contextlib.contextmanager
def _noting_ctrl_c(noted: threading.Event) -> Iterator[None]:
    """Within it Ctrl-C interrupts nothing but sets the event, so that all that was done is counted. A second one ends
    the program as usual."""

    def note(_signal: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, usual)
        noted.set()

    usual = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


class _Tally:
    """What became of the jobs so far."""

    def __init__(self, session: Session, total: int, done: str, *, prints: bool) -> None:
        self.outcomes: dict[str, Job | PunctualError] = {}
        self.hopeless: PunctualError | None = None
        """What happened to one and will to all others."""
        self._session = session
        self._total = total
        self._done = done
        self._in_a_row = 0
        self._advance: Callable[[], object] = lambda: None
        self._draws = session.terminal.draws and total > FEW
        self._prints = prints and not (self._draws and sys.stdout.isatty())

    @property
    def jobs(self) -> list[Job]:
        return [one for one in self.outcomes.values() if not isinstance(one, PunctualError)]

    @property
    def failures(self) -> list[PunctualError]:
        return [one for one in self.outcomes.values() if isinstance(one, PunctualError)]

    def __str__(self) -> str:
        done = len(self.jobs)
        of = "" if done == self._total else f"of {self._total:,} "
        return f"{self._done} {done:,} {of}job{'' if self._total == 1 else 's'}."

    @contextlib.contextmanager
    def bar(self) -> Iterator[None]:
        """Within it a bar shows how far it has come, if there are many and somebody looks."""
        if not self._draws:
            yield
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn(self._done), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = self._session.terminal.err
        with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as drawn:
            task = drawn.add_task("", total=self._total)
            self._advance = lambda: drawn.advance(task)
            yield

    def count(self, job_id: str, outcome: Job | PunctualError) -> None:
        if not isinstance(outcome, PunctualError):
            self.outcomes[job_id] = outcome
            self._in_a_row = 0
            if self._prints:
                print_job(self._session, outcome)
        elif self._is_hopeless(outcome):
            self.hopeless = self.hopeless or outcome
        else:
            self.outcomes[job_id] = outcome
            coded = isinstance(outcome, Problem) and outcome.code
            why = f"{outcome.detail} ({outcome.code})" if coded else str(outcome)  # type: ignore[attr-defined]
            self._session.terminal.warn(f"{job_id}: {plain(why)}")
        self._advance()

    def _is_hopeless(self, error: PunctualError) -> bool:
        self._in_a_row = self._in_a_row + 1 if isinstance(error, ServiceFailed) else 0
        holds_for_all = not isinstance(error, Problem) or isinstance(error, Unauthenticated | Forbidden)
        return holds_for_all or self._in_a_row >= FAILURES_IN_A_ROW


class _Crew:
    """Threads that do `act` to one job after the other, until `stopping` is set."""

    def __init__(self, ids: Sequence[str], act: Callable[[str], Job]) -> None:
        self.stopping = threading.Event()
        self._ids = ids
        self._act = act

    def outcomes(self) -> Iterator[tuple[str, Job | PunctualError]]:
        """Each job that was begun with what became of it, in the order of the ids."""
        begun: deque[tuple[str, Future[Job | PunctualError]]] = deque()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for job_id in self._ids:
                if self.stopping.is_set():
                    break
                begun.append((job_id, threads.submit(self._outcome, job_id)))
                if len(begun) >= 2 * AT_ONCE:
                    yield from self._first(begun)
            while begun:
                yield from self._first(begun)

    def _first(
        self, begun: deque[tuple[str, Future[Job | PunctualError]]]
    ) -> Iterator[tuple[str, Job | PunctualError]]:
        """What became of the first; nothing if it was not really begun before it was too late."""
        job_id, future = begun.popleft()
        while not future.done() and not self.stopping.is_set():
            wait([future], timeout=GLANCE_SECONDS)
        if not self.stopping.is_set() or not future.cancel():
            yield job_id, future.result()

    def _outcome(self, job_id: str) -> Job | PunctualError:
        while True:
            try:
                return self._act(job_id)
            except TooManyRequests as error:
                if not self._wait_out(error):
                    return error
            except PunctualError as error:
                return error

    def _wait_out(self, error: TooManyRequests) -> bool:
        """Wait until requests may be made again. False if that is not to be waited for."""
        if error.code not in ("rate_limited", "") or not 0 < (error.retry_after or 0) <= LONGEST_WAIT_SECONDS:
            return False
        return not self.stopping.wait(error.retry_after)
