"""A target that notes when each request came, in a process of its own.

Run by `serving`: prints its port, answers everything with 200, and on `GET /_noted` says what came so far.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from local import paths

NOTED = "/_noted"

Noted = Mapping[str, Sequence[float]]
"""When requests came to each path: epoch milliseconds."""


@contextmanager
def serving() -> Iterator[tuple[str, Callable[[], Noted]]]:
    """Start the target; yields its base URL and what tells what came to it. Stops it at the end."""
    command = [sys.executable, "-m", "bench.noting_target"]
    with subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE, text=True) as target:
        try:
            assert target.stdout is not None
            base_url = f"http://127.0.0.1:{int(target.stdout.readline())}"
            yield base_url, lambda: noted_at(base_url)
        finally:
            target.terminate()


def noted_at(base_url: str) -> Noted:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(base_url + NOTED, timeout=30) as answer:
        noted: Noted = json.load(answer)
    return noted


class NotingTarget(asyncio.Protocol):
    """Takes the first bytes for the whole request (the bench's fit into one write), notes the time, answers."""

    def __init__(self, noted: dict[str, list[float]]) -> None:
        self._noted = noted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        came_ms = time.time_ns() / 1_000_000
        path = data.split(b" ", 2)[1].decode()
        content = b"{}"
        if path == NOTED:
            content = json.dumps(self._noted).encode()
        else:
            self._noted.setdefault(path, []).append(came_ms)
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content))
        self._transport.close()


async def serve() -> None:
    noted: dict[str, list[float]] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: NotingTarget(noted), "127.0.0.1", 0, backlog=2_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
