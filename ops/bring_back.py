"""Copy into the live table what it lacks and a restored copy of it has; what is there is not touched.

A part of the steps in docs/operating.md, "Losing the table". So the copy may be stopped and repeated. Marks of the
sweep are left out: where the sweep stands is the live table's business; with --reset-marks they are deleted, so that
the next sweep hands off all that is due, oldest first. Without --write it only counts.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from lambdas.adapters.aws import error_code
from lambdas.jobs.due_job import DUE_SHARDS
from ops import place

EXAMPLES = """\
  python -m ops.bring_back --stack Punctual-prod TABLE-restored           # what would be copied
  python -m ops.bring_back --stack Punctual-prod TABLE-restored --write --reset-marks"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how many items of each kind were copied."""
    options = place.parser("ops.bring_back", __doc__, EXAMPLES)
    options.add_argument("restored", metavar="TABLE", help="the restored table")
    options.add_argument("--write", action="store_true", help="copy; without it nothing is changed")
    options.add_argument("--reset-marks", action="store_true", help="afterwards, delete the marks of the sweep")
    return place.run(work, options, arguments)


def work(at: place.Place, given: argparse.Namespace) -> int:
    counts: Counter[str] = Counter()
    for page in at.dynamodb.get_paginator("scan").paginate(TableName=given.restored):
        for item in page["Items"]:
            if item["sk"]["S"] == "MARK":
                continue
            missing = _copied(at, item) if given.write else _missing(at, item)
            counts[str(item["pk"]["S"]).partition("#")[0]] += missing
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


def _missing(at: place.Place, item: Any) -> bool:
    key = {"pk": item["pk"], "sk": item["sk"]}
    reply = at.dynamodb.get_item(TableName=at.table_name, Key=key, ConsistentRead=True, ProjectionExpression="pk")
    return "Item" not in reply


if __name__ == "__main__":
    sys.exit(main())
