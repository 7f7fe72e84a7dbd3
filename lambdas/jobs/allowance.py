"""What one process may accept of a limit before it must ask the others: portions, so that counting costs little.

Many processes of the api serve one owner. A counter that each of them raised with each request would cost a write for
each job. Instead a process

1. accepts a hundredth of the limit **unasked** (nothing, where the limit is under a hundred);
2. then takes a portion at a time, a hundredth, from the counter that all share, and reports with the first what it
   had accepted unasked. Each is a conditional write, so all portions together never pass the limit.

So of a limit L, p processes accept L + p · L/100 at most, and at most L where L is under a hundred. What a process has
taken and does not use is lost for the others: near the limit an owner may be refused up to p · L/100 early. The
counter is of one minute and forgotten after it.

What is counted by a look instead, because it can become fewer again (jobs that wait), follows the same figures: a
process may add a hundredth, or one, to what it saw, and then looks again.

Pure: time is an argument, and whoever calls does the asking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdas.jobs.limits import Taken

FRESH_MS = 60_000
"""How long a process goes by what it saw."""

FULL_MS = 5_000
"""How long it goes by it when there was no room: somebody waits for some."""


def share(limit: int) -> int:
    """What a process may accept of a limit without asking."""
    return limit // 100


class Allowance:
    """A process's part of one counter.

    `unasked` may still be accepted without a portion, `left` is taken and not used, `owed` was accepted unasked and is
    not reported yet. `room` is what the counter could still give when it was last asked.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.unasked = share(limit)
        self.left = 0
        self.owed = 0
        self.room = limit

    @property
    def remaining(self) -> int:
        """How much could be accepted still, as far as this process knows."""
        return max(0, self.left + self.room - self.owed)

    def accept(self, units: int) -> bool:
        """Accept so many if they are at hand."""
        beyond = max(0, units - self.left)
        if beyond > self.unasked or units > self.remaining:
            return False
        self.left -= units - beyond
        self.unasked -= beyond
        self.owed += beyond
        return True

    def wish(self, units: int) -> tuple[int, int] | None:
        """The least and the most to ask the counter for, so that `units` can be accepted. None: it is of no use."""
        if units > self.remaining:
            return None
        least = units - self.left + self.owed
        return least, max(least, min(self.owed + share(self.limit), self.room))

    def receive(self, taken: Taken) -> None:
        """Note what the counter gave: all that was owed and more, or nothing."""
        self.room = taken.room
        if taken.units:
            self.left += taken.units - self.owed
            self.owed = 0


class Seen:
    """How many there were when a process last looked, and how many it has accepted since.

    `turn` is the last request that something was accepted for, `pending` how much: jobs of a batch are stored when all
    of them are accepted, so that a look in between does not find them.
    """

    def __init__(self, limit: int, count: int, since_ms: int, *, turn: int = 0, pending: int = 0) -> None:
        self.limit = limit
        self.count = count
        self.since_ms = since_ms
        self.accepted = 0
        self.turn = turn
        self.pending = pending

    @property
    def now(self) -> int:
        """How many there are at least, unless some have gone."""
        return self.count + self.accepted

    def holds(self, now_ms: int) -> bool:
        """Whether to go by it still. A clock that was set back must not make an old look young again."""
        room = self.limit - self.count
        if room <= 0:
            return 0 <= now_ms - self.since_ms < FULL_MS
        return 0 <= now_ms - self.since_ms < FRESH_MS and self.accepted < min(room, max(1, share(self.limit)))

    def accept(self, turn: int) -> bool:
        """Accept one more for this request if there is room. Only what holds should be asked."""
        if self.now >= self.limit:
            return False
        self.pending = self.pending + 1 if turn == self.turn else 1
        self.turn = turn
        self.accepted += 1
        return True

    def seen_again(self, count: int, *, limit: int, now_ms: int, turn: int) -> Seen:
        """What another look brings, with what was accepted for the same request and is stored after it."""
        pending = self.pending if turn == self.turn else 0
        return Seen(limit, count + pending, now_ms, turn=turn, pending=pending)
