"""The sender against targets that mean no good: each attempt is bounded, and its outcome says what happened (F17).

Time limits are a few tenths of a second, so that the suite is quick; no test asserts how quick.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from lambdas.adapters.bounded_answer import BODY_BYTES, FRAMING_BYTES, HEADER_BYTES
from lambdas.jobs.sending import Answer, Failure
from tests.adapters import hostile_server as hostile
from tests.adapters.hostile_page import came_of_it, promised
from tests.adapters.hostile_server import Behaviour, answer, answer_for_ever, hang, serving
from tests.adapters.hostile_targets import (
    A_HEADER,
    BAD_TARGETS,
    INTERIM,
    NO_CONNECTION,
    SILENT,
    TOO_LARGE,
    BadTarget,
)
from tests.adapters.sending import CLOCK, NEVER_TOO_LATE_MS, request, send_now, sender

KIB_64 = 65_536


def attempt(behaviour: Behaviour, *, timeout_seconds: float = 5, method: str = "POST") -> Answer | Failure:
    with serving(behaviour) as server:
        return send_now(request(server.url(), method), timeout_seconds=timeout_seconds)


def failure(behaviour: Behaviour, *, timeout_seconds: float = 5) -> Failure:
    result = attempt(behaviour, timeout_seconds=timeout_seconds)
    assert isinstance(result, Failure), result
    return result


def answered(behaviour: Behaviour, *, method: str = "POST") -> Answer:
    result = attempt(behaviour, method=method)
    assert isinstance(result, Answer), result
    return result


def test_a_target_that_refuses_the_connection_is_told_as_such() -> None:
    """F17 refuses: nothing was sent, and the message names the target."""
    with serving(hostile.hang_up) as server:
        url = server.url()
    result = send_now(request(url))
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("connect_failed", False)
    assert f"127.0.0.1:{server.port} refused" in result.message


@pytest.mark.parametrize("target", BAD_TARGETS, ids=str)
def test_what_a_bad_target_does_comes_to_what_the_page_says(target: BadTarget, off_the_wire: list[int]) -> None:
    """F17: one code for each kind of trouble, in bounded time and bytes."""
    with serving(target.behaviour) as server:
        outgoing = request(server.url(), body=target.body)
        with ThreadPoolExecutor() as threads:
            sending = threads.submit(send_now, outgoing, timeout_seconds=1 if target in SILENT else 5)
            result = sending.result(timeout=15)
    assert came_of_it(result) == promised()[target.what], result
    if isinstance(result, Failure) and target not in NO_CONNECTION:
        assert result.sent  # it may have done its work: the attempt must not look as if it had not been asked
    assert sum(off_the_wire) <= HEADER_BYTES + BODY_BYTES + FRAMING_BYTES


def test_every_bad_target_of_the_page_is_tried() -> None:
    """F17: each row has its test, in this file or in one beside it; what it is called is read from the page."""
    tested = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    assert [what for what in promised() if f'"{what}"' not in tested] == []


@pytest.mark.parametrize("target", TOO_LARGE, ids=str)
def test_of_a_body_that_is_too_large_the_first_64_kib_are_kept(target: BadTarget) -> None:
    """F17 10 GB, no end: the status counts, and what was read of the body is said to be cut."""
    result = answered(target.behaviour)
    assert (result.status_code, len(result.body), result.truncated) == (200, KIB_64, True)


def test_of_a_body_in_chunks_of_one_byte_less_is_kept() -> None:
    """F17 no end: what is wrapped around a body has a limit of its own."""
    result = answered(answer_for_ever(hostile.CHUNKED, b"1\r\nx\r\n" * 1_000))
    assert (result.status_code, result.truncated) == (200, True)
    assert 0 < len(result.body) < KIB_64


def test_trailers_without_end_cut_the_answer() -> None:
    """Trailers are bytes too: they are counted, and the answer that came before them is kept."""
    result = answered(answer_for_ever(hostile.CHUNKED + b"2\r\nok\r\n0\r\n", A_HEADER))
    assert (result.status_code, result.body, result.truncated) == (200, b"ok", True)


def test_a_compressed_body_is_never_unpacked() -> None:
    """F17 gzip bomb: the bytes are kept as they came; 10 MB of zeros stay 10 KB."""
    bomb = hostile.gzip_bomb()
    result = answered(answer(bomb))
    assert result.body == bomb.partition(b"\r\n\r\n")[2]
    assert result.header("content-encoding") == "gzip"
    assert not result.truncated


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer(status: int) -> None:
    """T3: the address that Location names is not asked, wherever it leads."""
    with serving(hostile.answer(hostile.OK)) as elsewhere:
        location = elsewhere.url().encode()
        behaviour = answer(b"HTTP/1.1 %d Go\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % (status, location))
        result = answered(behaviour)
        assert elsewhere.connections == 0
    assert (result.status_code, result.header("location")) == (status, location.decode())


def test_a_header_on_several_lines_is_one_value() -> None:
    """T8: a target cannot put a line break into what is kept of its headers."""
    result = answered(answer(b"HTTP/1.1 200 OK\r\nX-A: one\r\n two\r\n\tthree\r\nContent-Length: 0\r\n\r\n"))
    assert result.header("x-a") is not None
    assert (result.header("x-a") or "").split() == ["one", "two", "three"]
    assert not set(result.header("x-a") or "") & set("\r\n")


def test_interim_answers_are_skipped() -> None:
    """Up to ten 1xx may come before the answer itself, as RFC 9110 (15.2) allows."""
    result = answered(answer(INTERIM * 9 + b"HTTP/1.1 100 Continue\r\n\r\n" + hostile.OK))
    assert (result.status_code, result.body) == (200, b"ok")


@pytest.mark.parametrize(
    ("head", "method"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", "HEAD"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5000\r\n\r\n", "POST"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n", "GET"),
    ],
)
def test_an_answer_that_has_no_body_is_not_waited_for(head: bytes, method: str) -> None:
    """HEAD, 204 and 304 have no body, whatever length they name and though the connection stays open."""
    result = answered(hang(head), method=method)
    assert (result.body, result.truncated) == (b"", False)


def test_a_target_that_takes_nothing_more_of_a_large_body_is_heard() -> None:
    """A 413 that comes while the body is still being sent is the answer, though the connection breaks."""
    with serving(hostile.refuse_large_body) as server:
        result = send_now(request(server.url(), body=bytes(8_000_000)))
    assert isinstance(result, Answer), result
    assert result.status_code == 413


def test_a_target_that_does_not_read_the_body_is_given_up_in_time() -> None:
    """Writing is part of the exchange: it ends with the total time too."""
    with serving(hostile.never_read) as server:
        result = send_now(request(server.url(), body=bytes(8_000_000)), timeout_seconds=1)
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("timeout", True)


def test_what_a_target_says_never_reaches_the_message() -> None:
    """T8: messages are made here. A target cannot put markup, escapes or log lines into them."""
    with serving(answer(b"HTTP/1.1 <script>\x1b[31m\r\n\r\n")) as server:
        result = send_now(request(server.url("/path?token=secret")))
    assert isinstance(result, Failure)
    assert result.message == f"What 127.0.0.1:{server.port} sent is not an HTTP/1.1 answer."


def test_a_good_target_is_called_on_time_in_the_midst_of_bad_ones() -> None:
    """F17: the worker's other jobs leave at their instant, while their neighbours' targets hang, drip and flood."""
    one_sender = sender()
    fire_at_ms = int(CLOCK.now_ms()) + 1_500

    def send(url: str, body: bytes | None = None) -> Answer | Failure:
        opened = one_sender.open(request(url, body=body), timeout_seconds=4)
        return opened.send_at(fire_at_ms, latest_ms=NEVER_TOO_LATE_MS)

    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(len(BAD_TARGETS) + 1))
        servers = [stack.enter_context(serving(target.behaviour)) for target in BAD_TARGETS]
        good = stack.enter_context(serving(answer(hostile.OK)))
        bad = {
            target.way: threads.submit(send, server.url(), target.body)
            for target, server in zip(BAD_TARGETS, servers, strict=True)
        }
        result = threads.submit(send, good.url()).result(timeout=15)
        stuck = {way for way, sending in bad.items() if not sending.done()}
        came = {way: came_of_it(sending.result(timeout=15)) for way, sending in bad.items()}
    assert isinstance(result, Answer), result
    assert stuck >= {str(target) for target in SILENT}
    assert came == {target.way: promised()[target.what] for target in BAD_TARGETS}
