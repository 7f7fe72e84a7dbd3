"""The sender against targets that mean no good: each attempt is bounded, and its outcome says what happened (F17).

Time limits are a few tenths of a second, so that the suite is quick; no test asserts how quick.
"""

from __future__ import annotations

import threading

import pytest

from lambdas.jobs.sending import Answer, Failure
from tests.adapters import hostile_server as hostile
from tests.adapters.hostile_server import Behaviour, answer, answer_for_ever, drip, hang, reset, serving
from tests.adapters.sending import CLOCK, NEVER_TOO_LATE_MS, request, send_now, sender

A_HEADER = b"X-Filler: " + b"x" * 1_000 + b"\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
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


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        pytest.param(reset(), "connection_lost", id="resets after the request"),
        pytest.param(
            reset(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), "connection_lost", id="resets in body"
        ),
        pytest.param(answer(), "connection_lost", id="hangs up without an answer"),
        pytest.param(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), "connection_lost", id="half a body"),
        pytest.param(answer(hostile.CHUNKED + b"5\r\nhal"), "connection_lost", id="half a chunk"),
        pytest.param(answer(hostile.CHUNKED + b"2\r\nok\r\n"), "connection_lost", id="no last chunk"),
        pytest.param(answer(hostile.CHUNKED + b"2\r\nok\r\n1"), "connection_lost", id="half a chunk size"),
        pytest.param(answer(hostile.CHUNKED + b"xyz\r\nok\r\n"), "bad_response", id="a chunk size that is none"),
        pytest.param(answer(hostile.CHUNKED + b"\r\nok\r\n"), "bad_response", id="an empty chunk size"),
        pytest.param(answer(hostile.CHUNKED + b"-5\r\n" + bytes(200_000)), "bad_response", id="a negative chunk size"),
        pytest.param(answer(hostile.CHUNKED + b"0x2\r\nok\r\n"), "bad_response", id="a chunk size with 0x"),
        pytest.param(answer(hostile.CHUNKED + b"1_0\r\nok\r\n"), "bad_response", id="a chunk size with _"),
        pytest.param(answer(hostile.CHUNKED + b"9" * 17 + b"\r\nok"), "bad_response", id="a chunk beyond 64 bits"),
        pytest.param(answer(b"GARBAGE\r\n\r\n"), "bad_response", id="garbage"),
        pytest.param(answer(bytes(range(256)) * 8), "bad_response", id="binary garbage"),
        pytest.param(answer(b"hello, this is HTTP/0.9\n"), "bad_response", id="HTTP/0.9"),
        pytest.param(answer(b"HTTP/2.0 200 OK\r\n\r\n"), "bad_response", id="another version"),
        pytest.param(answer(b"HTTP/1.1 2000 OK\r\n\r\n"), "bad_response", id="no such status"),
        pytest.param(answer(b"SSH-2.0-OpenSSH_9.6\r\n"), "bad_response", id="another protocol"),
        pytest.param(
            answer(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1_000 + b"\r\n"), "bad_response", id="1,000 headers"
        ),
        pytest.param(
            answer(b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 70_000 + b"\r\n\r\n"), "bad_response", id="long header"
        ),
        pytest.param(answer(b"HTTP/1.1 200 " + b"K" * 70_000 + b"\r\n\r\n"), "bad_response", id="long status line"),
        pytest.param(answer(INTERIM * 11 + hostile.OK), "bad_response", id="11 interim answers"),
        pytest.param(
            answer(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), "bad_response", id="another protocol unasked"
        ),
        pytest.param(answer_for_ever(b"HTTP/1.1 200 OK\r\n", A_HEADER), "bad_response", id="endless headers"),
        pytest.param(answer_for_ever(hostile.CHUNKED + b"2;", A_HEADER[:-2]), "bad_response", id="endless chunk size"),
        pytest.param(answer_for_ever(b"", INTERIM), "bad_response", id="endless interim answers"),
        pytest.param(answer_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "bad_response", id="endless 100"),
        pytest.param(
            answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
            "bad_response",
            id="two lengths",
        ),
    ],
)
def test_what_is_no_answer_gets_the_code_that_says_why(behaviour: Behaviour, code: str) -> None:
    """F17: one code for each kind of trouble, and it is known that the request went out."""
    result = failure(behaviour)
    assert (result.code, result.sent) == (code, True)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hang(), id="hangs before headers"),
        pytest.param(hang(b"HTTP/1.1 200 OK\r\nContent-Le"), id="hangs in the headers"),
        pytest.param(hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), id="hangs in the body"),
        pytest.param(hang(hostile.CHUNKED + b"2\r\nok\r\n"), id="never ends the chunks"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n", b"X"), id="drips headers"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"), id="drips a body"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), id="drips a body without a length"),
        pytest.param(drip(hostile.CHUNKED, b"1\r\nx\r\n"), id="drips chunks"),
        pytest.param(drip(hostile.CHUNKED + b"0\r\n", b"X-A: b\r\n"), id="drips trailers"),
        pytest.param(drip(b"", b"HTTP/1.1 102 Processing\r\n\r\n", every_seconds=0.05), id="drips interim answers"),
        pytest.param(hostile.never_read, id="says nothing at all"),
    ],
)
def test_a_target_that_keeps_the_worker_waiting_is_given_up_when_the_total_time_is_up(behaviour: Behaviour) -> None:
    """F17 hangs, one byte a second: the time-out is for the whole exchange, not for a read."""
    result = failure(behaviour, timeout_seconds=0.3)
    assert (result.code, result.sent) == ("timeout", True)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(answer_for_ever(b"HTTP/1.1 200 OK\r\n\r\n", bytes(9_999)), id="no end"),
        pytest.param(
            answer_for_ever(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", bytes(9_999)), id="10 GB"
        ),
        pytest.param(answer_for_ever(hostile.CHUNKED, b"3E8\r\n" + bytes(1_000) + b"\r\n"), id="chunks for ever"),
    ],
)
def test_of_a_body_that_is_too_large_the_first_64_kib_are_kept(behaviour: Behaviour) -> None:
    """F17 10 GB, no end: the status counts, and what was read of the body is said to be cut."""
    result = answered(behaviour)
    assert (result.status_code, len(result.body), result.truncated) == (200, KIB_64, True)


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
        result = send_now(request(server.url(), body=bytes(8_000_000)), timeout_seconds=0.3)
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("timeout", True)


