"""The sender: requests to targets, through the guard and on the millisecond.

`HttpSender.open` resolves, checks, connects and shakes hands ahead of the instant; `send_at` leaves the first bytes
to the starter, which writes everything that is due together, and reads the answer within the exchange's total time.
A connection that could not be opened early, or that the target closed while it waited, is opened again: before the
instant nothing counts as a failure.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from lambdas.adapters.guarded_adapter import GuardedAdapter
from lambdas.adapters.guarded_connection import Dial, Gate, Policy, dial
from lambdas.adapters.guarded_socket import WRITE_BYTES, Allowance, GuardedSocket
from lambdas.adapters.guarded_tls import tls_context
from lambdas.adapters.look_ups import LookUps, Resolver
from lambdas.adapters.send_trouble import TooMuch, Trouble, exchange_trouble
from lambdas.adapters.starter import Launch, Start, Starter
from lambdas.adapters.turns import Turns
from lambdas.adapters.wire_request import WireRequest, target_of, wire_request
from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.sending import Answer, Failure, OutgoingRequest

if TYPE_CHECKING:
    from lambdas.adapters.precise_clock import PreciseClock

MOST_OPENINGS = 4
"""Beside the early one: when the starter looks, and if the target hangs up right then; the last is for the instant."""

MOST_AT_WORK = 4
"""How many threads may open or read at a time: more would only keep the starter waiting."""

LONGEST_LOOK_UP_SECONDS = 5
"""When only the look-up is asked for: somebody waits for it."""

SWITCH_SECONDS = 0.0005
"""How long a busy thread may keep the starter from Python's lock; ten times that is Python's default."""


class HttpSender:
    """Implements the ports `Sender` and `Names` with requests and sockets. One for a process; safe to use from many
    threads.

    `policy` says which addresses may be connected to. `ca_file` is a PEM file of authorities to trust instead of the
    public ones; `resolver` and `dial` replace name look-ups and connects in tests.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        clock: PreciseClock,
        ca_file: str | None = None,
        resolver: Resolver = socket.getaddrinfo,
        dial: Dial = dial,
    ) -> None:
        self._clock = clock
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None
        self._context_lock = threading.Lock()
        self._turns = Turns(MOST_AT_WORK)
        self._gate = Gate(policy, self._tls_context, LookUps(resolver), dial)
        self._adapter = GuardedAdapter(self._gate, self._turns)
        self._starter = Starter(clock, self._turns)
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_SECONDS))

    def open(self, request: OutgoingRequest, *, timeout_seconds: float) -> Exchange | Refusal:
        """Open a connection ahead of the instant; blocks while it does. A target's trouble shows in `send_at`.

        `timeout_seconds` is for the whole exchange, from the instant (or from now, if that is later) to the last
        byte read. Raises ValueError for a method or headers that must not be sent: a defect, not a target's trouble.
        """
        with self._turns:
            try:
                wire = wire_request(request)
            except Trouble as trouble:
                return Refusal(trouble, self._clock)
            exchange = Exchange(wire, timeout_seconds, self._adapter, self._starter, self._turns, self._clock)
            denied = exchange.open_early()
            return Refusal(denied, self._clock) if denied is not None else exchange

    def check(self, url: str) -> None:
        """Look the host of a canonical URL up as a request to it would, without connecting. Raises ValueRefused."""
        with self._turns:
            try:
                allowance = Allowance(time.monotonic() + LONGEST_LOOK_UP_SECONDS, self._turns)
                self._gate.checked_addresses(target_of(url), allowance)
            except Trouble as trouble:
                raise ValueRefused(trouble.code, trouble.message) from None

    def _tls_context(self) -> ssl.SSLContext:
        with self._context_lock:
            if self._context is None:
                self._context = tls_context(self._ca_file)
            return self._context


