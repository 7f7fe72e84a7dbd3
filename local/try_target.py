"""A small HTTP server on the loopback address to try the service on: it answers and says when each request came."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_SECONDS = 5
LARGEST_BODY_BYTES = 1_000_000

Say = Callable[[str], None]


@contextmanager
def serving(port: int, say: Say) -> Iterator[str]:
    """Serve on the loopback address until the block ends; yields the base URL."""

    class Handler(_Handler):
        speak = staticmethod(say)

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def answer_to(path: str) -> tuple[int, str, float]:
    """Status, text and seconds to wait: /status/503 answers that, /slow takes its time, all else is fine."""
    parts = urlsplit(path).path.strip("/").split("/")
    if len(parts) == 2 and parts[0] == "status" and parts[1].isascii() and parts[1].isdigit():
        status = int(parts[1])
        if 200 <= status <= 599:
            return status, f"You asked for {status}.\n", 0
        return 400, "A status is from 200 to 599.\n", 0
    return 200, "Thank you.\n", SLOW_SECONDS if parts == ["slow"] else 0


def arrival_line(method: str, path: str, due_at: str | None, attempt: str | None, arrived_ms: float) -> str:
    """What to say of a request; how late it came is said of a first attempt (a later one has another due time)."""
    late = ""
    if due_at and attempt in (None, "1"):
        try:
            late = f"  {arrived_ms - datetime.fromisoformat(due_at).timestamp() * 1000:.0f} ms after its due time"
        except ValueError:
            late = f"  with the odd due time {due_at!r}"
    return f"target got {method} {path}{late}"


class _Handler(BaseHTTPRequestHandler):
    speak: Say
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        arrived_ms = time.time_ns() / 1e6
        headers = self.headers
        self.rfile.read(min(int(headers.get("content-length") or 0), LARGEST_BODY_BYTES))
        self.speak(
            arrival_line(
                self.command, self.path, headers.get("Punctual-Due-At"), headers.get("Punctual-Attempt"), arrived_ms
            )
        )
        status, text, wait_seconds = answer_to(self.path)
        time.sleep(wait_seconds)
        body = b"" if self.command == "HEAD" or status in (204, 304) else text.encode()
        self.send_response(status)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 (the base's names)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Nothing: `speak` has said it."""
