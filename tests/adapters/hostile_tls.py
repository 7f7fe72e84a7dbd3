"""Servers that misbehave below HTTP: in TLS, and in its handshake."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading

from tests.adapters.hostile_server import Behaviour, HostileServer


def garble(conn: socket.socket, server: HostileServer) -> None:
    """Read the request inside TLS, and answer outside of it."""
    server.read_request(conn)
    socket.socket.sendall(conn, b"no TLS record at all, but something else that is long enough")


def shake_hands_slowly(context: ssl.SSLContext, heard_out: threading.Event) -> Behaviour:
    """Shake hands properly, but say each byte of it after a pause: no read ever times out. `heard_out` is set if the
    sender listens to the end."""

    def behave(conn: socket.socket, server: HostileServer) -> None:
        heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(heard, said, server_side=True)
        while True:
            try:
                return tls.do_handshake()
            except ssl.SSLWantReadError:
                words = said.read()
                for byte in words:
                    if server.stopped.wait(0.02):
                        return None
                    conn.sendall(bytes([byte]))
                if words:
                    heard_out.set()
                heard.write(conn.recv(65_536))

    return behave


class OpenSSLServer:
    """OpenSSL's own server, which can what Python's cannot: ask for TLS anew. It speaks TLS 1.2, for 1.3 knows no
    renegotiation. `pem` is a file with its certificate and key."""

    def __init__(self, pem: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process = subprocess.Popen(
            ["openssl", "s_server", "-tls1_2", "-cert", pem, "-accept", f"127.0.0.1:{self.port}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )

    def __enter__(self) -> OpenSSLServer:
        self.wait_for(b"ACCEPT")
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            process.kill()

    def wait_for(self, words: bytes) -> None:
        """Until it says a line with these words: what it is at, or what it was sent."""
        assert self._process.stdout is not None
        while words not in (line := self._process.stdout.readline()):
            assert line, "the server has ended"

    def negotiate_anew(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"r\n")
