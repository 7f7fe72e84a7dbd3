"""Copy into the live table what it lacks and a restored copy of it has; what is there is not touched.

A part of the steps in docs/operating.md, "Losing the table". So the copy may be stopped and repeated. Marks of the
sweep are left out: where the sweep stands is the live table's business; with --reset-marks they are deleted, so that
the next sweep hands off all that is due, oldest first. Of counters, first of all, the history of days that have none
comes back; jobs that come back are counted like new ones. Without --write it only counts.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from lambdas.adapters.attribute_values import from_attributes
from lambdas.adapters.aws import error_code
from lambdas.adapters.dynamodb_counters import day_count_of
from lambdas.jobs.counting import DayCount
from lambdas.jobs.due_job import DUE_SHARDS
from ops import place

EXAMPLES = """\
  python -m ops.bring_back --stack Punctual-prod TABLE-restored           # what would be copied
  python -m ops.bring_back --stack Punctual-prod TABLE-restored --write --reset-marks"""


_STATS = {":stats": {"S": "STATS#"}}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how many items of each kind were copied."""
    options = place.parser("ops.bring_back", __doc__, EXAMPLES)
    options.add_argument("restored", metavar="TABLE", help="the restored table")
    options.add_argument("--write", action="store_true", help="copy; without it nothing is changed")
    options.add_argument("--reset-marks", action="store_true", help="afterwards, delete the marks of the sweep")
    return place.run(work, options, arguments)


def work(at: place.Place, given: argparse.Namespace) -> int:
    counts: Counter[str] = Counter()
    scan = at.dynamodb.get_paginator("scan")
    of_counters: Any = {"FilterExpression": "begins_with(pk, :stats)", "ExpressionAttributeValues": _STATS}
    for page in scan.paginate(TableName=given.restored, **of_counters):
        for item in page["Items"]:
            counts["STATS"] += _history_is_missing(at, item, write=given.write)
    for page in scan.paginate(TableName=given.restored):
        for item in page["Items"]:
            kind = str(item["pk"]["S"]).partition("#")[0]
            if item["sk"]["S"] == "MARK" or kind == "STATS":
                continue
            missing = _copied(at, item) if given.write else _missing(at, item)
            counts[kind] += missing
    said = "copied" if given.write else "would be copied"
    for kind, count in sorted(counts.items()):
        print(f"{kind}: {count} items {said}")
    if given.write and given.reset_marks:
        for shard in range(DUE_SHARDS):
            at.table.delete((f"SWEEP#{shard}", "MARK"))
        print("The marks of the sweep were deleted.")
    return 0


def _copied(at: place.Place, item: Any) -> bool:
    try:
        at.dynamodb.put_item(TableName=at.table_name, Item=item, ConditionExpression="attribute_not_exists(pk)")
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _history_is_missing(at: place.Place, item: Any, *, write: bool) -> bool:
    """Whether a day of counters has history and the live table lacks that day; it is written there if so told."""
    counted = day_count_of(from_attributes(item))
    history = DayCount(counted.day, {cell: number for cell, number in counted.cells.items() if cell.expired}, version=1)
    if not history.cells or at.counters.find(counted.day).version:
        return False
    return not write or at.counters.replace(history)


def _missing(at: place.Place, item: Any) -> bool:
    key = {"pk": item["pk"], "sk": item["sk"]}
    reply = at.dynamodb.get_item(TableName=at.table_name, Key=key, ConsistentRead=True, ProjectionExpression="pk")
    return "Item" not in reply


if __name__ == "__main__":
    sys.exit(main())
