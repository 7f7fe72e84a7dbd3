"""The sender and names whose servers mean no good, and addresses that take no connection (F17)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import pytest

from lambdas.adapters.look_ups import MOST_LOOK_UPS, LookUps
from lambdas.jobs.addresses import AddressPolicy
from lambdas.jobs.sending import Answer, Failure
from tests.adapters import hostile_server as hostile
from tests.adapters.hostile_page import came_of_it, promised
from tests.adapters.hostile_server import serving
from tests.adapters.sending import everywhere_is_here, request, send_now, sender
from tests.corpus.internet import Internet

THOUSAND = [str(ip_address("93.184.0.0") + number) for number in range(1_000)]
INSIDE = "10.0.0.5"
URL = "http://example.com/"
TOO_SLOW = "The name example.com could not be looked up in time."


class HangingResolver:
    """Answers for the names in `quick`; for all others it hangs until it is let go."""

    def __init__(self, *quick: str) -> None:
        self._quick = quick
        self._let_go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
        self.asked.append(host)
        if host not in self._quick:
            self._let_go.wait()
        return everywhere_is_here(host, port, type=type)

    def let_go(self) -> None:
        self._let_go.set()


@contextmanager
def hanging(*quick: str) -> Iterator[HangingResolver]:
    resolver = HangingResolver(*quick)
    try:
        yield resolver
    finally:
        resolver.let_go()


def attempt(internet: Internet) -> Answer | Failure:
    by = sender(policy=AddressPolicy(), resolver=internet.resolve, dial=internet.dial)
    return send_now(request(URL, "GET"), by=by)


def internet_of(addresses: Sequence[str]) -> Internet:
    return Internet({"example.com": [addresses]})


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("has a name that does not exist, or that has no address", "name_not_found"),
        ("refuses the connection", "connect_failed"),
        ("does not take the connection in time", "connect_timeout"),
    ],
)
def test_a_target_that_cannot_be_connected_to_comes_to_what_the_page_says(what: str, code: str) -> None:
    """F17 refuses: nothing was sent."""
    internet = internet_of([] if code == "name_not_found" else THOUSAND[:2])
    internet.refusing = internet.everybody if code == "connect_failed" else frozenset()
    internet.silent = internet.everybody if code == "connect_timeout" else frozenset()
    result = attempt(internet)
    assert came_of_it(result) == promised()[what] == code, result
    assert isinstance(result, Failure) and not result.sent


def test_of_a_thousand_addresses_a_few_are_tried() -> None:
    """F17: a name may lead anywhere, and its attempt is spent on six addresses at most."""
    internet = internet_of(THOUSAND)
    assert came_of_it(attempt(internet)) == promised()["has a name with a thousand addresses"] == ""
    internet = internet_of(THOUSAND)
    internet.refusing = internet.everybody
    assert came_of_it(attempt(internet)) == "connect_failed"
    assert internet.dialled == THOUSAND[:6] * 2  # ahead of the instant, and at it


def test_of_a_thousand_addresses_every_one_is_checked() -> None:
    """F17, T2: the last one counts as much as the first."""
    internet = internet_of([*THOUSAND[1:], INSIDE])
    assert (
        came_of_it(attempt(internet)) == promised()["has a name with a thousand addresses, one of which is not allowed"]
    )
    assert internet.dialled == []


def test_a_resolver_that_hangs_holds_a_job_no_longer_than_its_time() -> None:
    """F17: the system's resolver has no time-out that a caller could set: it is waited for and left behind."""
    with hanging() as resolver:
        result = send_now(request(URL), by=sender(resolver=resolver), timeout_seconds=0.2)
    assert came_of_it(result) == promised()["has a name whose servers do not answer in time"], result
    assert isinstance(result, Failure)
    assert (result.sent, result.message) == (False, TOO_SLOW)


def test_other_names_are_looked_up_meanwhile() -> None:
    """F17: the worker's other jobs go on while all that a worker may have at a time wait for their resolvers."""
    with (
        hanging("good.example.com") as resolver,
        serving(hostile.answer(hostile.OK)) as server,
        ThreadPoolExecutor() as threads,
    ):
        by = sender(resolver=resolver)
        slow = [threads.submit(send_now, request(URL), by=by, timeout_seconds=30) for _ in range(9)]
        result = send_now(request(server.url(host="good.example.com")), by=by)
        assert not any(sending.done() for sending in slow)
        resolver.let_go()
    assert isinstance(result, Answer), result


def test_look_ups_that_were_given_up_cannot_fill_the_process_with_threads() -> None:
    """F17: a resolver that never answers costs so many threads, however many jobs ask it; the others try again."""
    with hanging() as resolver:
        by = sender(resolver=resolver)
        for _ in range(MOST_LOOK_UPS + 10):
            result = send_now(request(URL), by=by, timeout_seconds=0.01)
        assert len(resolver.asked) == MOST_LOOK_UPS
    assert isinstance(result, Failure)
    assert (result.code, result.sent, result.message) == ("name_not_found", False, TOO_SLOW)


def test_a_place_is_free_again_when_the_resolver_has_given_up() -> None:
    """F17: whatever came of a look-up, the next may take its place."""
    with hanging("good.example.com") as resolver:
        look_ups = LookUps(resolver, most=2)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                look_ups.ask("slow.example.com", 80, 0.01)
        with pytest.raises(TimeoutError):
            look_ups.ask("good.example.com", 80, 0.01)
        resolver.let_go()
        assert look_ups.ask("good.example.com", 80, 10)


def test_a_look_up_that_fails_gives_its_place_back() -> None:
    """F17: names that do not exist use nothing up."""

    def resolver(host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    look_ups = LookUps(resolver, most=1)
    for _ in range(3):
        with pytest.raises(socket.gaierror):
            look_ups.ask("nowhere.example.com", 80, 10)


def test_a_process_without_a_thread_to_spare_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """F17: that is no defect of the job; and the place is given back."""

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    look_ups = LookUps(everywhere_is_here, most=1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(OSError, match="no thread"):
            look_ups.ask("example.com", 80, 10)
    assert look_ups.ask("example.com", 80, 10)
