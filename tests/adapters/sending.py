"""What the sender's tests share: a sender that may reach the loopback address, and requests to send with it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

from lambdas.adapters.http_sender import HttpSender
from lambdas.adapters.precise_clock import PreciseSystemClock
from lambdas.jobs.sending import Answer, Failure, OutgoingRequest

CLOCK = PreciseSystemClock()
NEVER_TOO_LATE_MS = 10**15
NAME = "api.example.com"
"""A target's name; `everywhere_is_here` has its address."""


class Loopback:
    """The policy of these tests: the machine itself, at any port."""

    def allows(self, ip: str, port: int, host: str) -> bool:
        return ip == "127.0.0.1"


def sender(**settings: Any) -> HttpSender:
    """A real sender. `settings` as of HttpSender."""
    return HttpSender(**{"policy": Loopback(), "clock": CLOCK, **settings})


def everywhere_is_here(host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
    """A resolver for which each name is this machine."""
    return [(socket.AF_INET, type, 6, "", ("127.0.0.1", port))]


def trusting(ca_file: str) -> HttpSender:
    """A sender that trusts this authority, and for which each name is this machine."""
    return sender(ca_file=ca_file, resolver=everywhere_is_here)


def request(
    url: str,
    method: str = "POST",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes | None = None,
) -> OutgoingRequest:
    return OutgoingRequest(method, url, headers, body)


def send_now(
    outgoing: OutgoingRequest, *, by: HttpSender | None = None, timeout_seconds: float = 5
) -> Answer | Failure:
    """Open, send at once, close: the whole of an attempt whose instant is past."""
    opened = (by or sender()).open(outgoing, timeout_seconds=timeout_seconds)
    try:
        return opened.send_at(int(CLOCK.now_ms()), latest_ms=NEVER_TOO_LATE_MS)
    finally:
        opened.close()
