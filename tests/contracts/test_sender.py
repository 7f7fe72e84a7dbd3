"""What every sender does: the fake that the core's tests use, and the real one with targets on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from lambdas.jobs.ports import Sender
from lambdas.jobs.sending import Answer, Failure, OutgoingRequest
from tests.adapters import sending
from tests.adapters.hostile_server import answer, hang_up, serving
from tests.fakes import FakeClock, FakeSender

NEVER_TOO_LATE_MS = sending.NEVER_TOO_LATE_MS


@dataclass(frozen=True, slots=True)
class SenderUnderTest:
    """A sender, the URLs of a target that answers 503 `busy` and of one that refuses, and what the first has seen."""

    sender: Sender
    busy_url: str
    refusing_url: str
    now_ms: Callable[[], float]
    requests_seen: Callable[[], int]

    def send(self, url: str, *, fire_in_ms: int = 0, latest_in_ms: int = 60_000) -> Answer | Failure:
        now_ms = int(self.now_ms())
        opened = self.sender.open(OutgoingRequest("POST", url, (("X-A", "1"),), b"body"), timeout_seconds=5)
        try:
            return opened.send_at(now_ms + fire_in_ms, latest_ms=now_ms + latest_in_ms)
        finally:
            opened.close()


@contextmanager
def fake() -> Iterator[SenderUnderTest]:
    clock = FakeClock()
    sender = FakeSender(clock)
    busy, refusing = "https://busy.example.com/", "https://refusing.example.com/"
    sender.answers[busy] = [FakeSender.answering(503, body=b"busy", headers={"Retry-After": "7"})]
    sender.answers[refusing] = [Failure("connect_failed", "refused", None, 1)]
    yield SenderUnderTest(sender, busy, refusing, clock.now_ms, lambda: len(sender.sent))


@contextmanager
def real() -> Iterator[SenderUnderTest]:
    busy = answer(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy")
    with serving(hang_up) as gone:
        refusing = gone.url()
    with serving(busy) as target:
        sender = sending.sender()
        yield SenderUnderTest(sender, target.url(), refusing, sending.CLOCK.now_ms, lambda: len(target.requests))


@pytest.fixture(params=[fake, real], ids=["fake", "http"])
def under_test(request: pytest.FixtureRequest) -> Iterator[SenderUnderTest]:
    with request.param() as one:
        yield one


def test_an_answer_is_an_answer_whatever_its_status(under_test: SenderUnderTest) -> None:
    """What a status means is judged elsewhere; header names are found in any case."""
    result = under_test.send(under_test.busy_url)
    assert isinstance(result, Answer)
    assert (result.status_code, result.body, result.truncated) == (503, b"busy", False)
    assert result.header("retry-after") == "7"
    assert result.duration_ms > 0


def test_a_request_leaves_at_its_instant_and_not_before(under_test: SenderUnderTest) -> None:
    """`started_at_ms` is when the first byte left."""
    fire_at_ms = int(under_test.now_ms()) + 40
    result = under_test.send(under_test.busy_url, fire_in_ms=40)
    assert isinstance(result, Answer)
    assert result.started_at_ms >= fire_at_ms
    assert under_test.now_ms() >= fire_at_ms


def test_an_instant_that_is_past_is_now(under_test: SenderUnderTest) -> None:
    """`started_at_ms` tells the truth about how late that is."""
    before_ms = under_test.now_ms()
    result = under_test.send(under_test.busy_url, fire_in_ms=-5_000)
    assert isinstance(result, Answer)
    assert result.started_at_ms >= before_ms


def test_nothing_is_sent_after_the_latest_moment(under_test: SenderUnderTest) -> None:
    """Later another worker may have the job."""
    result = under_test.send(under_test.busy_url, fire_in_ms=-5_000, latest_in_ms=-1_000)
    assert isinstance(result, Failure)
    assert (result.code, result.sent, result.started_at_ms) == ("timeout", False, None)
    assert under_test.requests_seen() == 0


def test_a_targets_trouble_shows_when_the_request_is_to_be_sent(under_test: SenderUnderTest) -> None:
    """`open` does not raise for it, and says nothing of it."""
    result = under_test.send(under_test.refusing_url, fire_in_ms=40)
    assert isinstance(result, Failure)
    assert (result.code, result.sent) == ("connect_failed", False)


def test_a_connection_may_be_closed_at_any_time_and_twice(under_test: SenderUnderTest) -> None:
    """Whoever opened it closes it, whatever happened in between."""
    outgoing = OutgoingRequest("GET", under_test.busy_url, (), None)
    unused = under_test.sender.open(outgoing, timeout_seconds=5)
    unused.close()
    unused.close()
    used = under_test.sender.open(outgoing, timeout_seconds=5)
    used.send_at(int(under_test.now_ms()), latest_ms=NEVER_TOO_LATE_MS)
    used.close()
    used.close()
    assert under_test.requests_seen() == 1
