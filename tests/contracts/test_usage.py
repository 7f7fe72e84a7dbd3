"""What every store of owners' usage does (T9, T10): counters that give so much and no more, and counts of jobs."""

from __future__ import annotations

from dataclasses import replace

from lambdas.adapters.dynamodb_usage import DynamoDbUsage
from lambdas.jobs.counting import DAY_MS, Cell, Day, Step
from lambdas.jobs.job import Status
from lambdas.jobs.limits import Counter, Standing, Taken
from tests.contracts.conftest import Table, Used
from tests.examples import a_job, new_id
from tests.fakes import NOW_MS

MINUTE_MS = NOW_MS - NOW_MS % 60_000
REQUESTS = Counter("ada", "", MINUTE_MS)


class TestCounters:
    def test_a_counter_gives_what_is_asked_for_and_says_what_is_left(self, used: Used) -> None:
        assert used.usage.take(REQUESTS, least=1, most=4, limit=10) == Taken(4, 6)
        assert used.usage.take(REQUESTS, least=1, most=4, limit=10) == Taken(4, 2)
        assert used.usage.taken(REQUESTS) == 8

    def test_the_last_of_it_is_given_whole(self, used: Used) -> None:
        """Whoever asks for more than there is gets the rest, if that is enough for them."""
        used.usage.take(REQUESTS, least=1, most=8, limit=10)
        assert used.usage.take(REQUESTS, least=2, most=5, limit=10) == Taken(2, 0)
        assert used.usage.take(REQUESTS, least=1, most=1, limit=10) == Taken(0, 0)
        assert used.usage.taken(REQUESTS) == 10

    def test_what_is_too_little_is_left_to_others(self, used: Used) -> None:
        used.usage.take(REQUESTS, least=1, most=8, limit=10)
        assert used.usage.take(REQUESTS, least=3, most=5, limit=10) == Taken(0, 2)
        assert used.usage.take(REQUESTS, least=1, most=2, limit=10) == Taken(2, 0)

    def test_a_new_counter_gives_no_more_than_its_limit_either(self, used: Used) -> None:
        assert used.usage.take(REQUESTS, least=11, most=20, limit=10) == Taken(0, 10)
        assert used.usage.take(REQUESTS, least=1, most=20, limit=10) == Taken(10, 0)

    def test_a_limit_that_was_lowered_since_gives_nothing(self, used: Used) -> None:
        used.usage.take(REQUESTS, least=1, most=8, limit=10)
        assert used.usage.take(REQUESTS, least=1, most=1, limit=5) == Taken(0, 0)

    def test_minutes_owners_and_hosts_are_counted_apart(self, used: Used) -> None:
        others = [
            REQUESTS._replace(owner="eve"),
            REQUESTS._replace(host="example.com"),
            REQUESTS._replace(host="example.com", minute_ms=MINUTE_MS + 60_000),
            REQUESTS._replace(minute_ms=MINUTE_MS + 60_000),
        ]
        used.usage.take(REQUESTS, least=1, most=3, limit=10)
        assert [used.usage.taken(other) for other in others] == [0, 0, 0, 0]
        for units, other in enumerate(others, 1):
            used.usage.take(other, least=units, most=units, limit=10)
        assert [used.usage.taken(counter) for counter in (REQUESTS, *others)] == [3, 1, 2, 3, 4]


class TestLimits:
    def test_an_owner_has_none_of_their_own_until_somebody_gives_them_some(self, used: Used) -> None:
        assert used.usage.standing("ada", now_ms=NOW_MS) == Standing({}, 0)
        used.usage.set_limits("ada", {"requests_per_minute": 7, "upcoming_jobs": 10**9})
        assert used.usage.standing("ada", now_ms=NOW_MS).limits == {"requests_per_minute": 7, "upcoming_jobs": 10**9}
        assert used.usage.standing("eve", now_ms=NOW_MS).limits == {}

    def test_they_are_replaced_whole_and_can_be_taken_away(self, used: Used) -> None:
        used.usage.set_limits("ada", {"requests_per_minute": 7})
        used.usage.set_limits("ada", {"upcoming_jobs": 8})
        assert used.usage.standing("ada", now_ms=NOW_MS).limits == {"upcoming_jobs": 8}
        for _ in range(2):
            used.usage.set_limits("ada", {})
            assert used.usage.standing("ada", now_ms=NOW_MS).limits == {}


class TestJobs:
    def test_unfinished_jobs_of_the_owner_are_counted(self, used: Used) -> None:
        """Also one that runs; not those that have ended, nor others'."""
        running, cancelled = (used.store.add(a_job()) for _ in range(2))
        for job in (a_job(due_in_ms=10**9), a_job(owner="eve")):
            used.store.add(job)
        used.store.claim(running.id, fire_at_ms=running.fire_at_ms, claim_id="c", now_ms=NOW_MS)
        used.store.replace(cancelled.cancelled(now_ms=NOW_MS, retention_ms=10**9), read_version=1)
        assert used.usage.standing("ada", now_ms=NOW_MS).upcoming == 2

    def test_jobs_of_a_minute_are_those_from_its_first_millisecond_to_its_last(self, used: Used) -> None:
        """And no more of them are counted than anyone wants to know of."""
        for due_at_ms in (MINUTE_MS - 1, MINUTE_MS, MINUTE_MS + 1, MINUTE_MS + 59_999, MINUTE_MS + 60_000):
            used.store.add(replace(a_job(), id=new_id(), due_at_ms=due_at_ms, fire_at_ms=due_at_ms))
        used.store.add(replace(a_job(owner="eve"), due_at_ms=MINUTE_MS, fire_at_ms=MINUTE_MS))
        assert used.usage.due("ada", minute_ms=MINUTE_MS, at_most=10) == 3
        assert used.usage.due("ada", minute_ms=MINUTE_MS, at_most=2) == 2
        assert used.usage.due("ada", minute_ms=MINUTE_MS + 120_000, at_most=10) == 0


def test_of_many_jobs_the_counters_tell(table: Table) -> None:
    """Those that wait, from some weeks ago on; and not fewer than were seen, if the counters lag or are damaged."""
    usage, store, counters = DynamoDbUsage(table.client, table.name, few=3), table.store(), table.counters()
    today = Day("ada", NOW_MS // DAY_MS)

    def count(day: Day, jobs: int, *, sequence: int) -> None:
        step = Step(sequence, {Cell(0, Status.SCHEDULED): jobs, Cell(0, Status.SUCCEEDED): 9})
        assert counters.add({day: [step]}, lane="lane", now_ms=NOW_MS) == []

    def upcoming() -> int:
        return usage.standing("ada", now_ms=NOW_MS).upcoming

    count(today, 2, sequence=1)
    assert upcoming() == 0
    for _ in range(4):
        store.add(a_job())
    assert upcoming() == 3
    for sequence, days in enumerate((-31, -30, 0, 36_500), 2):
        count(today._replace(number=today.number + days), 5, sequence=sequence)
    assert upcoming() == 2 + 3 * 5
    key = {"pk": {"S": "STATS#ada"}, "sk": {"S": today.text}}
    table.client.put_item(TableName=table.name, Item={**key, "version": {"S": "one"}})
    assert upcoming() == 3
