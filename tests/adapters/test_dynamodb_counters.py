"""Counters on DynamoDB when two count at once, a reply is lost, or an item is not as it should be."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.adapters.dynamodb_counters import MARKS_KEPT, DynamoDbCounters
from lambdas.jobs.counting import Cell, Day, DayCount, Step
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.job import Status
from tests.contracts.aws_places import interrupted
from tests.contracts.conftest import Table, table_in
from tests.fakes import NOW_MS

DAY, OTHER_DAY = Day("ada", 20_717), Day("ada", 20_718)
SCHEDULED = Cell(56, Status.SCHEDULED)
HOUR_MS = 3_600_000


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Table:
    return table_in("moto", request)


@pytest.fixture
def counters(table: Table) -> DynamoDbCounters:
    return table.counters()


def count(counters: DynamoDbCounters, number: int, *, lane: str = "lane", day: Day = DAY, now_ms: int = NOW_MS) -> None:
    assert counters.add({day: [Step(number, {SCHEDULED: 1})]}, lane=lane, now_ms=now_ms) == []


def test_two_copies_of_one_batch_at_once_count_once(table: Table, counters: DynamoDbCounters) -> None:
    """The second arrives while the first is about to write."""

    def rival(**_: Any) -> None:
        table.counters().add({DAY: [Step(1, {SCHEDULED: 1}), Step(2, {SCHEDULED: 1})]}, lane="lane", now_ms=NOW_MS)

    steps = [Step(number, {SCHEDULED: 1}) for number in (1, 2, 3)]
    with interrupted(table.client, "before-call.dynamodb.UpdateItem", rival):
        counters.add({DAY: steps}, lane="lane", now_ms=NOW_MS)
    assert counters.find(DAY).cells == {SCHEDULED: 3}


def test_a_lost_reply_counts_nothing_twice(table: Table, counters: DynamoDbCounters) -> None:
    """The client sends the update again, and is told that it was counted."""
    with interrupted(table.client, "needs-retry.dynamodb.UpdateItem", lambda **_: 0):
        count(counters, 1)
    assert counters.find(DAY).cells == {SCHEDULED: 1}


def test_a_lost_reply_of_a_recount_is_no_rival(table: Table, counters: DynamoDbCounters) -> None:
    """What stands there is what was to be written."""
    with interrupted(table.client, "needs-retry.dynamodb.PutItem", lambda **_: 0):
        assert counters.replace(DayCount(DAY, {SCHEDULED: 1}, version=1))


def test_marks_of_lanes_that_are_over_are_taken_out(counters: DynamoDbCounters) -> None:
    """An item that is written to for months stays small; the lanes of the last day are kept."""
    for number in range(100):
        count(counters, 1, lane=f"shard {number}", now_ms=NOW_MS + number * 4 * HOUR_MS)
    assert len(counters.find(DAY).seen) <= MARKS_KEPT


@pytest.mark.parametrize("value", ["many", [1], True])
def test_a_day_that_cannot_be_added_to_is_told_and_the_others_are_counted(
    table: Table, counters: DynamoDbCounters, value: object
) -> None:
    """F28: the steps of the others come to their counters, and reading the day says what is wrong."""
    table.store()._table.put({"pk": "STATS#ada", "sk": DAY.text, "version": 1, "s56": value})
    steps = {day: [Step(1, {SCHEDULED: 1})] for day in (DAY, OTHER_DAY)}
    assert counters.add(steps, lane="lane", now_ms=NOW_MS) == [DAY]
    assert counters.find(OTHER_DAY).cells == {SCHEDULED: 1}
    with pytest.raises(DamagedItem):
        counters.find(DAY)


def test_a_mark_that_cannot_be_read_is_told(table: Table, counters: DynamoDbCounters) -> None:
    """Nobody knows what was counted: better not counted than twice."""
    count(counters, 1)
    (name,) = counters.find(DAY).seen
    table.store()._table.update(("STATS#ada", DAY.text), f"SET #{name} = :mark", {"mark": "?"}, condition="")
    assert counters.add({DAY: [Step(2, {SCHEDULED: 1})]}, lane="lane", now_ms=NOW_MS) == [DAY]


def test_what_newer_code_adds_is_passed_over(table: Table, counters: DynamoDbCounters) -> None:
    """Attributes that this version does not know, and quarters that there are none of."""
    table.store()._table.put({"pk": "STATS#ada", "sk": DAY.text, "version": 3, "s56": 2, "s96": 7, "x1": "?"})
    assert counters.find(DAY) == DayCount(DAY, {SCHEDULED: 2}, {}, 3)
