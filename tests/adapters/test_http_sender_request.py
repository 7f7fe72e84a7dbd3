"""What goes out on the wire, and what never does (T4)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lambdas.adapters.guarded_adapter import GuardedAdapter
from lambdas.adapters.guarded_connection import Gate, dial
from lambdas.adapters.guarded_tls import tls_context
from lambdas.adapters.lean_requests import Request, RequestException
from lambdas.adapters.look_ups import LookUps
from lambdas.adapters.send_trouble import Trouble
from lambdas.adapters.turns import Turns
from lambdas.adapters.wire_request import target_of, wire_request
from lambdas.jobs.addresses import AddressPolicy
from lambdas.jobs.sending import OutgoingRequest
from tests.adapters import hostile_server as hostile
from tests.adapters.hostile_server import answer, serving
from tests.adapters.sending import Loopback, request

URL = "https://api.example.com/items"


def wire(
    url: str = URL,
    method: str = "POST",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes | None = None,
) -> bytes:
    return wire_request(OutgoingRequest(method, url, headers, body)).data


def test_a_request_is_what_the_job_says_and_little_more() -> None:
    """The whole of it: ours are Host, the encoding we take, the end of the connection, and the length."""
    sent = wire(method="DELETE", headers=(("X-Key", "abc"), ("User-Agent", "Punctual/0.1.0")), body=b'{"a":1}')
    assert sent == (
        b"DELETE /items HTTP/1.1\r\n"
        b"Host: api.example.com\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Connection: close\r\n"
        b"X-Key: abc\r\n"
        b"User-Agent: Punctual/0.1.0\r\n"
        b"Content-Length: 7\r\n"
        b"\r\n"
        b'{"a":1}'
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("body", [None, b""])
def test_no_body_is_no_body(method: str, body: bytes | None) -> None:
    """An empty body is sent as none; methods that usually have one say that its length is nothing."""
    sent = wire(method=method, body=body)
    assert sent.endswith(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in sent
    assert (b"Content-Length: 0\r\n" in sent) == (method not in ("GET", "HEAD"))


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://example.com/", "/", "example.com"),
        ("http://example.com:80/", "/", "example.com"),
        ("http://example.com:8080/", "/", "example.com:8080"),
        ("https://example.com:80/", "/", "example.com:80"),
        ("https://example.com", "/", "example.com"),
        ("https://example.com?a=b", "/?a=b", "example.com"),
        ("https://example.com?", "/?", "example.com"),
        ("http://example.com/a?", None, "example.com"),
        ("http://example.com/a?#b", "/a?", "example.com"),
        ("http://example.com//a;b??", None, "example.com"),
        ("https://example.com./", "/", "example.com"),
        ("https://[2606:4700::1]/", "/", "[2606:4700::1]"),
        ("https://[2606:4700::1]:8443/", "/", "[2606:4700::1]:8443"),
        ("http://example.com/%2e%2e/%00/..;a=b,c//d?x=%0d%0a&q=[1]|{2}", None, "example.com"),
        ("http://example.com/caf%C3%A9?%zz", None, "example.com"),
        ("http://example.com/a?b#fragment", "/a?b", "example.com"),
        ("http://example.com/@127.0.0.1/", None, "example.com"),
    ],
)
def test_a_url_goes_out_byte_for_byte(url: str, line: str | None, host: str) -> None:
    """Path and query mean to the target what they meant to the user: nothing is tidied up on the way."""
    sent = wire(url, "GET", headers=(("User-Agent", "Punctual/0.1.0"),)).decode()
    expected = line if line is not None else url.removeprefix(f"http://{host}")
    assert sent.startswith(f"GET {expected} HTTP/1.1\r\nHost: {host}\r\n")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "//example.com/",
        "http:example.com/",
        "http:///path",
        "http://user@example.com/",
        "http://@example.com/",
        "http://a@b@example.com/",
        "http://example.com:80:80/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:080/",
        "http://example.com:+80/",
        "http://example.com\\@127.0.0.1/",
        "http://exa mple.com/",
        "http://example.com/\r\nX-Evil: 1",
        "http://example.com/\x00",
        "http://example.com/\x85",
        "http://bücher.de/",
        "http://example.com%2f.example.org/",
        "http://example.com,127.0.0.1/",
        "http://.example.com/",
        "http://[::1/",
        "http://[127.0.0.1]/",
        "http://evil[2606:4700::1]/",
        "http://[2606:4700::1]evil/",
        "http://[fe80::1%25eth0]/",
        "http://[2606:4700::1::2]/",
        "http://16843009/",
        "http://0x01010101/",
        "http://01.01.01.01/",
        "http://1.1/",
        "http://a.b.c.0x1/",
        "http://xn--0.com/",
        "http://example.com/" + "a" * 2_030,
    ],
)
def test_a_url_that_two_parsers_could_read_differently_has_no_target(url: str) -> None:
    """T1: no second opinion on where a request goes."""
    with pytest.raises(Trouble) as caught:
        target_of(url)
    assert caught.value.code == "address_denied"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "b\r\nX-Evil: 1"),
        ("X-A", "b\nX-Evil: 1"),
        ("X-A", "b\r"),
        ("X-A", "b\x00"),
        ("X-A", "b\x7f"),
        ("X-A", "€"),
        ("X-A", "\ud800"),
        ("X-A\r\nX-Evil", "1"),
        ("X-A: b\r\nX-Evil", "1"),
        ("X A", "1"),
        ("X-A:", "1"),
        ("", "1"),
        ("Ä", "1"),
        ("Host", "evil.example.com"),
        ("host", "evil.example.com"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "upgrade"),
        ("Accept-Encoding", "gzip"),
        ("Expect", "100-continue"),
        ("Proxy-Authorization", "Basic YTpi"),
    ],
)
def test_a_header_that_would_change_the_message_is_a_defect(name: str, value: str) -> None:
    """T4: whatever let it through to here, nothing is sent."""
    with pytest.raises(ValueError, match="header"):
        wire(headers=((name, value),))


def test_a_header_that_is_there_twice_is_a_defect() -> None:
    """T4: two targets may choose differently between the two."""
    with pytest.raises(ValueError, match="twice"):
        wire(headers=(("X-A", "1"), ("x-a", "2")))


@pytest.mark.parametrize("method", ["get", "CONNECT", "TRACE", "GET / HTTP/1.1\r\nX:", "", "ＧＥＴ"])
def test_a_method_that_is_not_sent_is_a_defect(method: str) -> None:
    """T4: only the methods of the API, as they are written there."""
    with pytest.raises(ValueError, match="method"):
        wire(method=method)


def test_header_values_are_latin_1() -> None:
    """RFC 9110, 5.5: obs-text goes out as single bytes; tabs inside a value are fine."""
    assert b"X-A: caf\xe9\tau lait\r\n" in wire(headers=(("X-A", "café\tau lait"),))


def test_requests_is_used_without_what_guesses_character_sets() -> None:
    """Half of what importing requests costs at a cold start goes into a guess that nobody asks for."""
    program = (
        "import sys, warnings; warnings.simplefilter('error')\n"
        "import lambdas.adapters.http_sender\n"
        "assert 'requests' in sys.modules\n"
        "print([name for name in ('chardet', 'charset_normalizer') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_requests_transport_goes_through_the_gate() -> None:
    """Whoever hands a request to the adapter, as requests does, gets the same checks and limits."""
    turns = Turns(4)
    with serving(answer(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 2\r\n\r\nok")) as server:
        prepared = Request("POST", server.url("/a"), data=b"body").prepare()
        response = GuardedAdapter(Gate(Loopback(), tls_context, LookUps(refuse_names), dial), turns).send(
            prepared, timeout=5
        )
        assert (response.status_code, response.content) == (302, b"ok")
        assert server.requests[0].endswith(b"\r\n\r\nbody")
        guarded = GuardedAdapter(Gate(AddressPolicy(), tls_context, LookUps(refuse_names), dial), turns)
        with pytest.raises(RequestException, match="must not be called"):
            guarded.send(prepared)
        assert server.connections == 1


def refuse_names(host: str, port: int, *, type: int) -> list[tuple[object, ...]]:  # noqa: A002  # getaddrinfo's
    raise AssertionError("an address needs no look-up")


def test_the_answer_to_head_has_no_body() -> None:
    """As of requests: the length that the target names is of what it did not send."""
    with serving(hostile.hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")) as server:
        prepared = Request("HEAD", request(server.url()).url).prepare()
        adapter = GuardedAdapter(Gate(Loopback(), tls_context, LookUps(refuse_names), dial), Turns(4))
        assert adapter.send(prepared, timeout=5).content == b""
