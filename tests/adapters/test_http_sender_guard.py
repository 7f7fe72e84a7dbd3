"""The sender and the addresses that strangers choose: what is checked is what is connected to (T1, T2, T3)."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lambdas.jobs.addresses import AddressPolicy
from lambdas.jobs.sending import Answer, Failure
from tests.adapters import hostile_server as hostile
from tests.adapters.hostile_server import serving
from tests.adapters.sending import CLOCK, NEVER_TOO_LATE_MS, request, send_now, sender
from tests.corpus.internet import Internet

PUBLIC, PUBLIC_TOO, INSIDE = "93.184.216.34", "93.184.216.35", "10.0.0.5"


def attempt(url: str, internet: Internet, *, timeout_seconds: float = 5) -> Answer | Failure:
    by = sender(policy=AddressPolicy(), resolver=internet.resolve, dial=internet.dial)
    return send_now(request(url, "GET"), by=by, timeout_seconds=timeout_seconds)


def test_a_name_is_looked_up_anew_for_every_attempt() -> None:
    """T2: a verdict is not kept: an address that was public yesterday may be ours today."""
    internet = Internet({"rebind.example.com": [[PUBLIC], [INSIDE]]})
    first, second = attempt("http://rebind.example.com/", internet), attempt("http://rebind.example.com/", internet)
    assert isinstance(first, Answer)
    assert isinstance(second, Failure)
    assert second.code == "address_denied"
    assert internet.dialled == [PUBLIC]


def test_a_refusal_names_no_inside_address() -> None:
    """What a name resolves to inside is for nobody to learn from an error message."""
    result = attempt("http://inside.example.com/", Internet({"inside.example.com": [[INSIDE]]}))
    assert isinstance(result, Failure)
    assert result.message == "inside.example.com:80 is at an address that must not be called."


def test_a_connection_that_leads_elsewhere_gets_nothing() -> None:
    """T2: whatever the kernel or a sidecar made of the address, the peer is checked before a byte is sent."""
    internet = Internet({"example.com": [[PUBLIC]]})
    internet.peer = "169.254.169.254"
    result = attempt("http://example.com/", internet)
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("address_denied", False)


@pytest.mark.parametrize("url", ["http://example.com:22/", "http://example.com:9001/", "https://example.com:25/"])
def test_a_port_that_is_not_allowed_is_not_connected_to(url: str) -> None:
    """T9: allowed ports are checked where the connection is made."""
    internet = Internet({"example.com": [[PUBLIC]]})
    result = attempt(url, internet)
    assert isinstance(result, Failure)
    assert (result.code, internet.dialled) == ("address_denied", [])


def test_ipv4_is_tried_first_and_the_next_address_when_one_refuses() -> None:
    """A worker outside a network of its own has no way out by IPv6; a dead address does not end an attempt."""
    v6 = "2606:2800:220:1::1"
    internet = Internet({"example.com": [[v6, PUBLIC, PUBLIC_TOO]]})
    internet.refusing = {PUBLIC}
    assert isinstance(attempt("http://example.com/", internet), Answer)
    assert internet.dialled == [PUBLIC, PUBLIC_TOO]


@pytest.mark.parametrize(("kind", "code"), [("refusing", "connect_failed"), ("silent", "connect_timeout")])
def test_when_no_address_takes_the_connection_the_last_one_says_why(kind: str, code: str) -> None:
    """Nothing was sent, and the job may try again."""
    internet = Internet({"example.com": [[PUBLIC, PUBLIC_TOO]]})
    setattr(internet, kind, {PUBLIC, PUBLIC_TOO})
    result = attempt("http://example.com/", internet)
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == (code, False)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), "The name example.com does not exist or has no address."),
        (socket.gaierror(socket.EAI_AGAIN, ""), "The name example.com cannot be looked up at the moment."),
        (UnicodeError("label too long"), "The name example.com cannot be looked up."),
        (OSError("no file descriptors"), "The name example.com cannot be looked up."),
    ],
)
def test_a_name_without_an_answer_is_not_found(error: Exception, message: str) -> None:
    """DNS trouble is one code, and the message says which."""

    def resolver(host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
        raise error

    result = send_now(request("http://example.com/"), by=sender(resolver=resolver))
    assert isinstance(result, Failure)
    assert (result.code, result.message) == ("name_not_found", message)


def test_proxies_and_netrc_of_the_environment_are_not_heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """T3: what the worker's environment says about the way out or about passwords does not concern a user's job."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login operator password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serving(hostile.answer(hostile.OK)) as server:
        result = send_now(request(server.url()))
    assert isinstance(result, Answer), result
    assert b"authorization" not in server.requests[0].lower()


def test_a_url_that_names_no_target_fails_at_the_instant_and_not_before() -> None:
    """A job does not fail before it is due, even if nothing can change any more."""
    fire_at_ms = int(CLOCK.now_ms()) + 50
    opened = sender().open(request("http://user:password@example.com/"), timeout_seconds=5)
    result = opened.send_at(fire_at_ms, latest_ms=NEVER_TOO_LATE_MS)
    assert CLOCK.now_ms() >= fire_at_ms
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("address_denied", False)
