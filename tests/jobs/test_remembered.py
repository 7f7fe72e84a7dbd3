"""A memory in front of a look-up: one look-up for many, never an answer that is too old, never an error kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from lambdas.jobs.errors import StoreUnavailable
from lambdas.jobs.remembered import Remembered
from tests.fakes import FakeClock
from tests.world import unavailable

MINUTE_MS = 60_000


class Source:
    """What is looked up, and what was asked of it. `during` happens in the middle of each look-up."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.asked: list[str] = []
        self.during: Callable[[], None] = lambda: None

    def look_up(self, key: str) -> str | None:
        self.asked.append(key)
        self.during()
        return self.answers.get(key)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def remembered(clock: FakeClock, source: Source) -> Remembered[str, str | None]:
    return Remembered(source.look_up, clock=clock, for_ms=MINUTE_MS, most=3)


@pytest.mark.parametrize("answer", ["a", None])
def test_an_answer_holds_for_its_time_and_is_then_asked_for_again(
    clock: FakeClock, source: Source, remembered: Remembered[str, str | None], answer: str | None
) -> None:
    """That there is nothing is an answer too."""
    if answer:
        source.answers["k"] = answer
    assert remembered.get("k") == answer
    source.answers["k"] = "new"
    clock.advance(ms=MINUTE_MS - 1)
    assert remembered.get("k") == answer
    clock.advance(ms=1)
    assert remembered.get("k") == "new"
    assert source.asked == ["k", "k"]


def test_each_key_has_its_own_answer(source: Source, remembered: Remembered[str, str | None]) -> None:
    """One owner's is never another's."""
    source.answers = {"a": "1", "b": "2"}
    assert [remembered.get(key) for key in "abab"] == ["1", "2", "1", "2"]
    assert source.asked == ["a", "b"]


def test_the_time_counts_from_when_the_look_up_began(
    clock: FakeClock, source: Source, remembered: Remembered[str, str | None]
) -> None:
    """What was true a slow look-up ago may be untrue already."""
    source.during = lambda: void(clock.advance(ms=MINUTE_MS))
    remembered.get("k")
    remembered.get("k")
    assert source.asked == ["k", "k"]


def test_a_clock_that_is_set_back_makes_no_answer_young_again(
    clock: FakeClock, source: Source, remembered: Remembered[str, str | None]
) -> None:
    """It might else be kept for as long as the clock was wrong."""
    remembered.get("k")
    clock.advance(ms=-1)
    remembered.get("k")
    assert source.asked == ["k", "k"]


def test_an_error_is_told_and_not_remembered(source: Source, remembered: Remembered[str, str | None]) -> None:
    """The next one who asks may have more luck."""
    source.answers["k"] = "a"
    source.during = unavailable
    with pytest.raises(StoreUnavailable):
        remembered.get("k")
    source.during = lambda: None
    assert remembered.get("k") == "a"


def test_an_answer_that_is_too_old_is_not_used_in_place_of_an_error(
    clock: FakeClock, source: Source, remembered: Remembered[str, str | None]
) -> None:
    """Nobody decides by what is not known to hold any more."""
    source.answers["k"] = "a"
    remembered.get("k")
    clock.advance(ms=MINUTE_MS)
    source.during = unavailable
    with pytest.raises(StoreUnavailable):
        remembered.get("k")


@pytest.mark.parametrize("fails", [False, True], ids=["an answer", "an error"])
def test_those_who_ask_at_once_share_one_look_up(
    source: Source, remembered: Remembered[str, str | None], monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Its error too: ten jobs of a batch wait for one time-out, not for ten."""
    source.answers["k"] = "a"
    begun, go_on, waiting = threading.Event(), threading.Event(), threading.Semaphore(0)
    wait_for_result = Future.result

    def result(future: Future[str], timeout: float | None = None) -> str:
        waiting.release()
        return wait_for_result(future, timeout)

    def wait() -> None:
        begun.set()
        assert go_on.wait(10)
        if fails:
            unavailable()

    source.during = wait
    with ThreadPoolExecutor(max_workers=10) as threads, monkeypatch.context() as patched:
        patched.setattr(Future, "result", result)
        first = threads.submit(remembered.get, "k")
        assert begun.wait(10)
        others = [threads.submit(remembered.get, "k") for _ in range(9)]
        assert all(waiting.acquire(timeout=10) for _ in others)
        go_on.set()
        ends = [future.exception(10) or future.result(10) for future in (first, *others)]
    assert source.asked == ["k"]
    assert all(isinstance(end, StoreUnavailable) if fails else end == "a" for end in ends)


def test_nobody_waits_for_the_look_up_of_another_key(source: Source, remembered: Remembered[str, str | None]) -> None:
    """A slow answer about one owner holds up no other owner's jobs."""
    source.answers = {"slow": "1", "other": "2"}

    def meanwhile() -> None:
        source.during = lambda: None
        assert remembered.get("other") == "2"

    source.during = meanwhile
    assert remembered.get("slow") == "1"


def test_only_so_many_answers_are_kept(source: Source, remembered: Remembered[str, str | None]) -> None:
    """Those that were looked up last; a worker must not fill up with owners that it met once."""
    for key in "abcd":
        remembered.get(key)
    for key in "bcda":
        remembered.get(key)
    assert source.asked == [*"abcd", "a"]


def void(_: object) -> None:
    """For hooks, which give nothing back."""
