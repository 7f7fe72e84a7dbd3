"""Counters of jobs, in the same DynamoDB table as the jobs: `STATS#<owner>` / `<day in UTC>`.

A cell is an attribute that is named by its status and its quarter of an hour (`d37`), so that one update adds to many.
The same update notes up to where the lane was counted, and is conditional on that: so a step that comes again, to this
process or another, changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable, Key
from lambdas.jobs.counting import QUARTERS_A_DAY, SEEN_FOR_MS, Cell, Day, DayCount, Step, day_number, total
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.job import UPCOMING, Status

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from lambdas.adapters.attribute_values import Values

STEPS_AT_ONCE = 100
"""Of one day, in one update: an expression holds 4 KB (AWS limit), and a step changes three cells at most."""

WRITERS = 8
"""Days that are written at the same time; a batch may be of as many days as it has jobs."""

MARKS_KEPT = 16
"""Lanes that a day remembers whatever their age. A busy stream has new ones every few hours."""

UNFINISHED_PAGES = 10
"""Of a megabyte each: 1,700 days with jobs in every quarter of an hour, or 70,000 with jobs in one. Whoever asks waits
for them."""

_LETTERS = {
    Status.SCHEDULED: "s",
    Status.RUNNING: "r",
    Status.SUCCEEDED: "d",
    Status.FAILED: "f",
    Status.CANCELLED: "c",
}
_STATUSES = {letter: status for status, letter in _LETTERS.items()}

_CELL = re.compile("([srdfcDFC])([0-9]|[1-9][0-9])")
_MARK = "m_"


class DynamoDbCounters:
    """Counters in a DynamoDB table. The client comes from outside."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = DynamoDbTable(client, table)

    def add(self, steps: Mapping[Day, Sequence[Step]], *, lane: str, now_ms: int) -> Sequence[Day]:
        mark = _MARK + hashlib.sha256(lane.encode()).hexdigest()[:12]

        def counted(day: Day) -> bool:
            parts = (steps[day][start : start + STEPS_AT_ONCE] for start in range(0, len(steps[day]), STEPS_AT_ONCE))
            try:
                for part in parts:
                    self._count(day, part, mark, now_ms)
            except DamagedItem:
                return False
            return True

        if len(steps) < 2:
            return [day for day in steps if not counted(day)]
        with ThreadPoolExecutor(WRITERS) as writers:
            return [day for day, well in zip(steps, writers.map(counted, steps), strict=True) if not well]

    def read(self, owner: str, *, first: int, last: int) -> Sequence[DayCount]:
        (pk, first_sk), (_, last_sk) = _key(Day(owner, first)), _key(Day(owner, last))
        pages = self._table.query(
            "#pk = :pk AND #sk BETWEEN :first AND :last", {"pk": pk, "first": first_sk, "last": last_sk}
        )
        return [day_count_of(item) for page, _ in pages for item in page]

    def unfinished(self, owner: str, *, first: int) -> int:
        pk, first_sk = _key(Day(owner, first))
        pages = self._table.query("#pk = :pk AND #sk >= :first", {"pk": pk, "first": first_sk})
        found = (day_count_of(item).cells for page, _ in islice(pages, UNFINISHED_PAGES) for item in page)
        return sum(number for cells in found for cell, number in cells.items() if cell.status in UPCOMING)

    def find(self, day: Day) -> DayCount:
        item = self._table.get(_key(day))
        return day_count_of(item) if item else DayCount(day)

    def replace(self, count: DayCount) -> bool:
        pk, sk = _key(count.day)
        cells = {_name_of(cell): number for cell, number in count.cells.items()}
        item = {"pk": pk, "sk": sk, "version": count.version, **cells, **count.seen}
        read_version = count.version - 1
        condition = "#version = :version" if read_version else "attribute_not_exists(#pk)"
        try:
            self._table.put(item, condition, {"version": read_version} if read_version else None)
        except ConditionFailed as failed:
            return failed.found == item  # then the reply to this very write was lost
        return True

    def _count(self, day: Day, steps: Sequence[Step], mark: str, now_ms: int) -> None:
        """Count the steps; those that were counted before, as the item says when it refuses, are left out."""
        while steps:
            cells = {_name_of(cell): number for cell, number in total(steps).items()}
            adds = ", ".join(f"#{name} :{name}" for name in (*cells, "version"))
            try:
                item = self._table.update(
                    _key(day),
                    f"SET #{mark} = :seen ADD {adds}",
                    {**cells, "version": 1, "seen": _seen(steps[-1].sequence, now_ms), "first": _text(steps[0])},
                    condition=f"attribute_not_exists(#{mark}) OR #{mark} < :first",
                    answer_new=True,
                )
            except ConditionFailed as failed:
                last = _sequence_of((failed.found or {}).get(mark))
                steps = [step for step in steps if step.sequence > last]
            else:
                self._forget_lanes(day, item or {}, now_ms)
                return

    def _forget_lanes(self, day: Day, item: Values, now_ms: int) -> None:
        """Take out the marks of lanes of which nothing can come again, once there are many."""
        marks = {name: seen for name, seen in item.items() if name.startswith(_MARK)}
        old = {name: seen for name, seen in marks.items() if _seen_at(seen) < now_ms - SEEN_FOR_MS}
        if len(marks) <= MARKS_KEPT or not old:
            return
        with suppress(ConditionFailed):  # it goes on after all; the next write looks again
            self._table.update(
                _key(day),
                "REMOVE " + ", ".join(f"#{name}" for name in old),
                old,
                condition=" AND ".join(f"#{name} = :{name}" for name in old),
            )


def _key(day: Day) -> Key:
    return f"STATS#{day.owner}", day.text


def _name_of(cell: Cell) -> str:
    letter = _LETTERS[cell.status]
    return f"{letter.upper() if cell.expired else letter}{cell.quarter}"


def _text(step: Step) -> str:
    """A sequence number as it is compared: AWS's have 21 to 40 digits, more than a number of DynamoDB holds."""
    return f"{step.sequence:040d}"


def _seen(sequence: int, now_ms: int) -> str:
    """A lane's mark. It is greater than the text of its own sequence, and less than that of the next."""
    return f"{sequence:040d}@{now_ms}"


def _sequence_of(seen: object) -> int:
    try:
        return int(seen.partition("@")[0])  # type: ignore[attr-defined]
    except (AttributeError, ValueError) as error:
        raise DamagedItem("STATS#", "a mark cannot be read") from error


def _seen_at(seen: str) -> int:
    return int(seen.partition("@")[2])


def day_count_of(item: Values) -> DayCount:
    """The counters of an item. Raises DamagedItem.

    Attributes that are not known here were added by newer code, and are left alone.
    """
    try:
        day = Day(item["pk"].removeprefix("STATS#"), day_number(item["sk"]))
        cells = {cell: item[name] for name in item if (cell := _cell(name)) is not None}
        if not all(type(number) is int for number in (*cells.values(), item["version"])):
            raise TypeError("a counter is no number")
        seen = {name: mark for name, mark in item.items() if name.startswith(_MARK)}
        count = DayCount(day, {cell: number for cell, number in cells.items() if number}, seen, item["version"])
        _ = count.counted_at_ms  # which reads the marks
        return count
    except (KeyError, ValueError, TypeError) as error:
        raise DamagedItem(f"{item.get('pk')}/{item.get('sk')}", type(error).__name__) from error


def _cell(name: str) -> Cell | None:
    found = _CELL.fullmatch(name)
    if found is None or int(found[2]) >= QUARTERS_A_DAY:
        return None
    return Cell(int(found[2]), _STATUSES[found[1].lower()], expired=found[1].isupper())
