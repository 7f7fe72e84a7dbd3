"""The targets give what is planned, and kill when it is planned."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.chaos.planned import Fault, Given, Kind, Plan, PlannedJob
from tests.chaos.targets import Targets, all_serving
from tests.live.target import Received


@pytest.fixture
def targets() -> Iterator[Targets]:
    with all_serving() as serving:
        yield serving


def job(kind: Kind, *answers: Given) -> PlannedJob:
    return PlannedJob(number=7, kind=kind, owner=0, made_s=0, ahead_s=0, answers=answers)


def prepare(targets: Targets, planned: PlannedJob) -> list[str]:
    """Have them answer; returns what happens to workers, as it happens."""
    happened: list[str] = []

    def kill(_: PlannedJob, fault: Fault, received: Received) -> Callable[[], None]:
        happened.append("found")
        return lambda: happened.append(f"{fault}: {received.headers['punctual-attempt']}")

    targets.answer_as_planned(Plan(1, 60, (planned,), ()), kill)
    return happened


def send(targets: Targets, planned: PlannedJob, attempt: int = 1) -> requests.Response:
    with requests.Session() as direct:
        direct.trust_env = False
        return direct.post(targets.url(planned), headers={"Punctual-Attempt": str(attempt)}, timeout=10)


def test_each_request_of_a_job_gets_its_own_answer_and_the_last_goes_on(targets: Targets) -> None:
    """Status and Retry-After as planned, and all that came is remembered."""
    flaky = job(Kind.FLAKY, Given(503, retry_after=2), Given())
    prepare(targets, flaky)
    answers = [send(targets, flaky, number) for number in (1, 2, 3)]
    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert answers[0].headers["retry-after"] == "2"
    assert [request.headers["punctual-attempt"] for request in targets.requests(flaky)] == ["1", "2", "3"]


def test_a_reset_is_no_answer(targets: Targets) -> None:
    """The request has come, and its sender learns nothing."""
    resetting = job(Kind.FLAKY, Given(reset=True))
    prepare(targets, resetting)
    with pytest.raises(requests.ConnectionError, match="reset"):
        send(targets, resetting)
    assert len(targets.requests(resetting)) == 1


@pytest.mark.parametrize("fault", [Fault.KILL_DURING, Fault.KILL_AFTER])
def test_a_worker_is_found_when_its_request_comes_and_killed_at_its_time(targets: Targets, fault: Fault) -> None:
    """Once for each request that is to cost one."""
    deadly = job(Kind.WELL, Given(kill=fault), Given())
    happened = prepare(targets, deadly)
    send(targets, deadly, 1)
    send(targets, deadly, 2)
    deadline = time.monotonic() + 5
    while len(happened) < 2 and time.monotonic() < deadline:  # the answer is out before what follows it has been done
        time.sleep(0.01)
    assert happened == ["found", f"{fault}: 1"]


def test_nobody_answers_for_a_dead_target(targets: Targets) -> None:
    """Its connections are refused."""
    dead = job(Kind.DEAD)
    prepare(targets, dead)
    with pytest.raises(requests.ConnectionError, match="refused"):
        send(targets, dead)
    assert targets.requests(dead) == []


def test_connections_that_wait_for_their_request_are_known(targets: Targets) -> None:
    """By the sender's port, from which its process is found; no longer once something came."""
    well = job(Kind.WELL, Given())
    prepare(targets, well)
    address = targets.url(well).removeprefix("http://").partition("/")[0].split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=5) as connection:
        mine = connection.getsockname()[1]
        seen = _until(targets, mine, there=True)
        connection.sendall(f"GET {well.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.recv(100)
        assert seen and not _until(targets, mine, there=False)


def _until(targets: Targets, port: int, *, there: bool) -> bool:
    """Whether the port waits, once that is so or five seconds have passed."""
    deadline = time.monotonic() + 5
    while (port in targets.waiting()) is not there and time.monotonic() < deadline:
        time.sleep(0.01)
    return port in targets.waiting()
