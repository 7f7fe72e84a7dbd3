"""Targets that answer as they are told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lambdas.jobs.sending import Answer, Failure, OutgoingRequest
from tests.fakes.clock import FakeClock

Script = Answer | Failure | Callable[[OutgoingRequest], Answer | Failure]
"""What a target does: an answer, a failure, or a function that decides (it may move the clock, or raise)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that left: what, when (epoch ms of the clock), and for which instant."""

    request: OutgoingRequest
    at_ms: int
    fire_at_ms: int


class FakeSender:
    """Targets with scripted answers, under a given clock.

    `answers[url]` are given one after the other, the last for ever; other URLs answer 200. Sending moves the clock to
    the instant it waits for. `sent` holds what left, `open_connections` how many were opened and not closed yet.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.answers: dict[str, list[Script]] = {}
        self.sent: list[Sent] = []
        self.open_connections = 0
        self._clock = clock
        self._lock = threading.Lock()

    def open(self, request: OutgoingRequest, *, timeout_seconds: float) -> FakeOpened:
        with self._lock:
            self.open_connections += 1
        return FakeOpened(self, request)

    def answer(self, request: OutgoingRequest, fire_at_ms: int, latest_ms: int) -> Answer | Failure:
        with self._lock:
            self._clock.ms = max(self._clock.ms, fire_at_ms)
            if self._clock.ms > latest_ms:
                return Failure("timeout", "It was too late to send the request.", None, 0)
            at_ms = self._clock.ms
            self.sent.append(Sent(request, at_ms, fire_at_ms))
            scripts = self.answers.get(request.url) or [self.answering(200)]
            script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        result = script(request) if callable(script) else script
        if result.started_at_ms == 0:
            return replace(result, started_at_ms=float(at_ms))
        return result

    @staticmethod
    def answering(status: int, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """An answer after 20 ms, started whenever it is given."""
        return Answer(status, tuple((headers or {}).items()), body, started_at_ms=0, duration_ms=20, truncated=False)


@dataclass(slots=True)
class FakeOpened:
    """A connection of the FakeSender."""

    sender: FakeSender
    request: OutgoingRequest
    closed: bool = False

    def send_at(self, fire_at_ms: int, *, latest_ms: int) -> Answer | Failure:
        return self.sender.answer(self.request, fire_at_ms, latest_ms)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.sender.open_connections -= 1
