"""Set the counters of `GET /v1/stats` right from the jobs that are in the table.

Reads the whole table once, consistently. A day of an owner whose counters differ from its jobs is looked at again when
--settle seconds have passed. If nothing was counted for it since so long before the reading began, then whatever was
written to its jobs is in both, and they must agree: with --write its counters become what the jobs are. What has
expired is not touched, as nothing else knows of it. A day that is being counted right now is passed over and said to
be in motion; recount once more when it is past. Counters follow the jobs by less than --settle seconds unless the alarm
CountingAge rings: then wait until it is over.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lambdas.adapters.attribute_values import from_attributes
from lambdas.adapters.dynamodb_counters import day_count_of
from lambdas.adapters.job_changes import standing_of
from lambdas.jobs.counting import Cell, Day, DayCount, Standing, mended, recounted
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.job import Status
from lambdas.jobs.notice import one_line
from ops import place

EXAMPLES = """\
  python -m ops.recount --stack Punctual-prod                   # what is wrong
  python -m ops.recount --stack Punctual-prod --write
  python -m ops.recount --stack Punctual-prod --write --owner 24b8…"""

SETTLE_SECONDS = 60


@dataclass
class Read:
    """What a reading of the table found."""

    jobs: list[Standing] = field(default_factory=list)
    counts: dict[Day, DayCount] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each day of an owner that is wrong. The exit status is 1 if one could not be set right."""
    options = place.parser("ops.recount", __doc__, EXAMPLES)
    options.add_argument("--owner", help="of this owner only (the whole table is read all the same)")
    options.add_argument(
        "--settle", type=int, default=SETTLE_SECONDS, metavar="SECONDS", help="default: %(default)s; longer is safer"
    )
    options.add_argument("--write", action="store_true", help="write; without it nothing is changed")
    return place.run(work, options, arguments)


def work(at: place.Place, given: argparse.Namespace) -> int:
    quiet_since_ms = at.now_ms() - given.settle * 1000
    read = read_table(at, given.owner)
    present = recounted(read.jobs)
    wrong = [day for day in sorted({*present, *read.counts}) if _differs(read.counts.get(day), present.get(day, {}))]
    for key in read.damaged:
        print(f"{one_line(key, 80)}: cannot be read; delete it and recount, its history is lost")
    if wrong and given.settle:
        print(f"{len(wrong)} days differ; looking again in {given.settle} s.", file=sys.stderr)
        time.sleep(given.settle)
    left = len(read.damaged)
    for day in wrong:
        well, said = set_right(at, day, present.get(day, {}), quiet_since_ms=quiet_since_ms, write=given.write)
        left += not well
        print(f"{one_line(day.owner, 60)}  {day.text}  {said}", flush=True)
    print(f"{len(read.jobs)} jobs, {len(read.counts)} days counted, {len(wrong)} wrong, {left} left.", file=sys.stderr)
    return 1 if left else 0


def read_table(at: place.Place, owner: str | None) -> Read:
    """As what jobs are counted, and all counters; of one owner or of all."""
    read = Read()
    pages = at.dynamodb.get_paginator("scan").paginate(TableName=at.table_name, ConsistentRead=True)
    for item in (item for page in pages for item in page["Items"]):
        job = standing_of(item)
        if job is not None and owner in (None, job.owner):
            read.jobs.append(job)
        kind, _, counted = str(item["pk"].get("S", "")).partition("#")
        if kind == "STATS" and owner in (None, counted):
            try:
                count = day_count_of(from_attributes(item))
            except DamagedItem as error:
                read.damaged.append(error.key)
            else:
                read.counts[count.day] = count
    return read


def set_right(
    at: place.Place, day: Day, present: Mapping[Cell, int], *, quiet_since_ms: int, write: bool
) -> tuple[bool, str]:
    """Set one day right; whether all is well with it then, and what was done."""
    found = at.counters.find(day)
    if not _differs(found, present):
        return True, "was counted meanwhile, and is right"
    if found.counted_at_ms >= quiet_since_ms:
        return False, "in motion"
    change = "; ".join(_changes(found, present))
    if not write:
        return True, f"{change}; add --write"
    return (True, f"{change}; written") if at.counters.replace(mended(found, present)) else (False, "in motion")


def _differs(found: DayCount | None, present: Mapping[Cell, int]) -> bool:
    counted = {cell: number for cell, number in found.cells.items() if not cell.expired} if found else {}
    return counted != present


def _changes(found: DayCount, present: Mapping[Cell, int]) -> list[str]:
    """By status, over the whole day: `failed 3 → 4`."""
    said = []
    for status in Status:
        before = sum(number for cell, number in found.cells.items() if cell.status is status and not cell.expired)
        after = sum(number for cell, number in present.items() if cell.status is status)
        if before != after:
            said.append(f"{status} {before} → {after}")
    return said or ["other quarters of an hour"]


if __name__ == "__main__":
    sys.exit(main())
