"""The sender with targets that behave, and with connections that do not: what leaves, when, and what comes back."""

from __future__ import annotations

import socket
import threading

import pytest

from lambdas.adapters.guarded_socket import GuardedSocket
from lambdas.adapters.http_sender import MOST_OPENINGS, HttpSender
from lambdas.adapters.starter import LOOK_AHEAD_MS
from lambdas.jobs.sending import Answer, Failure
from tests.adapters import hostile_server as hostile
from tests.adapters.hostile_server import Behaviour, answer, serving
from tests.adapters.sending import CLOCK, NEVER_TOO_LATE_MS, Loopback, request, send_now, sender
from tests.corpus.internet import Pretended

SOON_MS = 60
LATER_MS = 350
"""Longer than the starter looks ahead."""
IN_A_WHILE_MS = 1_500
"""So long that a busy machine is done with what is to happen before."""

TIMEOUT_408 = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def from_now(ms: int) -> int:
    return int(CLOCK.now_ms()) + ms


def test_an_answer_is_told_as_the_target_gave_it() -> None:
    """Status, each header that came, Latin-1 as it was, and the body's bytes."""
    head = b"HTTP/1.1 201 Created\r\nSet-Cookie: a=1\r\nX-Any: \xe9\r\nSet-Cookie: b=2\r\nContent-Length: 3\r\n\r\n"
    with serving(answer(head + b"\x00\xffz")) as server:
        result = send_now(request(server.url()))
    assert isinstance(result, Answer), result
    assert (result.status_code, result.body, result.truncated) == (201, b"\x00\xffz", False)
    assert result.headers == (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Any", "é"), ("Content-Length", "3"))


def test_the_end_of_the_connection_ends_a_body_without_a_length() -> None:
    """HTTP/1.0 targets, and lazy ones, say no length."""
    with serving(answer(b"HTTP/1.0 200 OK\r\n\r\nall of it")) as server:
        result = send_now(request(server.url()))
    assert isinstance(result, Answer), result
    assert (result.body, result.truncated) == (b"all of it", False)


def test_a_body_of_exactly_what_is_read_is_whole() -> None:
    """64 KiB are not cut when the target said that this is all."""
    with serving(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + bytes(65_536))) as server:
        result = send_now(request(server.url()))
    assert isinstance(result, Answer), result
    assert (len(result.body), result.truncated) == (65_536, False)


def test_nothing_leaves_before_its_instant_and_everything_due_then_leaves() -> None:
    """P2: many jobs of one millisecond go out together, none early."""
    one_sender = sender()
    results: list[Answer | Failure] = []
    with serving(answer(hostile.OK)) as server:
        opened = [one_sender.open(request(server.url()), timeout_seconds=5) for _ in range(20)]
        fire_at_ms = from_now(LATER_MS)
        threads = [
            threading.Thread(
                target=lambda one=one: results.append(one.send_at(fire_at_ms, latest_ms=NEVER_TOO_LATE_MS))
            )
            for one in opened
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.requests) == 20
    assert server.connections == 20
    assert all(isinstance(result, Answer) and result.started_at_ms >= fire_at_ms for result in results)


def test_what_is_past_leaves_at_once() -> None:
    """A message that came late is sent late, not never."""
    with serving(answer(hostile.OK)) as server:
        opened = sender().open(request(server.url()), timeout_seconds=5)
        result = opened.send_at(from_now(-10_000), latest_ms=NEVER_TOO_LATE_MS)
    assert isinstance(result, Answer), result


def test_nothing_leaves_after_the_latest_moment() -> None:
    """After the lease another worker may send: better not at all than twice."""
    with serving(answer(hostile.OK)) as server:
        opened = sender().open(request(server.url()), timeout_seconds=5)
        result = opened.send_at(from_now(-10_000), latest_ms=from_now(-1))
        opened.close()
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("timeout", False)
    assert server.requests == []


def test_nothing_leaves_when_no_time_is_left_to_hear_the_answer() -> None:
    """A connection that took all of the exchange's time is not used: the outcome would be unknown for nothing."""
    with serving(answer(hostile.OK)) as server:
        opened = sender().open(request(server.url()), timeout_seconds=0.05)
        threading.Event().wait(0.06)
        result = opened.send_at(from_now(-10_000), latest_ms=NEVER_TOO_LATE_MS)
        opened.close()
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("timeout", False)
    assert server.requests == []


