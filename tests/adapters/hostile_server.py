"""A server that misbehaves as a test tells it, on real sockets of the loopback address."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

Behaviour = Callable[[socket.socket, "HostileServer"], None]
"""What to do with a connection; it is closed afterwards. An OSError ends it: the sender hung up."""


@dataclass
class HostileServer:
    """Where it listens, and what came. `stopped` is set when the test is over."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def url(self, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def read_request(self, conn: socket.socket) -> bytes:
        """Read one request to the end of its body, and keep it."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += _more(conn)
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            more = _more(conn)
            data, body = data + more, body + more
        self.requests.append(data)
        return data


def _more(conn: socket.socket) -> bytes:
    data = conn.recv(65_536)
    if not data:
        raise ConnectionError("the sender hung up")
    return data


@contextmanager
def serving(*behaviours: Behaviour, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[HostileServer]:
    """A server whose first connection gets the first behaviour, and so on; the last one goes on for ever."""
    with socket.create_server(("127.0.0.1", port), backlog=100) as listener:
        server = HostileServer(listener.getsockname()[1])
        acceptor = threading.Thread(target=_accept, args=(listener, server, behaviours, tls), daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            server.stopped.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the acceptor
            acceptor.join(5)


def _accept(
    listener: socket.socket,
    server: HostileServer,
    behaviours: tuple[Behaviour, ...],
    tls: ssl.SSLContext | None,
) -> None:
    while not server.stopped.is_set():
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        behaviour = behaviours[min(server.connections, len(behaviours) - 1)]
        with server.changed:
            server.connections += 1
            server.changed.notify_all()
        threading.Thread(target=_serve, args=(conn, server, behaviour, tls), daemon=True).start()


def _serve(conn: socket.socket, server: HostileServer, behaviour: Behaviour, tls: ssl.SSLContext | None) -> None:
    with conn, suppress(OSError):
        if tls is not None:
            conn = tls.wrap_socket(conn, server_side=True)
        with conn:
            behaviour(conn, server)
    with server.changed:
        server.closed += 1
        server.changed.notify_all()


# What a server may do. Those that answer read the request first.


def answer(*parts: bytes) -> Behaviour:
    """Read the request, write these bytes, hang up."""

    def behave(conn: socket.socket, server: HostileServer) -> None:
        server.read_request(conn)
        for part in parts:
            conn.sendall(part)

    return behave


def answer_for_ever(start: bytes, again: bytes) -> Behaviour:
    """Read the request, write `start`, then `again` as fast as it goes until the sender hangs up."""

    def behave(conn: socket.socket, server: HostileServer) -> None:
        server.read_request(conn)
        conn.sendall(start)
        while not server.stopped.is_set():
            conn.sendall(again)

    return behave


def drip(start: bytes, again: bytes, *, every_seconds: float = 0.02) -> Behaviour:
    """Read the request, write `start`, then `again` every now and then, for ever: no read ever times out."""

    def behave(conn: socket.socket, server: HostileServer) -> None:
        server.read_request(conn)
        conn.sendall(start)
        while not server.stopped.wait(every_seconds):
            conn.sendall(again)

    return behave


def hang(start: bytes = b"") -> Behaviour:
    """Read the request, write `start`, and say nothing more until the test is over."""

    def behave(conn: socket.socket, server: HostileServer) -> None:
        server.read_request(conn)
        conn.sendall(start)
        server.stopped.wait()

    return behave


def reset(start: bytes = b"") -> Behaviour:
    """Read the request, write `start`, and break the connection off (RST)."""

    def behave(conn: socket.socket, server: HostileServer) -> None:
        server.read_request(conn)
        conn.sendall(start)
        _break_off(conn)

    return behave


def close_its_half(start: bytes = b"") -> Behaviour:
    """Read the request, write `start`, and end its own half of the connection while the other stays open."""

    def behave(conn: socket.socket, server: HostileServer) -> None:
        server.read_request(conn)
        conn.sendall(start)
        conn.shutdown(socket.SHUT_WR)
        conn.recv(1)  # until the sender hangs up

    return behave


def close_its_half_at_once(conn: socket.socket, server: HostileServer) -> None:
    """End its own half of the connection without a word, and go on listening."""
    conn.shutdown(socket.SHUT_WR)
    server.read_request(conn)


def speak_first(words: bytes) -> Behaviour:
    """Say something before being asked, as servers do to idle connections (408), and hang up."""

    def behave(conn: socket.socket, server: HostileServer) -> None:
        conn.sendall(words)

    return behave


def speak_for_ever(words: bytes) -> Behaviour:
    """Say something without being asked, again and again as fast as it goes, until the sender hangs up."""

    def behave(conn: socket.socket, server: HostileServer) -> None:
        while not server.stopped.is_set():
            conn.sendall(words)

    return behave


def hang_up(conn: socket.socket, server: HostileServer) -> None:
    """Close without a word."""


def break_off(conn: socket.socket, server: HostileServer) -> None:
    """Reset without a word."""
    _break_off(conn)


def break_off_when_spoken_to(conn: socket.socket, server: HostileServer) -> None:
    """Reset at the first bytes, whatever they are."""
    conn.recv(1)
    _break_off(conn)


def never_read(conn: socket.socket, server: HostileServer) -> None:
    """Take the connection and nothing else."""
    server.stopped.wait()


def refuse_large_body(conn: socket.socket, server: HostileServer) -> None:
    """Answer 413 as soon as the head is there, and hang up without reading the body."""
    conn.recv(1_024)
    conn.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    time.sleep(0.05)  # the rest of the body arrives on a connection that is closed


def _break_off(conn: socket.socket) -> None:
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def gzip_bomb() -> bytes:
    """An answer of 10 KB that would unpack to 10 MB."""
    body = gzip.compress(bytes(10_000_000))
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
