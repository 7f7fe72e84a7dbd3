"""TLS with our own hands on the wire, so that a target can use up neither time nor bytes below what is read.

Python's SSLSocket hands the file descriptor to OpenSSL, which goes on reading as long as session tickets, key updates
and the like arrive: inside one call, past every time-out, and uncounted. Here OpenSSL sees memory only. What comes
from the wire is read in pieces, each of which is counted and bounded by what is left of the exchange's time.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Any

import certifi

from lambdas.adapters.guarded_socket import Allowance, GuardedSocket
from lambdas.adapters.send_trouble import TooMuch, TooMuchTLS

OVERHEAD_BYTES = 262_144
"""What handshake, record headers, session tickets and padding may take together, beside what is inside of them. A
chain of certificates has some 5 KB, and OpenSSL takes none of more than 100 KB."""

_READ_BYTES = 16_384


class GuardedTLSSocket(GuardedSocket):
    """A GuardedSocket whose reads and writes go through TLS. It takes the connection of `sock` over."""

    def __init__(self, sock: GuardedSocket, context: ssl.SSLContext, name: str, allowance: Allowance) -> None:
        """`name` is what the certificate must be for; `allowance` is that of the handshake."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._overhead_left = OVERHEAD_BYTES
        self.allowance = allowance
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())

    def shake_hands(self) -> None:
        """Raises OSError (TimeoutError when the time is up, SSLError for what is wrong with the target) or TooMuch."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fill_in_time():
                    self._incoming.write_eof()
            except ssl.SSLError:
                with suppress(OSError):  # the target may want to know why
                    self._flush()
                raise
            else:
                return self._flush()

    def recv_into(self, buffer: Any, nbytes: int | None = 0, flags: int = 0) -> int:  # noqa: ARG002  # a socket's shape
        """As of a GuardedSocket. A connection that ends without a farewell has ended all the same."""
        room = min(nbytes or len(buffer), self.allowance.bytes_left)
        if room <= 0:
            raise TooMuch
        while True:
            try:
                data = self._tls.read(room)
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fill_in_time():
                    return 0
            else:
                count = len(data)
                buffer[:count] = data
                self._overhead_left += count
                self.allowance.bytes_left -= count
                return count

    def load(self, data: bytes | memoryview) -> None:
        """As of a GuardedSocket, encrypted: so there is nothing left to do at the instant but to write."""
        self._tls.write(data)
        self._unsent += self._outgoing.read()

    def is_quiet(self) -> bool:
        """As of a GuardedSocket. Takes the session tickets that lie there, and says nothing to the target: a request
        may wait to be the next that it hears."""
        try:
            self.setblocking(False)
            while True:
                try:
                    self._tls.read(1)
                except ssl.SSLWantReadError:
                    if not self._fill():
                        return False
                else:
                    return False
        except BlockingIOError:
            return True
        except (OSError, TooMuch) as error:
            self.stirred_by = error
            return False

    def _fill_in_time(self) -> bool:
        """Wait for the target's next bytes, as long as the time lasts. False when there will be none."""
        self.settimeout(self.allowance.seconds_left())
        return self._fill()

    def _fill(self) -> bool:
        if self._overhead_left <= 0:
            raise TooMuchTLS
        with self.allowance.turns.away():
            data = self.recv(_READ_BYTES)
        self._overhead_left -= len(data)
        self._incoming.write(data)
        return bool(data)

    def _flush(self) -> None:
        """What TLS itself has to say, too."""
        self._unsent += self._outgoing.read()
        super()._flush()


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """How targets are spoken to: TLS 1.2 or newer, certificates and names verified.

    `ca_file` is a PEM file of the authorities to trust instead of the public ones. Loading them takes some 20 ms, so
    there is one context for a process. Nothing of the environment (SSL_CERT_FILE, SSLKEYLOGFILE) is heard.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # a target that asks for one could speak before the instant
    context.load_verify_locations(ca_file or certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
