"""The sender and the addresses that strangers choose: what is checked is what is connected to (T1, T2, T3)."""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lambdas.adapters.guarded_socket import GuardedSocket
from lambdas.jobs.addresses import AddressPolicy
from lambdas.jobs.sending import Answer, Failure
from tests.adapters import hostile_server as hostile
from tests.adapters.hostile_server import serving
from tests.adapters.sending import CLOCK, NEVER_TOO_LATE_MS, request, send_now, sender

CORPUS = json.loads((Path(__file__).parents[1] / "corpus" / "ssrf.json").read_text())
PUBLIC, PUBLIC_TOO, INSIDE = "93.184.216.34", "93.184.216.35", "10.0.0.5"

Entry = dict[str, Any]


class Internet:
    """A resolver with scripted answers and a dial that connects to nothing, but keeps whom it was asked for.

    `dns`: name → successive lists of addresses, the last for ever. `refusing` addresses refuse, `silent` ones time
    out; everyone else answers any request with `answer`.
    """

    def __init__(self, dns: dict[str, Sequence[Sequence[str]]], *, answer: bytes = hostile.OK) -> None:
        self._dns = {name: itertools.chain(answers, itertools.repeat(answers[-1])) for name, answers in dns.items()}
        self._answer = answer
        self.refusing: set[str] = set()
        self.silent: set[str] = set()
        self.peer: str | None = None
        self.dialled: list[str] = []

    def resolve(self, host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
        """As getaddrinfo: knows the scripted names, and like it every way of writing an address."""
        name = host.rstrip(".")
        if name not in self._dns:
            return socket.getaddrinfo(host, port, type=type, flags=socket.AI_NUMERICHOST)
        addresses = next(self._dns[name])
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, type, 6, "", (ip, port)) for ip in addresses]

    def dial(self, ip: str, port: int, seconds: float) -> GuardedSocket:
        self.dialled.append(ip)
        if ip in self.refusing:
            raise ConnectionRefusedError
        if ip in self.silent:
            raise TimeoutError
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._serve, args=(theirs,), daemon=True).start()
        return Pretended((self.peer or ip, port), ours)

    def _serve(self, conn: socket.socket) -> None:
        with conn:
            if conn.recv(65_536):
                conn.sendall(self._answer)


class Pretended(GuardedSocket):
    """One end of a pair of sockets that says it is connected to somewhere."""

    def __init__(self, peer: tuple[str, int], sock: socket.socket) -> None:
        super().__init__(sock.family, sock.type, 0, sock.detach())
        self._peer = peer

    def getpeername(self) -> tuple[str, int]:
        return self._peer


def attempt(url: str, internet: Internet, *, timeout_seconds: float = 5) -> Answer | Failure:
    by = sender(policy=AddressPolicy(), resolver=internet.resolve, dial=internet.dial)
    return send_now(request(url, "GET"), by=by, timeout_seconds=timeout_seconds)


def entries(*verdicts: str) -> list[Any]:
    chosen = [entry for entry in CORPUS["entries"] if entry["verdict"] in verdicts]
    return [pytest.param(entry, id=f"{entry['id']} {entry['reason']}"[:60]) for entry in chosen]


def internet_of(entry: Entry) -> Internet:
    head = f"HTTP/1.1 302 Found\r\nLocation: {entry.get('redirect_to')}\r\nContent-Length: 0\r\n\r\n"
    return Internet(entry.get("dns", {}), answer=head.encode() if "redirect_to" in entry else hostile.OK)


@pytest.mark.parametrize("entry", entries("block"))
def test_what_must_be_blocked_is_not_connected_to(entry: Entry) -> None:
    """T1, T2: the worker refuses again what the door should have refused, and what only DNS shows."""
    internet = internet_of(entry)
    result = attempt(entry["url"], internet)
    if "redirect_to" in entry:
        assert isinstance(result, Answer)
        assert result.status_code == 302
        assert internet.dialled == [PUBLIC]
    else:
        assert isinstance(result, Failure)
        assert result.code in ("address_denied", "name_not_found")
        assert not result.sent
        assert internet.dialled == []


@pytest.mark.parametrize("entry", entries("never-private"))
def test_what_might_lead_inside_only_ever_reaches_a_public_address(entry: Entry) -> None:
    """T2: a private address beside a public one refuses the name, also as the one to fail over to."""
    internet = internet_of(entry)
    internet.refusing = {PUBLIC, PUBLIC_TOO}
    attempt(entry["url"], internet)
    assert set(internet.dialled) <= {PUBLIC, PUBLIC_TOO}


@pytest.mark.parametrize("entry", entries("allow"))
def test_what_is_public_is_reached_at_the_address_that_was_checked(entry: Entry) -> None:
    """T2: no connection is made but to the address that the resolver gave and the policy passed."""
    internet = internet_of(entry)
    result = attempt(str(entry.get("canonical", entry["url"])), internet)
    assert isinstance(result, Answer), result
    assert internet.dialled == [entry.get("connect_to", PUBLIC)]


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
    """Whatever the kernel or a sidecar made of the address: the peer is checked before a byte is sent."""
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


def test_a_resolver_that_hangs_holds_a_job_no_longer_than_its_time() -> None:
    """The system's resolver has no time-out that a caller could set: it is waited for and left behind."""
    hangs = threading.Event()

    def resolver(host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
        hangs.wait()
        return []

    try:
        result = send_now(request("http://example.com/"), by=sender(resolver=resolver), timeout_seconds=0.2)
    finally:
        hangs.set()
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("name_not_found", False)
    assert result.message == "The name example.com could not be looked up in time."


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
