"""Turns at Python's lock: few at a time, in order, and none while a volley starts."""

from __future__ import annotations

import threading
from functools import partial

from lambdas.adapters.turns import Turns


def test_no_more_have_a_turn_than_there_are() -> None:
    """The third waits until one of the first two leaves."""
    turns = Turns(2)
    told: list[str] = []
    for name in ("first", "second", "third"):
        turns.grant(partial(told.append, name))
    assert told == ["first", "second"]
    turns.leave()
    assert told == ["first", "second", "third"]


def test_while_it_is_paused_nobody_gets_a_turn() -> None:
    """Those who have one go on; what they leave is given out again afterwards, in the order of asking."""
    turns = Turns(1)
    told: list[str] = []
    turns.take()
    turns.pause()
    for name in ("first", "second"):
        turns.grant(partial(told.append, name))
    turns.leave()
    assert told == []
    turns.resume()
    assert told == ["first"]


def test_a_turn_is_given_back_around_a_wait() -> None:
    """Whoever waits for the network keeps nobody out, and gets a turn again before going on."""
    turns = Turns(1)
    let_in = threading.Event()
    with turns:
        turns.grant(let_in.set)
        assert not let_in.is_set()
        with turns.away():
            assert let_in.is_set()
            turns.leave()  # the other is done
    assert let_in.wait(0)


def test_a_turn_is_given_back_when_something_goes_wrong() -> None:
    """An error in one job takes no turn from the others."""
    turns = Turns(1)
    for _ in range(3):
        try:
            with turns, turns.away():
                raise OSError("a target's doing")
        except OSError:
            pass
    with turns:
        pass