def test_what_a_target_says_never_reaches_the_message() -> None:
    """T8: messages are made here. A target cannot put markup, escapes or log lines into them."""
    with serving(answer(b"HTTP/1.1 <script>\x1b[31m\r\n\r\n")) as server:
        result = send_now(request(server.url("/path?token=secret")))
    assert isinstance(result, Failure)
    assert result.message == f"What 127.0.0.1:{server.port} sent is not an HTTP/1.1 answer."


def test_one_slow_target_does_not_delay_the_others() -> None:
    """F17: the worker's other jobs are on time, whatever their neighbours' targets do."""
    one_sender = sender()
    slow = drip(b"HTTP/1.1 200 OK\r\n", b"X")
    with serving(slow) as bad, serving(answer(hostile.OK)) as good:
        stuck = [
            threading.Thread(
                target=send_now, args=(request(bad.url()),), kwargs={"by": one_sender, "timeout_seconds": 3}
            )
            for _ in range(20)
        ]
        for thread in stuck:
            thread.start()
        with bad.changed:
            bad.changed.wait_for(lambda: bad.connections == 20, timeout=5)
        opened = one_sender.open(request(good.url()), timeout_seconds=3)
        result = opened.send_at(int(CLOCK.now_ms()) + 50, latest_ms=NEVER_TOO_LATE_MS)
        still_stuck = sum(thread.is_alive() for thread in stuck)
        bad.stopped.set()
        for thread in stuck:
            thread.join()
    assert isinstance(result, Answer), result
    assert still_stuck == 20
