"""requests' transport, with the gate where its connection pool would be.

The worker takes the steps one by one, so that the connection stands before the instant: `connect`, then the starter
writes, then `read`. Jobs never go through a `requests.Session`: it hears proxies and netrc of the environment, keeps
cookies from one owner's job to the next, and pulls the whole body of a redirect.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lambdas.adapters.bounded_answer import read_body, read_head
from lambdas.adapters.guarded_socket import Allowance, GuardedSocket
from lambdas.adapters.lean_requests import HTTPAdapter, PreparedRequest, RequestException, Response
from lambdas.adapters.send_trouble import exchange_trouble
from lambdas.adapters.wire_request import Target, encoded, target_of

if TYPE_CHECKING:
    from lambdas.adapters.guarded_connection import Gate
    from lambdas.adapters.turns import Turns

DEFAULT_SECONDS = 30.0


class GuardedAdapter(HTTPAdapter):
    """An adapter whose every connection goes through the gate and serves one request."""

    def __init__(self, gate: Gate, turns: Turns) -> None:
        self._gate = gate
        self._turns = turns
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """There is no pool: a pool would connect by itself."""

    def connect(self, target: Target, allowance: Allowance) -> GuardedSocket:
        """A checked connection with this allowance, after the handshake if it is https. Raises Trouble."""
        sock = self._gate.connect(target, allowance)
        sock.allowance = allowance
        return sock

    def read(self, request: PreparedRequest, sock: GuardedSocket) -> tuple[Response, bool]:
        """The answer to a request that was written, and whether its body was cut at 64 KiB.

        `content` is complete and undecoded. Raises what `exchange_trouble` understands.
        """
        raw = read_head(sock, str(request.method))
        try:
            response = self.build_response(request, raw)
            response._content, truncated = read_body(sock, raw)
        finally:
            raw.close()
        return response, truncated

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        """All steps at once, as requests calls them. `timeout` is the total in seconds; nothing else is heard.

        Raises RequestException.
        """
        del stream, verify, cert, proxies
        allowance = Allowance(time.monotonic() + (timeout or DEFAULT_SECONDS), self._turns)
        place = "the target"
        try:
            target = target_of(str(request.url))
            place = str(target)
            with self._turns, self.connect(target, allowance) as sock:
                sock.send_rest(memoryview(encoded(request, target)))
                return self.read(request, sock)[0]
        except Exception as error:
            raise RequestException(exchange_trouble(error, place).message, request=request) from error

    def close(self) -> None:
        """There is nothing to let go of: no connection outlives its request."""
