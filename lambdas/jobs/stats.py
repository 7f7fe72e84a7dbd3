"""What `GET /v1/stats` asks for and tells: how many jobs are due in a range of time, by status, hour by hour or day by
day of somebody's own clock.

A range that begins and ends on a quarter of an hour is a sum of counters. What is left of a quarter that the range
cuts is counted job by job.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdas.jobs.asking import LARGEST_PAGE, given_once, read_instant
from lambdas.jobs.counting import DAY_MS, QUARTER_MS, DayCount
from lambdas.jobs.due_time import LONGEST_DELAY_SECONDS, check_zone_name, local
from lambdas.jobs.errors import Fault, RequestRefused, ValueRefused
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.intervals import day_of, first_instant, starts
from lambdas.jobs.job import Status
from lambdas.jobs.listing import ListQuery

if TYPE_CHECKING:
    from lambdas.jobs.ports import Counters, JobStore

LONGEST_DAYS = {"hour": 31, "day": 400}
"""How long a range may be, by interval: reads stay under two megabytes and the answer under 200 KB."""

REACH_DAYS = {"hour": 1, "day": 30}
"""How far back and ahead of today is counted where the range is left open."""

MOST_JOBS_CUT = 500
"""Of a quarter that the range cuts: so many jobs are looked at one by one."""

_CLOCKS_CHANGE_MS = 2 * 3_600_000
"""By how much a month or a year may be longer than its days of 24 hours."""

Counts = Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class StatsQuery:
    """An owner's jobs with `from_ms` ≤ due time < `to_ms`, by `interval` ("hour" or "day") of the clock in `zone`."""

    owner: str
    from_ms: int
    to_ms: int
    interval: str
    zone: str


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts in all, and interval by interval: when each begins (epoch ms), and what is due in it."""

    totals: Counts
    series: Sequence[tuple[int, Counts]]


class _Cut(NamedTuple):
    """The part of a quarter that is in the range; `side` is the parameter that cuts it."""

    side: str
    quarter_ms: int
    from_ms: int
    to_ms: int


class _Quarter(NamedTuple):
    """How many jobs are due in a quarter, by status; `expired` of them are in the table no more."""

    counts: Counts
    expired: int


def stats_query(parameters: Iterable[tuple[str, str]], *, owner: str, now_ms: int) -> StatsQuery:
    """What an owner asks for with the parameters of `GET /v1/stats`, decoded, in order and with repeats.

    An empty value is as good as none. Raises RequestRefused with all faults.
    """
    given, faults = given_once(parameters, known=tuple(_READ))
    values: dict[str, Any] = {}
    for name, read in _READ.items():
        try:
            values[name] = read(given[name]) if given.get(name) else None
        except ValueRefused as refused:
            faults.append(Fault(name, refused.code, refused.message))
    if faults:
        raise RequestRefused(422, "Invalid request", faults)
    return _whole(values, owner, now_ms)


def stats(query: StatsQuery, *, counters: Counters, store: JobStore) -> Stats:
    """Count. Raises RequestRefused for a quarter that the range cuts and that cannot be counted job by job."""
    begins = starts(query.interval, query.zone, from_ms=query.from_ms, to_ms=query.to_ms)
    series = [Counter[Status]() for _ in begins]

    def interval_of(due_at_ms: int) -> Counter[Status]:
        return series[bisect.bisect_right(begins, due_at_ms) - 1]

    if begins:
        days = counters.read(query.owner, first=query.from_ms // DAY_MS, last=(query.to_ms - 1) // DAY_MS)
        quarters = _quarters(days)
        for due_at_ms, quarter in quarters.items():
            if query.from_ms <= due_at_ms <= query.to_ms - QUARTER_MS:
                interval_of(due_at_ms).update(quarter.counts)
        for cut in _cuts(query):
            if cut.quarter_ms in quarters:
                _check_cut(cut, quarters[cut.quarter_ms])
                for due_at_ms, status in _jobs_due(query.owner, cut, store):
                    interval_of(due_at_ms)[status] += 1
    total = sum(series, Counter[Status]())
    return Stats(_of_all(total), [(ms, _of_all(counts)) for ms, counts in zip(begins, series, strict=True)])


def shown_stats(query: StatsQuery, found: Stats) -> dict[str, Any]:
    """The answer to a question, as JSON has it."""
    return {
        "from": rfc3339(query.from_ms),
        "to": rfc3339(query.to_ms),
        "interval": query.interval,
        "timezone": query.zone,
        "totals": found.totals,
        "series": [
            {"start": rfc3339(ms), "start_local": local(ms, query.zone), **counts} for ms, counts in found.series
        ],
    }


def _whole(values: Mapping[str, Any], owner: str, now_ms: int) -> StatsQuery:
    """The question with what was left out of it: days of UTC, and a month (by hour: a day) on either side of today,
    or of the end that was given."""
    for name in ("from", "to"):
        if values[name] is not None and not 0 <= values[name] <= now_ms + LONGEST_DELAY_SECONDS * 1000:
            raise _refused(name, f"No job is due then: {name} must lie in the years from 1970 to 100 years from now.")
    zone, interval = values["timezone"] or "UTC", values["interval"] or "day"
    today, reach = day_of(now_ms, zone), timedelta(days=REACH_DAYS[interval])
    from_ms, to_ms = values["from"], values["to"]
    earliest = min(today, day_of(to_ms, zone)) if to_ms is not None else today
    latest = max(today, day_of(from_ms, zone)) if from_ms is not None else today
    if from_ms is None:
        from_ms = first_instant(earliest - reach, zone)
    if to_ms is None:
        to_ms = first_instant(latest + reach + timedelta(days=1), zone)
    most = LONGEST_DAYS[interval]
    if from_ms > to_ms:
        raise _refused("to", "to must not be before from.")
    if to_ms - from_ms > most * DAY_MS + _CLOCKS_CHANGE_MS:
        raise _refused("to", f"By {interval}, a range may have {most} days at most. Ask for its parts.")
    return StatsQuery(owner, from_ms, to_ms, interval, zone)


def _quarters(days: Iterable[DayCount]) -> Mapping[int, _Quarter]:
    """By when they begin (epoch ms). Counters that were begun with jobs already there may be below zero until they are
    recounted; nobody has fewer jobs than none."""
    quarters: dict[int, _Quarter] = {}
    for day in days:
        for cell, number in day.cells.items():
            begin_ms = day.day.number * DAY_MS + cell.quarter * QUARTER_MS
            counts, expired = quarters.get(begin_ms, _Quarter({}, 0))
            counted = max(number, 0)
            counts = {**counts, cell.status: counts.get(cell.status, 0) + counted}
            quarters[begin_ms] = _Quarter(counts, expired + counted * cell.expired)
    return quarters


def _cuts(query: StatsQuery) -> Iterator[_Cut]:
    """The parts of quarters at the ends of the range; one, where both ends cut the same quarter."""
    first, last = query.from_ms // QUARTER_MS * QUARTER_MS, query.to_ms // QUARTER_MS * QUARTER_MS
    if first < query.from_ms:
        yield _Cut("from", first, query.from_ms, min(first + QUARTER_MS, query.to_ms))
    if last < query.to_ms and (last > first or first == query.from_ms):
        yield _Cut("to", last, max(last, query.from_ms), query.to_ms)


def _check_cut(cut: _Cut, quarter: _Quarter) -> None:
    """Refuse what cannot be right to the job: jobs that have expired have left their count and not their due time."""
    jobs = sum(quarter.counts.values())
    if quarter.expired:
        why = f"{quarter.expired} of its jobs have expired, and when in it they were due is known no more"
    elif jobs > MOST_JOBS_CUT:
        why = f"{jobs} jobs are due in it, and at most {MOST_JOBS_CUT} are looked at one by one"
    else:
        return
    raise _not_cut(cut, why)


def _jobs_due(owner: str, cut: _Cut, store: JobStore) -> Iterable[tuple[int, Status]]:
    """Due time and status of the jobs in a cut, each once, though one that changes may be on two pages.

    Those too that have expired and are not deleted yet: counters have them as they are, and at the beginning of time
    nothing has expired.
    """
    query = ListQuery(owner, from_ms=cut.from_ms, to_ms=cut.to_ms, limit=LARGEST_PAGE)
    found: dict[str, tuple[int, Status]] = {}
    while True:
        page = store.list(query, now_ms=0)
        if page.damaged:
            raise _not_cut(cut, f"{len(page.damaged)} of its jobs cannot be read")
        found.update({job.id: (job.due_at_ms, job.status) for job in page.jobs})
        if page.after is None:
            return found.values()
        query = replace(query, after=page.after)


def _of_all(counts: Counts) -> Counts:
    """With a figure for each status."""
    return {status: counts.get(status, 0) for status in Status}


def _not_cut(cut: _Cut, why: str) -> RequestRefused:
    begin, end = rfc3339(cut.quarter_ms), rfc3339(cut.quarter_ms + QUARTER_MS)
    message = f"{cut.side} cuts the quarter of an hour that begins at {begin}: {why}. Take {begin} or {end}."
    return _refused(cut.side, message)


def _refused(name: str, message: str) -> RequestRefused:
    return RequestRefused(422, "Invalid request", [Fault(name, "range", message)])


def _interval(text: str) -> str:
    if text not in LONGEST_DAYS:
        raise ValueRefused("range", "interval must be hour or day.")
    return text


def _zone(name: str) -> str:
    check_zone_name(name)
    return name


_READ: dict[str, Callable[[str], Any]] = {
    "from": read_instant,
    "to": read_instant,
    "interval": _interval,
    "timezone": _zone,
}
