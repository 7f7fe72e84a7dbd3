"""The starter: one thread that sends everything that is due, on its millisecond.

What decides lateness is how the writes are started. The bytes are ready before the instant, one thread writes all
that is due at it, one write each, and only then are those who read the answers woken: a thread for each job, or
waking after each write, makes a hundred jobs ten times as late.
"""

from __future__ import annotations

import heapq
import logging
import select
import threading
import time
from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

from lambdas.jobs.errors import whereabouts

if TYPE_CHECKING:
    from lambdas.adapters.guarded_socket import GuardedSocket
    from lambdas.adapters.precise_clock import PreciseClock
    from lambdas.adapters.turns import Turns

LOOK_AHEAD_MS = 250.0
"""How long before the instant the connections are looked at: time enough to open one again."""

LOOK_AHEAD_LARGE_MS = 500.0
LARGE_VOLLEY = 100
LOOKS_AT_A_TIME = 100
"""Looking at this many connections takes a tenth of a millisecond: nobody's instant is missed meanwhile."""

FINAL_SLEEP_MS = 3.0
"""The last stretch is slept and not waited for: nothing may wake the thread for something else."""

_LONGEST_WAIT_SECONDS = 1.0
"""The wall clock may be set while the thread waits by the other one."""

_log = logging.getLogger(__name__)


class Start(Enum):
    """What became of a launch."""

    SENT = auto()
    NO_CONNECTION = auto()
    """There is none, or it cannot be used and nothing went out on it: open another."""
    STIRRED = auto()
    """Something arrived on the connection while it waited: look at it and come again."""
    TOO_LATE = auto()


class Launch:
    """The first bytes of one request, loaded on its connection, to be written at an instant.

    `sock` is None when there is no connection: then the launch comes back in time to open one. After SENT,
    `started_at_ms` and `started_at` (monotonic seconds) are when the first byte went out.
    """

    __slots__ = (
        "done",
        "fire_at_ms",
        "is_over",
        "latest_ms",
        "sock",
        "start",
        "started_at",
        "started_at_ms",
    )

    def __init__(self, sock: GuardedSocket | None, *, fire_at_ms: int, latest_ms: int) -> None:
        self.sock = sock
        self.fire_at_ms = fire_at_ms
        self.latest_ms = latest_ms
        self.start = Start.NO_CONNECTION
        self.started_at_ms = 0.0
        self.started_at = 0.0
        self.is_over = False
        self.done = threading.Event()

    def give_back(self, turns: Turns) -> None:
        """Wake whoever waits for it as soon as there is a turn. Once is enough."""
        if not self.is_over:
            self.is_over = True
            turns.grant(self.done.set)


class Starter:
    """Sends launches at their instants. Safe to use from many threads; its own thread starts with the first launch."""

    def __init__(self, clock: PreciseClock, turns: Turns) -> None:
        self._clock = clock
        self._turns = turns
        self._changed = threading.Condition()
        self._volleys: dict[int, list[Launch]] = {}
        # What to turn to, and when (ms): the launches of an instant, to look at from a position, or (-1) to fire.
        self._agenda: list[tuple[float, int, int]] = []
        self._thread: threading.Thread | None = None

    def start(self, launch: Launch) -> Start:
        """Wait for the launch's instant, send, and say what became of it. Sends at once if the instant is past.

        Whoever calls holds a turn, and holds one again afterwards.
        """
        if launch.sock is not None and not launch.sock.is_quiet():
            return Start.NO_CONNECTION
        self._enlist(launch)
        self._turns.leave()
        launch.done.wait()
        return launch.start

    def _enlist(self, launch: Launch) -> None:
        with self._changed:
            look = launch.fire_at_ms - self._clock.now_ms() > LOOK_AHEAD_MS
            first = self._agenda[0] if self._agenda else None
            volley = self._volleys.setdefault(launch.fire_at_ms, [])
            volley.append(launch)
            if len(volley) == 1:
                self._plan(launch.fire_at_ms - FINAL_SLEEP_MS, launch.fire_at_ms, -1)
                if look:
                    self._plan(launch.fire_at_ms - LOOK_AHEAD_MS, launch.fire_at_ms, 0)
            elif len(volley) == LARGE_VOLLEY and look:
                self._plan(launch.fire_at_ms - LOOK_AHEAD_LARGE_MS, launch.fire_at_ms, 0)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="starter", daemon=True)
                self._thread.start()
            if self._agenda[0] is not first:
                self._changed.notify()

    def _plan(self, at_ms: float, fire_at_ms: int, position: int) -> None:
        heapq.heappush(self._agenda, (at_ms, fire_at_ms, position))

    def _run(self) -> None:
        while True:
            volley, fire_at_ms, position = self._next()
            try:
                if position < 0:
                    self._turns.pause()
                    self._clock.sleep_until(fire_at_ms)
                    self._fire(volley)
                else:
                    self._look(volley, fire_at_ms, position)
            except Exception as error:  # a defect of ours must not stop everybody else's jobs
                _log.error("the starter stumbled: %s", whereabouts(error))
            finally:
                if position < 0:
                    for launch in volley:
                        launch.give_back(self._turns)
                    self._turns.resume()

    def _next(self) -> tuple[Sequence[Launch], int, int]:
        """Wait for what is next on the agenda. A volley that is to be fired is taken off the list: who comes now
        makes a new one."""
        with self._changed:
            while True:
                seconds = None
                if self._agenda:
                    at_ms, fire_at_ms, position = self._agenda[0]
                    seconds = (at_ms - self._clock.now_ms()) / 1_000
                    if seconds <= 0:
                        heapq.heappop(self._agenda)
                        if position < 0:
                            return self._volleys.pop(fire_at_ms), fire_at_ms, position
                        volley = self._volleys.get(fire_at_ms, ())
                        return volley[position : position + LOOKS_AT_A_TIME], fire_at_ms, position
                    seconds = min(seconds, _LONGEST_WAIT_SECONDS)
                self._changed.wait(seconds)

    def _fire(self, volley: Sequence[Launch]) -> None:
        """Write the first bytes of all that is due, as fast as it goes."""
        now_ms, monotonic = self._clock.now_ms, time.monotonic
        for launch in volley:
            if launch.sock is None or launch.is_over:
                continue
            launch.started_at_ms, launch.started_at = now_ms(), monotonic()
            if launch.started_at_ms > launch.latest_ms:
                launch.start = Start.TOO_LATE
                continue
            try:
                launch.sock.launch()
            except BlockingIOError:
                launch.start = Start.SENT  # or about to be: whoever reads the answer writes what is left
            except OSError:
                continue  # the target had hung up: not a byte reached it
            else:
                launch.start = Start.SENT

    def _look(self, launches: Sequence[Launch], fire_at_ms: int, position: int) -> None:
        """Give back the launches without a connection, and those whose connection stirred: was closed, got a session
        ticket, or an early 408 that would be taken for the answer. What it was is for their own threads to see: a
        read can take as long as the target likes.
        """
        poll = select.poll()
        by_number: dict[int, Launch] = {}
        for launch in launches:
            if launch.sock is None:
                launch.give_back(self._turns)
            elif not launch.is_over and (number := launch.sock.fileno()) >= 0:
                by_number[number] = launch
                poll.register(number, select.POLLIN)
        for number, _ in poll.poll(0):
            launch = by_number[number]
            launch.start = Start.STIRRED
            launch.give_back(self._turns)
        if len(launches) == LOOKS_AT_A_TIME:
            with self._changed:
                self._plan(self._clock.now_ms(), fire_at_ms, position + LOOKS_AT_A_TIME)
