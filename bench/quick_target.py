"""A target that answers at once, in a process of its own, so that it does not compete for the sender's Python.

Run by `bench.lateness`: `python -m bench.quick_target [PEM file of a certificate and its key]` prints its port.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'


class QuickTarget(asyncio.Protocol):
    """Takes the first bytes for the whole request (the bench's fit into one write) and answers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        del data
        self._transport.write(ANSWER)
        self._transport.close()


async def serve(certificate: str | None) -> None:
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(QuickTarget, "127.0.0.1", 0, ssl=context, backlog=2_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1] if len(sys.argv) > 1 else None))
