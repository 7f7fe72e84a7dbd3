"""Sockets that know how long, and how many bytes, their target may still have.

A library's time-out starts again with every byte, so that a target which drips one byte a second holds it for ever,
and no library counts bytes. Here both limits are in the socket, below every library that reads from it.
"""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

import certifi

from lambdas.adapters.send_trouble import TooMuch
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

    Turns are given back around every read and write: a target can keep TLS busy for as long as it likes, with session
    tickets for instance, and then keeps only its own job.
    """

    allowance: Allowance

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

    def send_rest(self, data: memoryview) -> None:
        """Write all of it. Raises OSError (TimeoutError when the time is up)."""
        while data:
            self.settimeout(self.allowance.seconds_left())
            with self.allowance.turns.away():
                data = data[self.send(data[:WRITE_BYTES]) :]

    def is_quiet(self) -> bool:
        """Whether the target keeps the connection and has said nothing on it. Does not block.

        The session tickets of TLS 1.3 are unread bytes on a healthy connection: a read that asks for more takes them.
        Afterwards the socket does not block, as the starter needs it.
        """
        try:
            self.setblocking(False)
            with self.allowance.turns.away():
                self.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False  # an answer before there was a question, or the end of the connection


class GuardedTLSSocket(GuardedSocket, ssl.SSLSocket):
    """The same, inside TLS. Made by a context of `tls_context`; what was set on the socket before is lost."""


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """How targets are spoken to: TLS 1.2 or newer, certificates and names verified.

    `ca_file` is a PEM file of the authorities to trust instead of the public ones. Loading them takes some 20 ms, so
    there is one context for a process. Nothing of the environment (SSL_CERT_FILE, SSLKEYLOGFILE) is heard.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(ca_file or certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = GuardedTLSSocket
    return context
