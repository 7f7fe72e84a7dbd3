"""Sockets that know how long, and how many bytes, their target may still have.

A library's time-out starts again with every byte, so that a target which drips one byte a second holds it for ever,
and no library counts bytes. Here both limits are in the socket, below every library that reads from it.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

from lambdas.adapters.send_trouble import TooMuch

if TYPE_CHECKING:
    from lambdas.adapters.turns import Turns

WRITE_BYTES = 16_384
"""What one write takes: a whole TLS record, and less than the send buffer of a fresh connection."""


class Allowance:
    """What one exchange may still take of the worker: time, bytes that are read, and turns at Python's lock.

    `ends_at` is in seconds of the monotonic clock. Whoever reads, writes or opens with an allowance holds a turn.
    """

    __slots__ = ("bytes_left", "ends_at", "turns")

    def __init__(self, ends_at: float, turns: Turns) -> None:
        self.ends_at = ends_at
        self.turns = turns
        self.bytes_left = 0

    def seconds_left(self) -> float:
        """What is left of the time. Raises TimeoutError when nothing is."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left


class GuardedSocket(socket.socket):
    """A TCP socket whose reads and writes end with the `allowance` that it is given.

    Turns are given back around every read and write: a target that keeps one waiting keeps only its own job.
    """

    allowance: Allowance
    _unsent = b""
    stirred_by: Exception | None = None
    """Why the connection was not quiet any more, if it was something else than words or a farewell."""

    def recv_into(self, buffer: Any, nbytes: int | None = 0, flags: int = 0) -> int:
        """As of a socket. Raises TimeoutError when the time is up, TooMuch when the bytes are used up."""
        allowance = self.allowance
        room = min(nbytes or len(buffer), allowance.bytes_left)
        if room <= 0:
            raise TooMuch
        self.settimeout(allowance.seconds_left())
        with allowance.turns.away():
            count = super().recv_into(buffer, room, flags)
        allowance.bytes_left -= count
        return count

    def load(self, data: bytes | memoryview) -> None:
        """Make `data` the next that goes over the wire. Writes nothing."""
        self._unsent += data

    def launch(self) -> None:
        """Write as much of what is loaded as goes at once. Raises BlockingIOError when nothing does, or OSError."""
        self._unsent = self._unsent[self.send(self._unsent) :]

    def send_rest(self, data: memoryview) -> None:
        """Write what is still loaded, then all of `data`. Raises OSError (TimeoutError when the time is up)."""
        self._flush()
        while data:
            self.load(data[:WRITE_BYTES])
            self._flush()
            data = data[WRITE_BYTES:]

    def _flush(self) -> None:
        try:
            while self._unsent:
                self.settimeout(self.allowance.seconds_left())
                with self.allowance.turns.away():
                    self._unsent = self._unsent[self.send(self._unsent) :]
        except OSError:
            self._unsent = b""  # there may still be something to read
            raise

    def is_quiet(self) -> bool:
        """Whether the target keeps the connection and has said nothing on it. Does not block.

        Afterwards the socket does not block, as the starter needs it.
        """
        try:
            self.setblocking(False)
            with self.allowance.turns.away():
                self.recv(1)
        except BlockingIOError:
            return True
        except OSError as error:
            self.stirred_by = error
            return False
        return False  # an answer before there was a question, or the end of the connection
