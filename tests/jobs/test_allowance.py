"""Portions: what several processes accept together stays under a limit and a hundredth of it for each of them (T10)."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.allowance import FRESH_MS, FULL_MS, Allowance, Seen, share
from lambdas.jobs.limits import Counter
from tests.fakes import FakeUsage

COUNTER = Counter("ada", "", 0)


class Processes:
    """So many processes at one counter."""

    def __init__(self, number: int, limit: int) -> None:
        self.usage = FakeUsage()
        self.limit = limit
        self.hands = [Allowance(limit) for _ in range(number)]
        self.accepted = 0

    def request(self, process: int, units: int = 1) -> bool:
        """Ask a process to accept so many, as the limiter does."""
        hand = self.hands[process]
        if not hand.accept(units):
            wish = hand.wish(units)
            if wish is None:
                return False
            hand.receive(self.usage.take(COUNTER, least=wish[0], most=wish[1], limit=self.limit))
            if not hand.accept(units):
                return False
        self.accepted += units
        return True


@given(
    limit=st.one_of(st.integers(1, 99), st.integers(100, 5_000)),
    requests=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 100), st.booleans()), max_size=150),
)
def test_whatever_processes_do_no_more_is_accepted_than_limit_and_bound(
    limit: int, requests: list[tuple[int, int, bool]]
) -> None:
    """Also if one asks in the middle of another's asking. Under a hundred the limit is exact; and who is refused is
    refused because it is reached, but for what the others have in hand."""
    processes = Processes(4, limit)
    for process, units, rival in requests:
        if rival:
            processes.usage.before["take"] = functools.partial(processes.request, (process + 1) % 4, units)
        accepted = processes.request(process, units)
        processes.usage.before.clear()
        assert processes.accepted <= limit + 4 * share(limit)
        assert all(hand.remaining >= 0 and hand.left >= 0 and hand.unasked >= 0 for hand in processes.hands)
        assert accepted or processes.accepted + units > limit - 5 * share(limit)


@pytest.mark.parametrize("limit", [1, 10, 99, 100, 101, 250, 30_000])
def test_one_process_alone_accepts_exactly_the_limit(limit: int) -> None:
    processes = Processes(1, limit)
    assert sum(processes.request(0) for _ in range(limit + 1)) == limit
    assert processes.hands[0].remaining == 0


def test_what_is_little_is_counted_without_a_write_and_the_rest_by_the_hundredth() -> None:
    """The price of 30,000 requests is a hundred writes, and of the first 300 none."""
    processes = Processes(1, 30_000)
    for _ in range(300):
        processes.request(0)
    assert processes.usage.writes == 0
    for _ in range(29_700):
        processes.request(0)
    assert processes.usage.writes == 99 and processes.usage.taken(COUNTER) == 30_000


def test_who_was_refused_does_not_ask_again() -> None:
    """A counter never has more than it had: refusing costs nothing."""
    first, second = Processes(2, 10), 1
    while first.request(0):
        pass
    assert not first.request(second) and first.usage.writes == 11
    assert not any(first.request(process) for process in (0, 1) for _ in range(50))
    assert first.usage.writes == 11


def test_who_knows_that_nothing_is_left_accepts_nothing_unasked_either() -> None:
    """A batch was more than could be accepted unasked, so that this is still to be had; but not after a refusal."""
    processes = Processes(2, 1_000)
    assert processes.request(0, 20) and all(processes.request(1, 100) for _ in range(9)) and processes.request(1, 80)
    assert not processes.request(0, 20) and not processes.request(0, 1)
    assert processes.accepted == 1_000


def test_a_batch_that_finds_no_room_leaves_it_to_smaller_ones() -> None:
    processes = Processes(2, 60)
    assert processes.request(0, 50) and not processes.request(1, 20)
    assert not processes.request(1, 11) and processes.request(1, 10) and not processes.request(1, 1)
    assert processes.accepted == 60


class TestSeen:
    def test_a_hundredth_is_accepted_on_a_look(self) -> None:
        seen = Seen(limit=1_000, count=500, since_ms=0)
        accepted = 0
        while seen.holds(1):
            accepted += seen.accept(1)
        assert accepted == 10 and seen.now == 510

    def test_near_the_limit_only_what_there_is(self) -> None:
        seen = Seen(limit=1_000, count=997, since_ms=0)
        assert [seen.holds(1) and seen.accept(1) for _ in range(4)] == [True, True, True, False]
        assert not seen.accept(1)

    def test_of_a_low_limit_one_at_a_time(self) -> None:
        seen = Seen(limit=50, count=0, since_ms=0)
        assert seen.holds(1) and seen.accept(1) and not seen.holds(1)

    def test_what_one_request_has_accepted_and_not_stored_yet_is_added_to_another_look(self) -> None:
        """Jobs of a batch; those of the request before are found by the look."""
        seen = Seen(limit=50, count=0, since_ms=0)
        assert seen.accept(1)
        again = seen.seen_again(0, limit=50, now_ms=1, turn=1)
        assert again.now == 1 and again.accept(1)
        assert again.seen_again(0, limit=50, now_ms=2, turn=1).now == 2
        assert again.seen_again(2, limit=50, now_ms=2, turn=2).now == 2

    @pytest.mark.parametrize(("count", "long_ms"), [(0, FRESH_MS), (1_000, FULL_MS)])
    def test_it_is_looked_at_again_after_a_while_sooner_if_there_was_no_room(self, count: int, long_ms: int) -> None:
        """And when the clock was set back."""
        seen = Seen(limit=1_000, count=count, since_ms=0)
        assert [seen.holds(now_ms) for now_ms in (-1, 0, long_ms - 1, long_ms)] == [False, True, True, False]
