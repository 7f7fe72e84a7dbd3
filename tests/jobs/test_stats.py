"""What an owner asks of counts, and what is told: right to the job, for any range, on anybody's clock (F30)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.counting import DAY_MS, QUARTER_MS, Standing, steps_of
from lambdas.jobs.counting import Change as Counted
from lambdas.jobs.errors import RequestRefused
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Job, Status
from lambdas.jobs.stats import LONGEST_DAYS, MOST_JOBS_CUT, Stats, shown_stats, stats, stats_query
from tests.examples import RETENTION_MS, a_job, new_id
from tests.fakes import NOW_MS, FakeCounters, FakeJobStore
from tests.jobs.test_intervals import at

QUARTER = NOW_MS // QUARTER_MS * QUARTER_MS
"""2026-09-21T14:00:00Z, the quarter of an hour in which tests begin."""


class World:
    """Jobs, and the counters of them."""

    def __init__(self) -> None:
        self.store, self.counters = FakeJobStore(), FakeCounters()

    def add(self, due_at_ms: int, *, owner: str = "ada", cancelled: bool = False) -> Job:
        job = a_job(id=new_id(), owner=owner, due_at_ms=due_at_ms, fire_at_ms=due_at_ms)
        job = self.store.add(job)
        if cancelled:
            job = self.store.replace(job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS), read_version=1)
        self.counters.preset(Standing(owner, due_at_ms, job.status))
        return job

    def ask(self, query: str = "", *, owner: str = "ada") -> Stats:
        parameters = [tuple(pair.split("=", 1)) for pair in query.split("&") if pair]
        asked = stats_query(parameters, owner=owner, now_ms=NOW_MS)  # type: ignore[arg-type]
        return stats(asked, counters=self.counters, store=self.store)


@pytest.fixture
def world() -> World:
    return World()


def counts(**some: int) -> dict[Status, int]:
    return {status: some.get(status.value, 0) for status in Status}


def between(from_ms: int, to_ms: int) -> str:
    return f"from={rfc3339(from_ms)}&to={rfc3339(to_ms)}"


def faults(query: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    with pytest.raises(RequestRefused) as refused:
        stats_query(query, owner="ada", now_ms=NOW_MS)
    assert refused.value.status == 422
    return [(fault.field, fault.code) for fault in refused.value.faults]


def test_jobs_are_counted_by_status_in_total_and_day_by_day(world: World) -> None:
    """Days without jobs are there too; `from` is in, `to` is not."""
    for due_at_ms in (QUARTER, QUARTER + 1, QUARTER + DAY_MS, QUARTER + 3 * DAY_MS):
        world.add(due_at_ms)
    world.add(QUARTER, cancelled=True)
    found = world.ask(between(QUARTER, QUARTER + 3 * DAY_MS))
    assert found.totals == counts(scheduled=3, cancelled=1)
    midnight = QUARTER // DAY_MS * DAY_MS
    assert found.series == [
        (QUARTER, counts(scheduled=2, cancelled=1)),
        (midnight + DAY_MS, counts(scheduled=1)),
        (midnight + 2 * DAY_MS, counts()),
        (midnight + 3 * DAY_MS, counts()),
    ]


def test_an_owner_counts_only_their_own(world: World) -> None:
    """T5."""
    world.add(QUARTER, owner="eve")
    assert world.ask().totals == counts()
    assert world.ask(between(NOW_MS - 1, NOW_MS + 1)).totals == counts()


def test_a_range_that_cuts_quarters_is_right_to_the_millisecond(world: World) -> None:
    """What is left of them is counted job by job, in the interval where it belongs."""
    dues = [QUARTER + offset for offset in (0, 99, 100, 101, QUARTER_MS, 2 * QUARTER_MS + 199, 2 * QUARTER_MS + 200)]
    for due_at_ms in dues:
        world.add(due_at_ms)
    found = world.ask(between(QUARTER + 100, QUARTER + 2 * QUARTER_MS + 200))
    assert found.totals == counts(scheduled=4)
    assert world.ask(between(QUARTER + 99, QUARTER + 101)).totals == counts(scheduled=2)
    assert world.ask(between(QUARTER, QUARTER + 100)).totals == counts(scheduled=2)
    assert world.ask(between(QUARTER + 100, QUARTER + QUARTER_MS)).totals == counts(scheduled=2)
    by_hour = world.ask(f"{between(QUARTER + 1, QUARTER + 2 * QUARTER_MS + 200)}&interval=hour")
    assert by_hour.series == [(QUARTER + 1, counts(scheduled=5))]


def test_more_jobs_of_a_cut_quarter_than_a_page_holds_are_counted(world: World) -> None:
    """Page by page, up to a limit."""
    for number in range(250):
        world.add(QUARTER + number)
    assert world.ask(between(QUARTER + 10, QUARTER + DAY_MS)).totals == counts(scheduled=240)


def test_a_quarter_that_cannot_be_counted_job_by_job_is_not_cut(world: World) -> None:
    """Too many jobs, or some that have expired: refused with the quarters to take instead, never answered wrongly."""
    world.counters.preset(*[Standing("ada", QUARTER, Status.SUCCEEDED)] * (MOST_JOBS_CUT + 1))
    tomorrow = QUARTER + DAY_MS
    gone = Standing("ada", tomorrow, Status.FAILED)
    changes = [Counted(1, None, gone), Counted(2, gone, None, expired=True)]
    world.counters.add(steps_of(changes), lane="lane", now_ms=NOW_MS)
    for field, (from_ms, to_ms) in {
        "from": (QUARTER + 1, QUARTER + DAY_MS),
        "to": (QUARTER - DAY_MS, QUARTER + 1),
    }.items():
        for shift in (0, DAY_MS):
            with pytest.raises(RequestRefused) as refused:
                world.ask(between(from_ms + shift, to_ms + shift))
            (fault,) = refused.value.faults
            assert (fault.field, fault.code) == (field, "range")
            assert rfc3339(QUARTER + shift + QUARTER_MS) in fault.message
    assert world.ask(between(QUARTER, tomorrow + QUARTER_MS)).totals == counts(succeeded=MOST_JOBS_CUT + 1, failed=1)


def test_a_quarter_with_a_job_that_cannot_be_read_is_not_cut(world: World) -> None:
    """F28: whether it is due in this part of it, nobody can say; whole quarters are counted."""
    job = world.add(QUARTER + 5)
    world.store.damaged.add(job.id)
    with pytest.raises(RequestRefused) as refused:
        world.ask(between(QUARTER + 1, QUARTER + DAY_MS))
    assert "cannot be read" in refused.value.faults[0].message
    assert world.ask(between(QUARTER, QUARTER + DAY_MS)).totals == counts(scheduled=1)


def test_what_has_expired_and_is_not_deleted_yet_is_counted_like_any_other(world: World) -> None:
    """AWS deletes within days of the expiry; until then counters have it as it is, and a cut quarter must too."""
    old = QUARTER - RETENTION_MS - 3 * DAY_MS
    job = a_job(id=new_id(), owner="ada", due_at_ms=old, fire_at_ms=old)
    ended = world.store.add(job).cancelled(now_ms=old, retention_ms=RETENTION_MS)
    world.store.replace(ended, read_version=1)
    world.counters.preset(Standing("ada", old, Status.CANCELLED))
    whole = world.ask(between(old // QUARTER_MS * QUARTER_MS, old // QUARTER_MS * QUARTER_MS + QUARTER_MS))
    assert whole.totals == world.ask(between(old - 1, old + 1)).totals == counts(cancelled=1)


def test_what_has_expired_is_counted_on(world: World) -> None:
    """F30: the job is gone, its count is not."""
    job = world.add(QUARTER, cancelled=True)
    standing = Standing("ada", QUARTER, Status.CANCELLED)
    world.counters.add(steps_of([Counted(1, standing, None, expired=True)]), lane="lane", now_ms=NOW_MS)
    del world.store._jobs[job.id]
    assert world.ask(between(QUARTER, QUARTER + QUARTER_MS)).totals == counts(cancelled=1)


def test_counters_below_zero_are_none(world: World) -> None:
    """As they are for jobs that were there before they were counted, until a recount."""
    scheduled, running = Standing("ada", QUARTER, Status.SCHEDULED), Standing("ada", QUARTER, Status.RUNNING)
    world.counters.add(steps_of([Counted(1, scheduled, running)]), lane="lane", now_ms=NOW_MS)
    assert world.ask().totals == counts(running=1)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("interval=hour", ("2026-09-20T00:00:00.000Z", "2026-09-23T00:00:00.000Z", "UTC")),
        ("", ("2026-08-22T00:00:00.000Z", "2026-10-22T00:00:00.000Z", "UTC")),
        ("timezone=Asia/Kolkata", ("2026-08-21T18:30:00.000Z", "2026-10-21T18:30:00.000Z", "Asia/Kolkata")),
        ("from=2026-09-01T06:07:30Z", ("2026-09-01T06:07:30.000Z", "2026-10-22T00:00:00.000Z", "UTC")),
        ("from=2027-03-01T00:00Z", ("2027-03-01T00:00:00.000Z", "2027-04-01T00:00:00.000Z", "UTC")),
        ("to=2026-09-22T00:00%2B02:00", ("2026-08-22T00:00:00.000Z", "2026-09-21T22:00:00.000Z", "UTC")),
        ("to=2026-03-01T00:00Z", ("2026-01-30T00:00:00.000Z", "2026-03-01T00:00:00.000Z", "UTC")),
    ],
    ids=["by hour", "nothing", "a zone", "from", "a far from", "to", "a past to"],
)
def test_what_is_left_open_is_a_month_on_either_side(world: World, given: str, shown: tuple[str, str, str]) -> None:
    """Of today, or of what was given; in whole days of the zone. The answer says what it is about."""
    parameters = [tuple(pair.replace("%2B", "+").split("=")) for pair in given.split("&") if pair]
    query = stats_query(parameters, owner="ada", now_ms=NOW_MS)  # type: ignore[arg-type]
    answer = shown_stats(query, stats(query, counters=world.counters, store=world.store))
    assert (answer["from"], answer["to"], answer["timezone"]) == shown
    assert answer["interval"] == ("hour" if "hour" in given else "day")


def test_an_answer_shows_each_start_in_utc_and_on_the_clock(world: World) -> None:
    """With a figure for each status."""
    world.add(at("2026-10-25T00:59"))
    query = stats_query(
        [
            ("from", "2026-10-25T00:00:00Z"),
            ("to", "2026-10-25T02:00:00Z"),
            ("interval", "hour"),
            ("timezone", "Europe/Berlin"),
        ],
        owner="ada",
        now_ms=NOW_MS,
    )
    answer = shown_stats(query, stats(query, counters=world.counters, store=world.store))
    none: dict[str, Any] = {"scheduled": 0, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0}
    assert answer["totals"] == none | {"scheduled": 1}
    assert answer["series"] == [
        {"start": "2026-10-25T00:00:00.000Z", "start_local": "2026-10-25T02:00:00.000+02:00", **none, "scheduled": 1},
        {"start": "2026-10-25T01:00:00.000Z", "start_local": "2026-10-25T02:00:00.000+01:00", **none},
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("status", "failed")], [("status", "unknown_field")]),
        ([("from", "x"), ("to", "2026-09-22T00:00")], [("from", "at_format"), ("to", "at_offset_required")]),
        (
            [("interval", "week"), ("timezone", "Mars/Olympus")],
            [("interval", "range"), ("timezone", "timezone_unknown")],
        ),
        ([("from", "2026-09-22T00:00Z"), ("to", "2026-09-21T00:00Z")], [("to", "range")]),
        ([("from", "2026-09-22T00:00Z"), ("from", "2026-09-22T00:00Z")], [("from", "type")]),
        ([("from", "1969-12-31T00:00Z")], [("from", "range")]),
        ([("to", "9999-12-31T23:59Z")], [("to", "range")]),
        ([("from", "0001-01-01T00:00Z"), ("timezone", "Asia/Tokyo")], [("from", "range")]),
        ([("from", "2026-01-01T00:00Z"), ("to", "2027-03-01T00:00Z")], [("to", "range")]),
        ([("from", "2026-01-01T00:00Z"), ("to", "2026-02-02T00:00Z"), ("interval", "hour")], [("to", "range")]),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_all_that_is_wrong(
    query: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    """By parameter; reads are bounded by how long a range may be."""
    assert faults(query) == expected


def test_empty_parameters_are_as_good_as_none(world: World) -> None:
    """And an empty range has no intervals."""
    world.add(QUARTER)
    assert world.ask("from=&to=&interval=&timezone=") == world.ask()
    assert world.ask(between(QUARTER, QUARTER)) == Stats(counts(), [])


@pytest.mark.parametrize(("zone", "month"), [("Europe/Berlin", "2026-10"), ("Pacific/Chatham", "2027-04")])
def test_a_whole_month_of_the_longest_kind_is_not_too_long(world: World, zone: str, month: str) -> None:
    """Of 31 days and an hour; a year and a month by days."""
    from_ms, days = {"2026-10": (at("2026-09-30T22:00"), 31), "2027-04": (at("2027-03-31T10:15"), 30)}[month]
    length = days * DAY_MS + 3_600_000
    assert len(world.ask(f"{between(from_ms, from_ms + length)}&interval=hour&timezone={zone}").series) == days * 24 + 1
    longest = LONGEST_DAYS["day"] * DAY_MS
    assert len(world.ask(f"{between(from_ms, from_ms + longest)}&timezone={zone}").series) in (400, 401)


OFFSETS = st.integers(-3 * QUARTER_MS, 100 * QUARTER_MS)


@given(
    dues=st.lists(st.tuples(OFFSETS, st.booleans()), max_size=12),
    edges=st.tuples(OFFSETS, OFFSETS),
    zone=st.sampled_from(["UTC", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    interval=st.sampled_from(["hour", "day"]),
)
def test_any_range_is_right_to_the_job(
    dues: list[tuple[int, bool]], edges: tuple[int, int], zone: str, interval: str
) -> None:
    """Whatever it cuts: the totals are those of the jobs, and the series is the totals in parts."""
    world, (from_ms, to_ms) = World(), sorted(QUARTER + edge for edge in edges)
    jobs = [world.add(QUARTER + offset, cancelled=cancelled) for offset, cancelled in dues]
    found = world.ask(f"{between(from_ms, to_ms)}&timezone={zone}&interval={interval}")
    for status in Status:
        expected = [job for job in jobs if job.status is status and from_ms <= job.due_at_ms < to_ms]
        assert found.totals[status] == len(expected) == sum(part[status] for _, part in found.series)
    ends = [*(ms for ms, _ in found.series[1:]), to_ms]
    for (start_ms, part), end_ms in zip(found.series, ends, strict=from_ms < to_ms):
        assert sum(part.values()) == sum(start_ms <= job.due_at_ms < end_ms for job in jobs)
