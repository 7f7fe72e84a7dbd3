"""Owners are held to their limits (T9, T10), for little: what is asked of the table, and what if it does not answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.allowance import share
from lambdas.jobs.errors import QuotaExceeded, RateLimited, RequestRefused
from lambdas.jobs.job import Job, Request
from lambdas.jobs.limiting import AWAY_MS, Limiter
from lambdas.jobs.limits import Meter, OwnerLimits
from tests.examples import a_job
from tests.fakes import NOW_MS, FakeClock, FakeJobStore, FakeJournal, FakeUsage

LOW = OwnerLimits(requests_per_minute=3, reads_per_minute=5, upcoming_jobs=4, due_per_minute=3, due_per_host_minute=2)
NOT_HURRIED = LOW.changed({"requests_per_minute": 99})
ROOMY = OwnerLimits()


class World:
    """Processes that share a table."""

    def __init__(self, limits: OwnerLimits = LOW) -> None:
        self.clock = FakeClock()
        self.store = FakeJobStore()
        self.usage = FakeUsage(self.store)
        self.journal = FakeJournal()
        self.limits = limits
        self.here = self.process()

    def process(self) -> Limiter:
        return Limiter(usage=self.usage, journal=self.journal, defaults=self.limits)

    def request(self, owner: str = "ada", units: int = 1, *, limiter: Limiter | None = None) -> bool:
        return self._taken(lambda: (limiter or self.here).request(owner, now_ms=self.clock.ms, units=units))

    def read(self, owner: str = "ada") -> bool:
        return self._taken(lambda: self.here.read(owner, now_ms=self.clock.ms))

    def schedule(self, job: Job | None = None, *, limiter: Limiter | None = None) -> str | None:
        """Ask for a job, and store it if it is admitted; else the name of the limit that is reached."""
        job, limiter = job or a_job(), limiter or self.here
        limiter.request(job.owner, now_ms=self.clock.ms)
        try:
            limiter.admit(job, now_ms=self.clock.ms)
        except QuotaExceeded as refused:
            return refused.meter.name if refused.meter else "?"
        self.store.add(job)
        return None

    def _taken(self, do: Callable[[], None]) -> bool:
        try:
            do()
        except RateLimited:
            return False
        return True


@pytest.fixture
def world() -> World:
    return World()


def at(host: str, *, minute: int = 1) -> Job:
    return a_job(due_in_ms=minute * 60_000, request=Request("POST", f"https://{host}/"))


class TestRequests:
    def test_an_owner_has_so_many_in_a_minute_of_the_clock(self, world: World) -> None:
        """All processes together, others beside them; the next minute begins anew. NOW_MS is 20 s into its minute."""
        other = world.process()
        assert [world.request(limiter=limiter) for limiter in (None, other, None, other, None)] == [True] * 3 + [
            False
        ] * 2
        assert world.request("eve")
        world.clock.advance(seconds=39, ms=999)
        assert not world.request()
        world.clock.advance(ms=1)
        assert world.request() and world.request(limiter=other)

    def test_a_batch_counts_with_all_its_jobs_or_not_at_all(self, world: World) -> None:
        assert world.request(units=2) and not world.request(units=2) and world.request(units=1)

    def test_the_meter_tells_what_is_left_and_for_how_long(self, world: World) -> None:
        world.request(units=2)
        assert world.here.meter("ada", now_ms=world.clock.ms) == Meter("requests", 3, 1, 60, 40)
        world.request()
        with pytest.raises(RateLimited) as refused:
            world.here.request("ada", now_ms=world.clock.advance(seconds=39, ms=999))
        assert refused.value.meter == Meter("requests", 3, 0, 60, 1)

    def test_reads_are_counted_without_a_write(self, world: World) -> None:
        assert [world.read() for _ in range(6)] == [True] * 5 + [False]
        assert world.usage.writes == 0 and world.request() and world.read("eve")
        world.clock.advance(seconds=40)
        assert world.read()

    def test_a_normal_owner_costs_one_look_a_minute(self) -> None:
        world = World(ROOMY)
        for _ in range(100):
            assert world.schedule() is None
        assert world.usage.asked == {"standing": 1} and world.usage.writes == 0


@given(
    limit=st.sampled_from([1, 7, 99, 100, 350]),
    requests=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40), st.integers(0, 45_000)), max_size=60),
)
def test_whatever_comes_when_no_minute_has_more_than_limit_and_bound(
    limit: int, requests: list[tuple[int, int, int]]
) -> None:
    """T10. Three processes, whose clocks are seconds apart: each counts by the minute that it believes it is."""
    world = World(OwnerLimits(requests_per_minute=limit))
    processes = [world.process() for _ in range(3)]
    accepted: dict[int, int] = defaultdict(int)
    for process, units, pause_ms in requests:
        now_ms = world.clock.advance(ms=pause_ms) + 2_000 * (process - 1)
        with suppress(RateLimited):
            processes[process].request("ada", now_ms=now_ms, units=units)
            accepted[now_ms // 60_000] += units
    assert all(units <= limit + 3 * share(limit) for units in accepted.values())


class TestOwnLimits:
    def test_they_go_before_those_of_the_service(self, world: World) -> None:
        world.usage.set_limits("ada", {"requests_per_minute": 1})
        assert world.request() and not world.request()
        assert world.here.limits("ada", now_ms=world.clock.ms) == LOW.changed({"requests_per_minute": 1})

    def test_they_are_known_within_a_minute(self, world: World) -> None:
        """Also in the middle of the minute that is being counted."""
        assert world.request()
        world.usage.set_limits("ada", {"requests_per_minute": 2, "due_per_minute": 9})
        world.clock.advance(seconds=60)
        assert [world.request() for _ in range(3)] == [True, True, False]

    def test_those_that_nobody_understands_are_passed_over_and_told(self, world: World) -> None:
        """A hand in the table, or newer code."""
        world.usage.set_limits("ada", {"colour": 1})
        assert [world.request() for _ in range(4)] == [True] * 3 + [False]
        assert world.journal.events() == ["limits_unknown"]

    def test_what_cannot_be_read_is_passed_over_and_told(self, world: World) -> None:
        world.usage.damaged = True
        assert world.schedule() is None
        assert [world.request() for _ in range(3)] == [True] * 2 + [False]
        assert world.journal.events() == ["limits_unknown"]


class TestJobs:
    @pytest.fixture
    def world(self) -> World:
        return World(NOT_HURRIED)

    def test_an_owner_has_so_many_upcoming(self, world: World) -> None:
        """What has ended makes room, seen within seconds."""
        jobs = [at(f"{number}.example.com", minute=number) for number in range(1, 5)]
        assert [world.schedule(job) for job in jobs] == [None] * 4
        assert world.schedule(at("example.com", minute=9)) == "upcoming-jobs"
        assert world.schedule(replace(a_job(), owner="eve")) is None
        world.store.replace(jobs[0].cancelled(now_ms=NOW_MS, retention_ms=10**9), read_version=1)
        assert world.schedule(at("example.com", minute=9)) == "upcoming-jobs"
        world.clock.advance(ms=5_000)
        assert world.schedule(at("example.com", minute=9)) is None

    def test_so_many_are_due_in_one_minute(self, world: World) -> None:
        """Whichever process took them, and whatever their hosts."""
        jobs = [at(f"{number}.example.com") for number in range(4)]
        limiters = (world.here, world.process()) * 2
        assert [world.schedule(job, limiter=limiter) for job, limiter in zip(jobs, limiters, strict=True)] == [
            *[None] * 3,
            "due-per-minute",
        ]
        assert world.schedule(at("example.com", minute=2)) is None

    def test_so_many_of_a_minute_go_to_one_host(self, world: World) -> None:
        """T9. Its ports are one host; which process took them does not matter."""
        other = world.process()
        assert world.schedule(at("example.com")) is None
        assert world.schedule(at("example.com:8443"), limiter=other) is None
        assert [world.schedule(at("example.com:8080"), limiter=limiter) for limiter in (world.here, other)] == [
            "due-per-host-minute"
        ] * 2
        assert world.schedule(at("example.org")) is None
        assert world.schedule(at("example.com", minute=2)) is None

    def test_a_minute_is_not_looked_at_as_long_as_it_cannot_be_full(self) -> None:
        """Not while there are not so many upcoming jobs at all, with those that others may make meanwhile."""
        world = World(OwnerLimits(requests_per_minute=30, due_per_minute=50))
        for number in range(20):
            assert world.schedule(at(f"{number}.example.com")) is None
        assert "due" not in world.usage.asked
        assert world.schedule(at("example.com")) is None
        assert world.usage.asked["due"] == 1

    def test_a_job_that_moves_needs_room_where_it_goes(self, world: World) -> None:
        """To another minute or host; what stays in its minute at its host may change."""
        jobs = [at("example.com"), at("example.com"), at("example.com", minute=2)]
        assert [world.schedule(job) for job in jobs] == [None] * 3
        moved = replace(jobs[2], due_at_ms=jobs[0].due_at_ms + 5)
        with pytest.raises(QuotaExceeded) as refused:
            world.here.admit_move(jobs[2], moved, now_ms=NOW_MS)
        assert refused.value.meter == Meter("due-per-host-minute", 2, 0)
        world.here.admit_move(jobs[0], replace(jobs[0], name="new", due_at_ms=jobs[0].due_at_ms + 5), now_ms=NOW_MS)
        world.here.admit_move(jobs[2], replace(jobs[2], due_at_ms=NOW_MS + 300_000), now_ms=NOW_MS)


class TestTheTableIsAway:
    def test_nothing_is_refused_for_that(self, world: World) -> None:
        """F20: the table refuses by itself what needs it; and a request waits for its time-outs once."""
        world.usage.down = True
        for _ in range(20):
            assert world.schedule() is None
        assert sum(world.usage.asked.values()) == 1
        assert world.journal.events() == ["limits_unknown"]

    def test_counting_goes_on_when_it_is_back(self, world: World) -> None:
        world.usage.down = True
        world.request()
        world.usage.down = False
        world.clock.advance(ms=AWAY_MS)
        assert [world.request() for _ in range(4)] == [True] * 3 + [False]

    def test_what_was_known_is_gone_by_meanwhile(self, world: World) -> None:
        world.usage.set_limits("ada", {"requests_per_minute": 1})
        assert world.request()
        world.usage.down = True
        assert not world.request()
        world.clock.advance(seconds=3_600)
        assert world.here.limits("ada", now_ms=world.clock.ms).requests_per_minute == 1


def test_what_a_process_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """T10: who makes up hosts, minutes or owners does not fill its memory."""
    monkeypatch.setattr("lambdas.jobs.limiting.MOST_KEPT", 5)
    world = World(ROOMY)
    for number in range(20):
        assert world.request(f"owner-{number}")
        assert world.schedule(at(f"{number}.example.com", minute=number)) is None
    for memory in ("_owners", "_hosts", "_minutes"):
        assert len(getattr(world.here, memory)) <= 5


def test_a_refusal_is_429_with_a_code() -> None:
    """Too many requests, or too many jobs."""
    meter = Meter("requests", 1, 0)
    refusals: list[RequestRefused] = [
        RateLimited("Wait.", meter),
        QuotaExceeded("at", "No room.", retry_after_seconds=1, meter=meter),
    ]
    assert [(refused.status, refused.code) for refused in refusals] == [(429, "rate_limited"), (429, "quota_exceeded")]
