"""The page on this machine at which the browser ends after signing in."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from punctual.sign_in import CALLBACK, CALLBACK_PORT

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Punctual</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1.1rem system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem}}</style></head>
<body><h1>{heading}</h1><p>{text}</p></body></html>
"""
_TAKEN = _PAGE.format(heading="Back to the terminal", text="Punctual has what it needs. You may close this page.")
_NOT_TAKEN = _PAGE.format(
    heading="Not this sign-in", text="This address is not of the sign-in that is going on. Start it from the terminal."
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class PortTaken(Exception):
    """Something else listens where the browser is sent to."""


@contextlib.contextmanager
def listening(*, expects: Callable[[str], bool], take: Callable[[str], None]) -> Iterator[None]:
    """Answer the browser until the end of the block, on 127.0.0.1 alone.

    `expects` says of each address below the callback whether it is the one that is waited for; that one is given to
    `take` once the browser has its page. Both are called in threads of the server. Raises PortTaken.
    """
    try:
        server = _Server(("127.0.0.1", CALLBACK_PORT), _handler(expects, take))
    except OSError as error:
        raise PortTaken(f"Port {CALLBACK_PORT} of this machine is taken: {error.strerror}") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    # On Windows this would let another program listen at the same place.
    allow_reuse_address = os.name != "nt"


def _handler(expects: Callable[[str], bool], take: Callable[[str], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # a browser that opens connections ahead keeps nobody waiting

        def do_GET(self) -> None:
            if urlsplit(self.path).path != urlsplit(CALLBACK).path:
                self.send_error(404)
                return
            taken = expects(self.path)
            content = (_TAKEN if taken else _NOT_TAKEN).encode()
            self.send_response(200 if taken else 400)
            for name, value in (
                ("content-type", "text/html; charset=utf-8"),
                ("content-length", str(len(content))),
                ("content-security-policy", _POLICY),
                ("cache-control", "no-store"),
                ("referrer-policy", "no-referrer"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            if taken:
                take(self.path)

        def log_message(self, *_: object) -> None:
            """Nothing: the code is in the address."""

    return Handler