def test_a_large_body_arrives_whole() -> None:
    """256 KB, of which the starter writes the beginning and the reader the rest."""
    body = bytes(range(256)) * 1_024
    with serving(answer(hostile.OK)) as server:
        result = send_now(request(server.url(), body=body))
    assert isinstance(result, Answer), result
    assert server.requests[0].partition(b"\r\n\r\n")[2] == body


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.speak_first(TIMEOUT_408), id="early 408"),
        pytest.param(hostile.hang_up, id="closed"),
        pytest.param(hostile.break_off, id="reset"),
    ],
)
@pytest.mark.parametrize("wait_ms", [LATER_MS, SOON_MS])
def test_a_connection_that_the_target_closed_while_it_waited_is_opened_again(
    behaviour: Behaviour, wait_ms: int
) -> None:
    """Targets hang up on connections that say nothing; an early 408 is not the answer to a request not yet sent."""
    with serving(behaviour, answer(hostile.OK)) as server:
        opened = sender().open(request(server.url()), timeout_seconds=5)
        with server.changed:
            server.changed.wait_for(lambda: server.closed == 1, timeout=5)
        result = opened.send_at(from_now(wait_ms), latest_ms=NEVER_TOO_LATE_MS)
    assert isinstance(result, Answer), result
    assert (result.status_code, server.connections, len(server.requests)) == (200, 2, 1)


def test_a_connection_that_is_closed_after_it_was_looked_at_at_first_is_opened_again() -> None:
    """The second look comes shortly before the instant."""
    told_to_go = threading.Event()

    def hang_up_when_told(conn: socket.socket, server: hostile.HostileServer) -> None:
        told_to_go.wait(5)

    with serving(hang_up_when_told, answer(hostile.OK)) as server:
        opened = sender().open(request(server.url()), timeout_seconds=5)
        threading.Timer(0.05, told_to_go.set).start()
        result = opened.send_at(from_now(IN_A_WHILE_MS), latest_ms=NEVER_TOO_LATE_MS)
    assert isinstance(result, Answer), result
    assert (server.connections, len(server.requests)) == (2, 1)


@pytest.mark.parametrize("wait_ms", [LATER_MS, SOON_MS])
def test_a_target_that_never_lets_a_connection_stand_fails_the_attempt(wait_ms: int) -> None:
    """F17: opening again has an end, however long the instant is away."""
    dialled: list[str] = []

    def dial(ip: str, port: int, seconds: float) -> GuardedSocket:
        dialled.append(ip)
        ours, theirs = socket.socketpair()
        theirs.close()  # at once: a server might be slower than whoever looks whether it stands
        return Pretended((ip, port), ours)

    opened = sender(dial=dial).open(request("http://127.0.0.1/"), timeout_seconds=5)
    result = opened.send_at(from_now(wait_ms), latest_ms=NEVER_TOO_LATE_MS)
    assert isinstance(result, Failure)
    assert (result.code, result.started_at_ms) == ("connection_lost", None)
    assert len(dialled) == 5


def test_one_opening_is_kept_for_the_instant() -> None:
    """F17: a target that hangs up time and again before it is due has its chance when it is."""
    fire_at_ms = from_now(IN_A_WHILE_MS)
    dialled: list[str] = []

    def dial(ip: str, port: int, seconds: float) -> GuardedSocket:
        dialled.append(ip)
        ours, theirs = socket.socketpair()
        if CLOCK.now_ms() < fire_at_ms:
            theirs.close()
        else:
            threading.Thread(target=answer(hostile.OK), args=(theirs, hostile.HostileServer(port))).start()
        return Pretended((ip, port), ours)

    opened = sender(dial=dial).open(request("http://127.0.0.1/"), timeout_seconds=5)
    result = opened.send_at(fire_at_ms, latest_ms=NEVER_TOO_LATE_MS)
    assert isinstance(result, Answer), result
    assert len(dialled) == 1 + MOST_OPENINGS


