"""The sender against targets that mean no good in TLS: bounded in time and bytes, and called what they are (F17)."""

from __future__ import annotations

import shutil
import ssl
import threading
from pathlib import Path

import pytest

from lambdas.adapters.guarded_tls import OVERHEAD_BYTES
from lambdas.jobs.sending import Answer, Failure
from tests.adapters import hostile_server as hostile
from tests.adapters import hostile_tls
from tests.adapters.certificates import Authority
from tests.adapters.hostile_page import came_of_it, promised
from tests.adapters.hostile_server import Behaviour, answer, serving
from tests.adapters.sending import CLOCK, NAME, NEVER_TOO_LATE_MS, request, send_now, trusting
from tests.services.missing import require

IN_A_WHILE_MS = 400
"""Longer than the starter looks ahead."""

NO_HANDSHAKE = {
    "speaks plain HTTP": hostile.speak_first(b"HTTP/1.1 400 This is not TLS\r\n\r\n"),
    "hangs up": hostile.hang_up,
    "resets": hostile.break_off_when_spoken_to,
    "alert: handshake failure": hostile.speak_first(b"\x15\x03\x03\x00\x02\x02\x28"),
    "endless garbage": hostile.speak_for_ever(b"\x16\x03\x03\x40\x00" + bytes(16_384)),
    "endless warnings": hostile.speak_for_ever(b"\x15\x03\x03\x00\x02\x01\x5a" * 1_000),
}


def attempt(
    authority: Authority,
    tls: ssl.SSLContext | None,
    behaviour: Behaviour | None = None,
    *,
    timeout_seconds: float = 5,
    wait_ms: int = 0,
) -> Answer | Failure:
    """One attempt whose instant is `wait_ms` after the connection stood."""
    with serving(behaviour or answer(hostile.OK), tls=tls) as server:
        url = server.url(scheme="https", host=NAME)
        opened = trusting(authority.ca_file).open(request(url), timeout_seconds=timeout_seconds)
        return opened.send_at(int(CLOCK.now_ms()) + wait_ms, latest_ms=NEVER_TOO_LATE_MS)


@pytest.mark.parametrize("way", NO_HANDSHAKE)
def test_a_handshake_that_fails_is_no_matter_of_the_certificate(authority: Authority, way: str) -> None:
    """F17 bad TLS: told apart from a bad certificate, because this may be tried again."""
    result = attempt(authority, None, NO_HANDSHAKE[way])
    assert came_of_it(result) == promised()["breaks the TLS handshake off, or speaks something else"], result
    assert isinstance(result, Failure) and not result.sent


@pytest.mark.parametrize("way", ["says nothing", "says a byte now and then"])
def test_a_handshake_that_takes_too_long_is_given_up_in_time(authority: Authority, way: str) -> None:
    """F17: connecting is part of the exchange's total time, the handshake included."""
    heard_out = threading.Event()
    slowly = hostile_tls.shake_hands_slowly(authority.server_context(NAME), heard_out)
    behaviour = slowly if way == "says a byte now and then" else hostile.never_read
    result = attempt(authority, None, behaviour, timeout_seconds=0.4)
    assert came_of_it(result) == promised()["does not finish the TLS handshake in time"], result
    assert isinstance(result, Failure) and not result.sent
    assert not heard_out.is_set()


@pytest.mark.parametrize("wait_ms", [0, IN_A_WHILE_MS])
def test_session_tickets_without_end_are_not_read_to_the_end(
    authority: Authority, wait_ms: int, off_the_wire: list[int]
) -> None:
    """F17: OpenSSL goes on reading within one call as long as tickets come. What is below the answer is counted too."""
    context = authority.server_context(NAME)
    context.num_tickets = 1_000_000
    result = attempt(authority, context, wait_ms=wait_ms)
    assert came_of_it(result) == promised()["sends session tickets without end"], result
    connections = 6  # the early one, four more, and the one that is for the instant
    assert sum(off_the_wire) <= connections * (OVERHEAD_BYTES + 16_384)


def test_a_few_session_tickets_are_nothing_special(authority: Authority) -> None:
    """Two are usual; a hundred are odd, and read."""
    context = authority.server_context(NAME)
    context.num_tickets = 100
    assert isinstance(attempt(authority, context, wait_ms=IN_A_WHILE_MS), Answer)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("wait_ms", [0, IN_A_WHILE_MS])
def test_a_target_that_demands_a_certificate_is_told_as_such(
    authority: Authority, version: ssl.TLSVersion, wait_ms: int
) -> None:
    """F17 bad TLS: we have none. In TLS 1.3 the target says so when the handshake is over for us, which looks as if it
    hung up: the attempt says what it was."""
    context = authority.server_context(NAME)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    result = attempt(authority, context, wait_ms=wait_ms)
    assert came_of_it(result) == promised()["demands a certificate of ours, or to negotiate TLS anew"], result


@pytest.mark.parametrize("when", ["while the request waits", "once it was sent"])
def test_tls_is_not_negotiated_anew(authority: Authority, tmp_path: Path, when: str) -> None:
    """F17 bad TLS: nothing is said before the instant, and no handshake is done twice."""
    require(shutil.which("openssl") is not None, "the openssl command is not there")
    hostile_authority = Authority(tmp_path)
    hostile_authority.server_context(NAME)
    with hostile_tls.OpenSSLServer(str(tmp_path / f"{NAME}-30.pem")) as server:
        opened = trusting(hostile_authority.ca_file).open(request(f"https://{NAME}:{server.port}/"), timeout_seconds=5)
        if when == "while the request waits":
            server.wait_for(b"CIPHER is")
            server.negotiate_anew()
        else:
            threading.Thread(target=_ask_for, args=(server, b"POST / HTTP/1.1")).start()
        result = opened.send_at(int(CLOCK.now_ms()) + IN_A_WHILE_MS, latest_ms=NEVER_TOO_LATE_MS)
    assert came_of_it(result) == promised()["demands a certificate of ours, or to negotiate TLS anew"], result


def _ask_for(server: hostile_tls.OpenSSLServer, words: bytes) -> None:
    server.wait_for(words)
    server.negotiate_anew()


def test_a_target_that_takes_nothing_more_of_a_large_body_is_heard(authority: Authority) -> None:
    """What could not be written any more does not hide the 413 that came meanwhile."""
    with serving(hostile.refuse_large_body, tls=authority.server_context(NAME)) as server:
        outgoing = request(server.url(scheme="https", host=NAME), body=bytes(8_000_000))
        result = send_now(outgoing, by=trusting(authority.ca_file))
    assert isinstance(result, Answer), result
    assert result.status_code == 413


def test_a_target_that_breaks_tls_off_in_its_answer_is_told_as_such(authority: Authority) -> None:
    """F17 bad TLS: garbage where a record should be."""
    result = attempt(authority, authority.server_context(NAME), hostile_tls.garble)
    assert came_of_it(result) == promised()["breaks TLS off in the middle of its answer"], result
    assert isinstance(result, Failure) and result.sent
