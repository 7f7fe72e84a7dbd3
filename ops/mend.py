"""Give jobs that were set aside, and whose items have been mended, their place in the due index again.

An item that cannot be understood is taken out of the index, so that no sweep stumbles over it. Once it is mended it
is put back where its status says: an unfinished job into its shard, where the sweep finds it (one that is late fires
at the next), a failed one among those of its day. Without --write it only says what it would do.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lambdas.adapters.dynamodb_table import ConditionFailed
from lambdas.adapters.job_items import due_index_partition, job_from_item, job_key
from lambdas.jobs.errors import DamagedItem
from ops import place

EXAMPLES = """\
  python -m ops.mend --stack Punctual-prod job_019ab3…          # can it be read, and what would be done
  python -m ops.mend --stack Punctual-prod job_019ab3… --write"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each job. The exit status is 1 if one could not be put back."""
    options = place.parser("ops.mend", __doc__, EXAMPLES)
    options.add_argument("job_ids", nargs="+", metavar="ID")
    options.add_argument("--write", action="store_true", help="write; without it nothing is changed")
    return place.run(work, options, arguments)


def work(at: place.Place, given: argparse.Namespace) -> int:
    verdicts = [mend(at, job_id, write=given.write) for job_id in given.job_ids]
    for job_id, (_, said) in zip(given.job_ids, verdicts, strict=True):
        print(f"{job_id}: {said}")
    return 0 if all(well for well, _ in verdicts) else 1


def mend(at: place.Place, job_id: str, *, write: bool) -> tuple[bool, str]:
    """Put one job back, if it can be read and has no place; whether all is well with it then, and what was done."""
    item = at.table.get(job_key(job_id))
    if item is None:
        return False, "there is no such job"
    try:
        job = job_from_item(item)
        at.store.with_request(job)
    except DamagedItem as error:
        return False, f"still cannot be read: {error.why}"
    belongs = due_index_partition(job)
    if item.get("due_shard") == belongs:
        return True, f"{job.status}, and in its place: {belongs or 'in no index, as it has ended'}"
    if not write:
        return True, f"{job.status}, would be put into {belongs or 'no index'}; add --write"
    change = "SET #due_shard = :belongs" if belongs else "REMOVE #due_shard"
    try:
        at.table.update(
            job_key(job_id),
            change,
            {"version": job.version, **({"belongs": belongs} if belongs else {})},
            condition="#version = :version",
        )
    except ConditionFailed:
        return False, "it changed in this moment; look again"
    return True, f"{job.status}, put into {belongs or 'no index'}"


if __name__ == "__main__":
    sys.exit(main())
