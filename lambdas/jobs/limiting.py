"""Limiting: hold each owner to their limits, at the door, for as little as can be.

1. What is stored of an owner, limits of their own and how many jobs of theirs wait, is looked up once a minute.
2. A request is counted by its minute: in portions if it makes or moves jobs, in this process alone if not.
3. A job must find room among the owner's upcoming jobs, in the minute in which it is due, and among those of its
   host in that minute. The minute is looked at only when the owner has so many upcoming jobs that it could be full.

`allowance.py` says how much more than a limit several processes may accept together. Where the table does not answer,
or answers nonsense, nothing is refused for that: whoever cannot be counted is let in, and a table that is away takes no
job anyway. Nothing here is given back: a job that is cancelled or moved away leaves its place in a host's counter.

The memory is one process's, and a process of the api answers one request at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, MutableMapping
from typing import TYPE_CHECKING, TypeVar

from lambdas.jobs.allowance import FRESH_MS, Allowance, Seen
from lambdas.jobs.errors import DamagedItem, QuotaExceeded, RateLimited, SettingInvalid, StoreUnavailable
from lambdas.jobs.limits import MINUTE_MS, Counter, Meter, OwnerLimits, Standing, Used
from lambdas.jobs.place import host_of

if TYPE_CHECKING:
    from lambdas.jobs.job import Job
    from lambdas.jobs.ports import Journal, Usage

AWAY_MS = 5_000
"""For so long nothing is asked of a table that did not answer, so that a request waits for its time-outs once."""

ROOM_AGAIN_SECONDS = 60
"""When to try again after a quota; it depends on the owner's jobs, and only they know."""

MOST_KEPT = 10_000
"""Owners, minutes and hosts that a process remembers, each; those that came first are forgotten first."""

Answer = TypeVar("Answer")
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class _Owner:
    """What this process knows of an owner. `asked_ms` is when it looked up what is stored."""

    def __init__(self, limits: OwnerLimits, asked_ms: int) -> None:
        self.limits = limits
        self.asked_ms = asked_ms
        self.upcoming: Seen | None = None
        self.minute_ms = -1
        self.requests: Allowance | None = None
        self.reads = 0


