"""An API Gateway of one process: HTTP in front of the functions, with troubles that a test puts in its way."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from lambdas.handlers import api, check
from lambdas.handlers.door import written
from lambdas.jobs.caller import Caller
from lambdas.jobs.keys import EVERY_SCOPE
from tests.described import check_answer
from tests.handlers.recorded import event as recorded

OWNER = "0e3c9a54-3061-70a2-9f1c-5a3b8a7d2c11"
TOKEN = "a-token"
CHECKED = ("/v1/validate", "/v1/test")


@dataclass(frozen=True)
class Canned:
    """An answer that the function never sees the request for."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Lost:
    """The request is carried out, but the connection breaks before the answer."""


Trouble = Canned | Lost | Callable[[], Canned]
"""A function is called when the request has come."""


@dataclass
class Gateway:
    """The running gateway. `troubles` are met one by one, before anything goes well."""

    url: str
    troubles: list[Trouble] = field(default_factory=list)
    seen: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    """Method, path and headers (names in lower case) of all requests so far."""
    undescribed: list[AssertionError] = field(default_factory=list)
    """What is wrong with answers that are not as the OpenAPI document says."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Canned | Lost:
        self.seen.append((method, target, headers))
        trouble = self.troubles.pop(0) if self.troubles else None
        if callable(trouble):
            trouble = trouble()
        if isinstance(trouble, Canned):
            return trouble
        if target.startswith("/v1/") and headers.get("authorization") != f"Bearer {TOKEN}":
            return Canned(401, b'{"message":"Unauthorized"}', {"apigw-requestid": "gateway-1"})
        function = check if target in CHECKED and method == "POST" else api
        event = _event(method, target, headers, body)
        answer = function.handler(event, None)
        try:
            check_answer(event, answer)
        except AssertionError as fault:
            self.undescribed.append(fault)
        return trouble or Canned(answer["statusCode"], answer["body"].encode(), answer["headers"])


def _event(method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """What API Gateway makes of a request (payload format 2.0). The path is handed over decoded, as it does."""
    parts = urlsplit(target)
    made: dict[str, Any] = recorded("http_api")
    made.update(rawPath=parts.path, rawQueryString=parts.query, headers=dict(headers), body=body.decode())
    made["requestContext"]["http"].update(method=method, path=parts.path)
    made["requestContext"]["authorizer"]["lambda"] = written(Caller(OWNER, EVERY_SCOPE))
    return made


@contextlib.contextmanager
def serving() -> Iterator[Gateway]:
    """A gateway on a free port of this machine, until the end of the block.

    Raises AssertionError at the end if any answer of the functions was not as the OpenAPI document says.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lambda: gateway))
    gateway = Gateway(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    for fault in gateway.undescribed:
        raise fault


def _handler(gateway: Callable[[], Gateway]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            answer = gateway().answer(self.command, self.path, headers, body)
            if isinstance(answer, Lost):
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            """Nothing: the tests look at `seen`."""

    return Handler
