"""The sender and TLS: names and certificates are verified, and what is wrong with them is told apart."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from lambdas.jobs.sending import Answer, Failure
from tests.adapters import hostile_server as hostile
from tests.adapters.certificates import Authority
from tests.adapters.hostile_page import came_of_it, promised
from tests.adapters.hostile_server import Behaviour, answer, serving
from tests.adapters.sending import (
    CLOCK,
    NAME,
    NEVER_TOO_LATE_MS,
    everywhere_is_here,
    request,
    send_now,
    sender,
    trusting,
)


def attempt(
    authority: Authority,
    tls: ssl.SSLContext | None,
    *,
    host: str = NAME,
    behaviour: Behaviour | None = None,
    timeout_seconds: float = 5,
) -> Answer | Failure:
    with serving(behaviour or answer(hostile.OK), tls=tls) as server:
        url = server.url(scheme="https", host=host)
        return send_now(request(url), by=trusting(authority.ca_file), timeout_seconds=timeout_seconds)


def test_a_request_goes_out_inside_tls(authority: Authority) -> None:
    """T13: TLS 1.2 or newer, to the name of the URL (SNI and Host), whatever address it is at."""
    context = authority.server_context(NAME)
    names: list[str | None] = []
    context.sni_callback = lambda sock, name, context: names.append(name)
    with serving(answer(hostile.OK), tls=context) as server:
        result = send_now(request(server.url("/path", scheme="https", host=NAME)), by=trusting(authority.ca_file))
    assert isinstance(result, Answer), result
    assert (result.status_code, result.body) == (200, b"ok")
    assert names == [NAME]
    assert f"\r\nHost: {NAME}:{server.port}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_that_are_safe_are_spoken(authority: Authority, version: ssl.TLSVersion) -> None:
    """T13: 1.2 and 1.3."""
    context = authority.server_context(NAME)
    context.minimum_version = context.maximum_version = version
    assert isinstance(attempt(authority, context), Answer)


def test_a_certificate_for_an_address_is_good_for_it(authority: Authority) -> None:
    """A URL may name an address; then the certificate must."""
    assert isinstance(attempt(authority, authority.server_context("127.0.0.1"), host="127.0.0.1"), Answer)


@pytest.mark.parametrize(
    ("names", "days", "host", "why"),
    [
        pytest.param([NAME], -3, NAME, "expired", id="expired"),
        pytest.param(["other.example.com"], 30, NAME, "not valid for 'api.example.com'", id="wrong name"),
        pytest.param(["*.example.com"], 30, "a.b.example.com", "not valid for", id="a wildcard for one label more"),
        pytest.param([NAME], 30, "127.0.0.1", "not valid for '127.0.0.1'", id="a name where an address is called"),
    ],
)
def test_a_bad_certificate_is_refused(authority: Authority, names: list[str], days: int, host: str, why: str) -> None:
    """T13, F17 wrong name in the certificate, expired: failed for good, nothing was sent, and the message says why."""
    result = attempt(authority, authority.server_context(*names, days=days), host=host)
    assert isinstance(result, Failure)
    bad = "shows a certificate that has expired, is for another name or of an unknown authority"
    assert (result.code, result.sent) == (promised()[bad], False)
    assert why in result.message


def test_a_certificate_of_an_unknown_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    """A self-made certificate is as good as none; the public authorities are trusted unless others are named."""
    stranger = Authority(tmp_path)
    for trusted in (authority.ca_file, None):
        with serving(answer(hostile.OK), tls=stranger.server_context(NAME)) as server:
            by = sender(ca_file=trusted, resolver=everywhere_is_here)
            result = send_now(request(server.url(scheme="https", host=NAME)), by=by)
        assert isinstance(result, Failure)
        assert (result.code, server.requests) == ("certificate_invalid", [])


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_of_tls_are_not_spoken(authority: Authority) -> None:
    """T13: TLS 1.1 is not negotiated, whatever the target offers."""
    context = authority.server_context(NAME)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    result = attempt(authority, context)
    assert came_of_it(result) == promised()["speaks no newer TLS than 1.1"], result


def test_a_connection_that_waits_is_not_given_up_for_its_session_tickets(authority: Authority) -> None:
    """The tickets of TLS 1.3 lie unread on a connection that waits; it is healthy, and used."""
    with serving(answer(hostile.OK), tls=authority.server_context(NAME)) as server:
        opened = trusting(authority.ca_file).open(request(server.url(scheme="https", host=NAME)), timeout_seconds=5)
        result = opened.send_at(int(CLOCK.now_ms()) + 300, latest_ms=NEVER_TOO_LATE_MS)
    assert isinstance(result, Answer), result
    assert server.connections == 1


def test_a_body_that_is_larger_than_a_record_arrives_whole(authority: Authority) -> None:
    """The starter writes the first record, the reader the rest."""
    body = bytes(range(256)) * 1_024
    with serving(answer(hostile.OK), tls=authority.server_context(NAME)) as server:
        url = server.url(scheme="https", host=NAME)
        result = send_now(request(url, body=body), by=trusting(authority.ca_file))
    assert isinstance(result, Answer), result
    assert server.requests[0].partition(b"\r\n\r\n")[2] == body
