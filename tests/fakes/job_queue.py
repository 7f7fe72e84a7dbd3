"""The fake of the jobs queue and its dead letters."""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import replace

from lambdas.jobs.errors import QueueUnavailable
from lambdas.jobs.ports import DeadLetter, Message
from tests.fakes.clock import FakeClock
from tests.fakes.hooks import Hooks, happen


class FakeJobQueue:
    """The jobs queue and its dead letters, under a given clock.

    `refused` holds ids of jobs whose messages the queue does not take, `down` makes every method raise, `before` and
    `after` are as those of the store. Tests take messages out with `receive` when their delay has passed, `give_back`
    what a worker did not finish, and `lose` what a fault takes away.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.letters: list[DeadLetter] = []
        self.refused: set[str] = set()
        self.down = False
        self._clock = clock
        self._waiting: list[tuple[int, Message]] = []
        self._lock = threading.Lock()

    def send(self, messages: Sequence[tuple[Message, int]]) -> Sequence[Message]:
        self._check("send")
        refused = []
        with self._lock:
            for message, delay_seconds in messages:
                if message.due.job_id in self.refused:
                    refused.append(message)
                else:
                    delay_ms = max(0, min(delay_seconds, 900)) * 1000
                    self._put(self._clock.now_ms() + delay_ms, replace(message, receive_count=0))
        happen(self.after, "send")
        return refused

    def send_dead_letter(self, letter: DeadLetter) -> None:
        self._check("send_dead_letter")
        with self._lock:
            self.letters.append(letter)
        happen(self.after, "send_dead_letter")

    def backlog(self) -> int:
        self._check("backlog")
        with self._lock:
            return self._ready()

    @property
    def waiting(self) -> list[tuple[int, Message]]:
        """What is on the queue: when it can be received (epoch ms), and the message as it was sent."""
        with self._lock:
            return [(at_ms, replace(message, receive_count=1)) for at_ms, message in self._waiting]

    def receive(self, limit: int = 10) -> list[Message]:
        """Take out what can be received now, oldest first; its receive count is one higher."""
        with self._lock:
            taken = self._waiting[: min(limit, self._ready())]
            del self._waiting[: len(taken)]
            return [replace(message, receive_count=message.receive_count + 1) for _, message in taken]

    def give_back(self, message: Message, *, after_seconds: float = 0) -> None:
        """Put a received message back, as its visibility time-out does."""
        with self._lock:
            self._put(self._clock.now_ms() + round(after_seconds * 1000), message)

    def lose(self, which: int) -> Message:
        """Take a message of `waiting` away for good, by its place there."""
        with self._lock:
            return self._waiting.pop(which)[1]

    def _put(self, visible_ms: int, message: Message) -> None:
        """In the order in which they can be received; of those of one instant, the first that came."""
        insort(self._waiting, (visible_ms, message), key=lambda entry: entry[0])

    def _ready(self) -> int:
        return bisect_right(self._waiting, self._clock.now_ms(), key=lambda entry: entry[0])

    def _check(self, method: str) -> None:
        if self.down:
            raise QueueUnavailable("a test said so")
        happen(self.before, method)
