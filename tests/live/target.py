"""A target that does as a test tells it, and remembers what came."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    arrived_ms: float
    """UTC epoch milliseconds when its head had been read."""
    client_port: int
    """The sender's end of the connection: tells which process sent it."""


@dataclass(frozen=True)
class Reply:
    """What to answer to one request."""

    status: int = 200
    body: str = "fine"
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0
    """How long to think before answering."""
    close: bool = False
    """Close the connection instead of answering."""
    reset: bool = False
    """Reset the connection instead of answering."""
    meanwhile: Callable[[Received], object] | None = None
    """Called when the request has come, before it is answered."""
    afterwards: Callable[[Received], None] | None = None
    """Called as soon as it is answered."""


class Target:
    """An HTTP server on the loopback address. Each test takes paths of its own, so that tests can share one."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.port = server.server_port
        self._changed = threading.Condition()
        self._received: defaultdict[str, list[Received]] = defaultdict(list)
        self._replies: dict[str, list[Reply]] = {}
        self._silent: set[int] = set()

    def url(self, path: str) -> str:
        """The address to give to a job."""
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path: str, *replies: Reply) -> None:
        """Answer the first request to `path` with the first reply, and so on; the last one goes on for ever."""
        with self._changed:
            self._replies[path] = list(replies)

    def requests(self, path: str) -> list[Received]:
        """What came to `path` so far, in the order of arrival."""
        with self._changed:
            return list(self._received[path])

    def wait_for(self, path: str, count: int = 1, *, within_seconds: float) -> list[Received]:
        """Return what came to `path` once that are `count` requests. Fails the test if they do not come in time."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._received[path]) >= count, timeout=within_seconds)
            received = list(self._received[path])
        assert came, f"{len(received)} of {count} requests came to {path} within {within_seconds} s"
        return received

    def waiting(self) -> list[int]:
        """The senders' ports of the connections that are open and on which nothing has come yet."""
        with self._changed:
            return sorted(self._silent)

    def opened(self, client_port: int) -> None:
        """Remember a connection on which nothing has come yet."""
        with self._changed:
            self._silent.add(client_port)

    def spoken(self, client_port: int) -> None:
        """Something has come on this connection, or it is closed."""
        with self._changed:
            self._silent.discard(client_port)

    def take(self, received: Received) -> Reply:
        """Remember a request; returns what to answer it."""
        with self._changed:
            self._received[received.path].append(received)
            self._changed.notify_all()
            replies = self._replies.get(received.path, [Reply()])
            return replies.pop(0) if len(replies) > 1 else replies[0]


@contextmanager
def serving() -> Iterator[Target]:
    """Serve on a free port of the loopback address until the block ends."""

    class Handler(_Handler):
        pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 1024  # many jobs of one millisecond connect at once

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A sender that was killed is no fault of ours; anything else is shown."""
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    with Server(("127.0.0.1", 0), Handler) as server:
        Handler.target = Target(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield Handler.target
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    target: Target
    protocol_version = "HTTP/1.1"
    timeout = 120

    def setup(self) -> None:
        super().setup()
        self.target.opened(self.client_address[1])

    def finish(self) -> None:
        self.target.spoken(self.client_address[1])
        super().finish()

    def _answer(self) -> None:
        arrived_ms = time.time_ns() / 1e6
        self.target.spoken(self.client_address[1])
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, body, arrived_ms, int(self.client_address[1]))
        reply = self.target.take(received)
        if reply.meanwhile:
            reply.meanwhile(received)
        time.sleep(reply.wait_seconds)
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.close(self.connection.detach())  # at once, before anybody shuts it down in good order
        if reply.close or reply.reset:
            self.close_connection = True
            return
        self._send(reply)
        if reply.afterwards:
            reply.afterwards(received)

    def _send(self, reply: Reply) -> None:
        content = b"" if self.command == "HEAD" or reply.status in (204, 304) else reply.body.encode()
        self.send_response(reply.status)
        for name, value in {"content-length": str(len(content)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 (the base's names)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base's name)
        """Nothing: tests read `requests`."""