class Limiter:
    """The limits of a service and the memory of one process. `defaults` are for owners who have none of their own."""

    def __init__(self, *, usage: Usage, journal: Journal, defaults: OwnerLimits) -> None:
        self._usage = usage
        self._journal = journal
        self._defaults = defaults
        self._owners: dict[str, _Owner] = {}
        self._minutes: dict[tuple[str, int, int], Seen] = {}
        self._hosts: dict[tuple[Counter, int], Allowance] = {}
        self._away_since_ms: int | None = None
        self._turn = 0

    def limits(self, owner: str, *, now_ms: int) -> OwnerLimits:
        """The limits that the owner is held to."""
        return self._owner(owner, now_ms).limits

    def read(self, owner: str, *, now_ms: int) -> None:
        """Count a request that makes and moves no job. Raises RateLimited."""
        self._turn += 1
        known = self._owner(owner, now_ms)
        if known.reads >= known.limits.reads_per_minute:
            most = known.limits.reads_per_minute
            meter = Meter("reads", most, 0, 60, _seconds_left(now_ms))
            raise RateLimited(f"Your limit is {most} requests a minute that read or cancel.", meter)
        known.reads += 1

    def request(self, owner: str, *, now_ms: int, units: int = 1) -> None:
        """Count so many requests that make or move jobs, all or none. Raises RateLimited.

        What is admitted after it until the next one is for one request.
        """
        self._turn += 1
        known = self._owner(owner, now_ms)
        counter = Counter(owner, "", known.minute_ms)
        if not self._accepted(_requests_of(known), units, counter, now_ms):
            most = known.limits.requests_per_minute
            message = f"Your limit is {most} requests a minute that make or move jobs; each job of a batch is one."
            raise RateLimited(message, self.meter(owner, now_ms=now_ms))

    def meter(self, owner: str, *, now_ms: int) -> Meter:
        """How the owner stands with requests that make or move jobs, as far as this process knows; asks nothing."""
        known = self._owner(owner, now_ms, look=False)
        most, remaining = known.limits.requests_per_minute, _requests_of(known).remaining
        return Meter("requests", most, remaining, 60, _seconds_left(now_ms))

    def used(self, owner: str, *, now_ms: int) -> Used:
        """What the owner uses, as far as can be known for one look at the counter of this minute."""
        known = self._owner(owner, now_ms)
        counter = Counter(owner, "", known.minute_ms)
        here = _requests_of(known)
        elsewhere = self._ask(lambda: self._usage.taken(counter), now_ms) or 0
        upcoming = known.upcoming.now if known.upcoming is not None else None
        return Used(known.limits, max(0, elsewhere + here.owed - here.left), upcoming)

    def admit(self, job: Job, *, now_ms: int) -> None:
        """See that there is room for a new job. Raises QuotaExceeded."""
        known = self._owner(job.owner, now_ms)
        if known.upcoming is not None and not known.upcoming.accept(self._turn):
            most = known.limits.upcoming_jobs
            message = f"You may have {most} jobs that are scheduled or running. Some must end or be cancelled first."
            raise _full(message, "upcoming-jobs", most)
        self._admit_time(job, known, now_ms)

    def admit_move(self, before: Job, after: Job, *, now_ms: int) -> None:
        """See that there is room where a job is moved: to another minute or host. Raises QuotaExceeded."""
        if _place(before) != _place(after):
            self._admit_time(after, self._owner(after.owner, now_ms), now_ms)

    def admit_now(self, job: Job, *, now_ms: int) -> None:
        """See that there is room for a request that is sent now and makes no job. Raises QuotaExceeded."""
        self._admit_time(job, self._owner(job.owner, now_ms), now_ms)

    def _admit_time(self, job: Job, known: _Owner, now_ms: int) -> None:
        minute_ms, host = _place(job)
        if self._could_be_full(known) and not self._has_room(job.owner, minute_ms, known.limits.due_per_minute, now_ms):
            most = known.limits.due_per_minute
            message = f"You may have {most} jobs that are due in one minute, and this minute has them. Choose another."
            raise _full(message, "due-per-minute", most)
        most = known.limits.due_per_host_minute
        counter = Counter(job.owner, host, minute_ms)
        allowance = _kept(self._hosts, (counter, most), lambda: Allowance(most))
        if not self._accepted(allowance, 1, counter, now_ms):
            message = f"You may have {most} jobs for one host that are due in one minute, and this one has them."
            raise _full(message, "due-per-host-minute", most)

    def _could_be_full(self, known: _Owner) -> bool:
        """Whether any minute could have all that it may have: not if there are not so many upcoming jobs at all.

        Other processes may have made more since they were counted, but not more than the owner's requests of a minute.
        """
        if known.upcoming is None:
            return False
        return known.upcoming.now + known.limits.requests_per_minute > known.limits.due_per_minute

    def _has_room(self, owner: str, minute_ms: int, limit: int, now_ms: int) -> bool:
        key = (owner, minute_ms, limit)
        seen = self._minutes.get(key)
        if seen is None or not seen.holds(now_ms):
            count = self._ask(lambda: self._usage.due(owner, minute_ms=minute_ms, at_most=limit), now_ms)
            if count is None:
                return True
            before = self._minutes.pop(key, Seen(limit, count, now_ms))
            again = before.seen_again(count, limit=limit, now_ms=now_ms, turn=self._turn)
            seen = _kept(self._minutes, key, lambda: again)
        return seen.accept(self._turn)

    def _accepted(self, allowance: Allowance, units: int, counter: Counter, now_ms: int) -> bool:
        """Take from what is at hand, or take another portion first."""
        if allowance.accept(units):
            return True
        wish = allowance.wish(units)
        if wish is None:
            return False
        least, most = wish
        taken = self._ask(lambda: self._usage.take(counter, least=least, most=most, limit=allowance.limit), now_ms)
        if taken is None:
            return True
        allowance.receive(taken)
        return allowance.accept(units)

    def _owner(self, owner: str, now_ms: int, *, look: bool = True) -> _Owner:
        """What is known of the owner, looked up anew when that was too long ago, and their counts of this minute."""
        known = self._owners.get(owner)
        if known is None or (look and not self._holds(known, now_ms)):
            standing = self._ask(lambda: self._usage.standing(owner, now_ms=now_ms), now_ms)
            if known is None:
                known = _kept(self._owners, owner, lambda: _Owner(self._defaults, now_ms))
            if standing is not None:
                known.limits = self._limits_of(standing)
                most, count = known.limits.upcoming_jobs, standing.upcoming
                before = known.upcoming or Seen(most, count, now_ms)
                known.upcoming = before.seen_again(count, limit=most, now_ms=now_ms, turn=self._turn)
            known.asked_ms = now_ms if standing is not None else now_ms - FRESH_MS + AWAY_MS
        minute_ms = _minute(now_ms)
        if known.minute_ms != minute_ms:
            known.minute_ms, known.requests, known.reads = minute_ms, None, 0
        return known

    def _holds(self, known: _Owner, now_ms: int) -> bool:
        if not 0 <= now_ms - known.asked_ms < FRESH_MS:
            return False
        return known.upcoming is None or known.upcoming.holds(now_ms)

    def _limits_of(self, standing: Standing) -> OwnerLimits:
        try:
            return self._defaults.changed(standing.limits)
        except SettingInvalid as invalid:  # newer code, or a hand in the table
            self._journal.tell("limits_unknown", error=str(invalid))
            return self._defaults

    def _ask(self, ask: Callable[[], Answer], now_ms: int) -> Answer | None:
        """What the table says, None if it cannot."""
        if self._away_since_ms is not None and 0 <= now_ms - self._away_since_ms < AWAY_MS:
            return None
        try:
            return ask()
        except StoreUnavailable as error:
            self._away_since_ms = now_ms
            self._journal.tell("limits_unknown", error=str(error))
        except DamagedItem as error:
            self._journal.tell("limits_unknown", error=str(error))
        return None


def _requests_of(known: _Owner) -> Allowance:
    most = known.limits.requests_per_minute
    if known.requests is None or known.requests.limit != most:
        known.requests = Allowance(most)
    return known.requests


def _full(message: str, name: str, most: int) -> QuotaExceeded:
    return QuotaExceeded("document", message, retry_after_seconds=ROOM_AGAIN_SECONDS, meter=Meter(name, most, 0))


def _place(job: Job) -> tuple[int, str]:
    """The minute in which a job is due, and the host that it calls, whatever the port."""
    return _minute(job.due_at_ms), host_of(job.request.url)


def _minute(at_ms: int) -> int:
    return at_ms - at_ms % MINUTE_MS


def _seconds_left(now_ms: int) -> int:
    """Until the minute is over, rounded up."""
    return -(-(MINUTE_MS - now_ms % MINUTE_MS) // 1000)


def _kept(memory: MutableMapping[Key, Value], key: Key, make: Callable[[], Value]) -> Value:
    """What is remembered under a key, made now if nothing is."""
    value = memory.get(key)
    if value is None:
        value = memory[key] = make()
        if len(memory) > MOST_KEPT:
            del memory[next(iter(memory))]
    return value