class Exchange:
    """One request and its answer. Used by one thread; only `close` may be called by another."""

    def __init__(
        self,
        wire: WireRequest,
        timeout_seconds: float,
        adapter: GuardedAdapter,
        starter: Starter,
        turns: Turns,
        clock: PreciseClock,
    ) -> None:
        self._wire = wire
        self._timeout_seconds = timeout_seconds
        self._adapter = adapter
        self._starter = starter
        self._turns = turns
        self._clock = clock
        self._begun_ms = clock.now_ms()
        self._sock: GuardedSocket | None = None
        self._openings = 0
        self._stirred_by: Exception | None = None
        self._closed = False

    def open_early(self) -> Trouble | None:
        """Try to connect. What goes wrong now may be right at the instant, but for an address that is not allowed:
        that is returned, for the next answer of a resolver that tried it once deserves no trust. Whoever calls holds
        a turn."""
        trouble = self._open(time.monotonic() + self._timeout_seconds)
        return trouble if trouble is not None and trouble.code == "address_denied" else None

    def send_at(self, fire_at_ms: int, *, latest_ms: int) -> Answer | Failure:
        """Send at the instant (at once if it is past), and read what comes. Nothing is sent after `latest_ms`."""
        with self._turns:
            return self._send_at(fire_at_ms, latest_ms)

    def _send_at(self, fire_at_ms: int, latest_ms: int) -> Answer | Failure:
        begin_ms = max(fire_at_ms, self._begun_ms)
        since = time.monotonic() + (begin_ms - self._clock.now_ms()) / 1_000
        ends_at = since + self._timeout_seconds
        # Nor is anything sent when no time is left to hear the answer.
        latest_ms = min(latest_ms, int(begin_ms + self._timeout_seconds * 1_000))
        while not self._closed:
            launch = Launch(self._sock, fire_at_ms=fire_at_ms, latest_ms=latest_ms)
            start = self._starter.start(launch)
            if start is Start.SENT:
                return self._finish(launch, ends_at)
            if start is Start.TOO_LATE:
                return _unsent(Trouble("timeout", "The connection stood too late for the request to be sent."), since)
            if start is Start.NO_CONNECTION and not self._closed:
                is_due = self._clock.now_ms() >= fire_at_ms
                trouble = self._open_again(ends_at, is_due=is_due)
                if trouble is not None and (is_due or trouble.code == "address_denied"):
                    with self._turns.away():
                        self._clock.sleep_until(fire_at_ms)
                    return _unsent(trouble, since)
        self.close()
        return _unsent(Trouble("connection_lost", "The attempt was called off before it was sent."), since)

    def close(self) -> None:
        """Let go of the connection. May be called at any time, and twice."""
        self._closed = True
        if self._sock is not None:
            self._sock.close()

    def _open_again(self, ends_at: float, *, is_due: bool) -> Trouble | None:
        """As `_open`, unless that was done too often. Before the instant one opening is kept for it."""
        if self._sock is not None and self._sock.stirred_by is not None:
            self._stirred_by = self._sock.stirred_by
        if self._openings == MOST_OPENINGS:
            return self._never_stands()
        if not is_due and self._openings == MOST_OPENINGS - 1:
            self._drop()
            return None
        self._openings += 1
        return self._open(ends_at)

    def _open(self, ends_at: float) -> Trouble | None:
        """Replace the connection. None when there is one now, else why there is none."""
        self._drop()
        try:
            self._sock = self._adapter.connect(self._wire.target, Allowance(ends_at, self._turns))
        except Trouble as trouble:
            return trouble
        self._sock.load(self._wire.data[:WRITE_BYTES])
        return None

    def _drop(self) -> None:
        if self._sock is not None:
            self._sock.close()
        self._sock = None

    def _never_stands(self) -> Trouble:
        target = str(self._wire.target)
        if isinstance(self._stirred_by, ssl.SSLError | TooMuch):
            return exchange_trouble(self._stirred_by, target)
        return Trouble("connection_lost", f"{target} closes its connections before anything can be sent.")

    def _finish(self, launch: Launch, ends_at: float) -> Answer | Failure:
        """Write what the starter did not, and read the answer."""
        assert self._sock is not None
        self._sock.allowance = Allowance(ends_at, self._turns)
        try:
            self._write_rest(self._sock)
            response, truncated = self._adapter.read(self._wire.prepared, self._sock)
        except Exception as error:  # the target may send anything: see `exchange_trouble`
            trouble = exchange_trouble(error, str(self._wire.target))
            duration_ms = _milliseconds_since(launch.started_at)
            return Failure(trouble.code, trouble.message, launch.started_at_ms, duration_ms)
        finally:
            self._sock.close()
        return Answer(
            status_code=response.status_code,
            headers=tuple(response.raw.headers.items()),
            body=response.content,
            started_at_ms=launch.started_at_ms,
            duration_ms=_milliseconds_since(launch.started_at),
            truncated=truncated,
        )

    def _write_rest(self, sock: GuardedSocket) -> None:
        # A target that wants no more of a large body may have said so before it hung up: its 413 is still to be read.
        with suppress(ConnectionError):
            sock.send_rest(memoryview(self._wire.data)[WRITE_BYTES:])


class Refusal:
    """An exchange that must not be: its URL names no target, or one at an address that must not be called."""

    def __init__(self, trouble: Trouble, clock: PreciseClock) -> None:
        self._trouble = trouble
        self._clock = clock

    def send_at(self, fire_at_ms: int, *, latest_ms: int) -> Failure:  # noqa: ARG002  # the port's shape
        """Say so, at the instant: a job does not fail before it is due."""
        self._clock.sleep_until(fire_at_ms)
        return Failure(self._trouble.code, self._trouble.message, None, 0.0)

    def close(self) -> None:
        """There is nothing to let go of."""


def _unsent(trouble: Trouble, since: float) -> Failure:
    return Failure(trouble.code, trouble.message, None, _milliseconds_since(since))


def _milliseconds_since(moment: float) -> float:
    return max(0.0, (time.monotonic() - moment) * 1_000)