def test_a_target_that_is_up_only_at_the_instant_is_reached() -> None:
    """What failed early is no failure yet: the connection is opened again in time."""
    with serving(hostile.hang_up) as server:
        port = server.port
    opened = sender().open(request(f"http://127.0.0.1:{port}/"), timeout_seconds=5)
    with serving(answer(hostile.OK), port=port):
        result = opened.send_at(from_now(SOON_MS), latest_ms=NEVER_TOO_LATE_MS)
    assert isinstance(result, Answer), result


@pytest.mark.parametrize("wait_ms", [LATER_MS, SOON_MS])
def test_an_attempt_does_not_fail_before_its_instant(wait_ms: int) -> None:
    """A target that refuses early may take the connection when the job is due: only then it is a failure."""
    with serving(hostile.hang_up) as server:
        url = server.url()
    opened = sender().open(request(url), timeout_seconds=5)
    fire_at_ms = from_now(wait_ms)
    result = opened.send_at(fire_at_ms, latest_ms=NEVER_TOO_LATE_MS)
    assert CLOCK.now_ms() >= fire_at_ms
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("connect_failed", False)


def test_the_time_of_an_exchange_counts_from_its_instant() -> None:
    """A wait that is longer than the time-out costs nothing of it."""
    with serving(answer(hostile.OK)) as server:
        opened = sender().open(request(server.url()), timeout_seconds=1)
        result = opened.send_at(from_now(IN_A_WHILE_MS), latest_ms=NEVER_TOO_LATE_MS)
    assert isinstance(result, Answer), result


def test_closing_lets_go_of_the_connection_and_may_be_done_twice() -> None:
    """A job that lost its claim while its connection was opened sends nothing."""
    gone = threading.Event()

    def see_it_go(conn: socket.socket, server: hostile.HostileServer) -> None:
        if not conn.recv(1):
            gone.set()

    with serving(see_it_go) as server:
        opened = sender().open(request(server.url()), timeout_seconds=5)
        opened.close()
        opened.close()
        assert gone.wait(5)


@pytest.mark.parametrize("wait_ms", [IN_A_WHILE_MS, round(LOOK_AHEAD_MS) - 10])
def test_closing_while_it_waits_calls_the_attempt_off(wait_ms: int) -> None:
    """Nothing leaves, and no connection is opened in its place."""
    with serving(answer(hostile.OK)) as server:
        opened = sender().open(request(server.url()), timeout_seconds=5)
        threading.Timer(0.02, opened.close).start()
        result = opened.send_at(from_now(wait_ms), latest_ms=NEVER_TOO_LATE_MS)
    assert isinstance(result, Failure)
    assert (result.sent, server.requests, server.connections) == (False, [], 1)


def test_jobs_of_different_instants_leave_in_their_order() -> None:
    """One starter serves them all, whoever was opened first."""
    one_sender = sender()
    base_ms = from_now(IN_A_WHILE_MS)
    started: dict[int, float] = {}

    def send(offset_ms: int, url: str) -> None:
        opened = one_sender.open(request(url), timeout_seconds=5)
        result = opened.send_at(base_ms + offset_ms, latest_ms=NEVER_TOO_LATE_MS)
        assert isinstance(result, Answer), result
        started[offset_ms] = result.started_at_ms - base_ms

    with serving(answer(hostile.OK)) as server:
        threads = [threading.Thread(target=send, args=(offset, server.url())) for offset in (40, 0, 20, 60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(started) == [0, 20, 40, 60]
    assert all(started_at >= offset for offset, started_at in started.items())
    assert sorted(started, key=lambda offset: started[offset]) == [0, 20, 40, 60]


def test_cookies_of_one_answer_are_not_in_the_next_request() -> None:
    """P6: what a target sets for one owner's job never shows in another's."""
    one_sender: HttpSender = sender(policy=Loopback())
    with serving(answer(b"HTTP/1.1 200 OK\r\nSet-Cookie: owner=one; Path=/\r\nContent-Length: 0\r\n\r\n")) as server:
        for _ in range(2):
            send_now(request(server.url()), by=one_sender)
    assert b"cookie" not in server.requests[1].lower()
