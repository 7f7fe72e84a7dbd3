"""List what is due in a range of time, of any owner: one query for each shard of the due index."""

from __future__ import annotations

import argparse
import heapq
import itertools
import sys
from collections.abc import Iterator, Sequence

from lambdas.jobs.due_job import DUE_SHARDS, DueJob
from ops import place
from ops.selection import PAGE, Selection, Unreadable, add_options, described, looked_up, row, selection_of

EXAMPLES = """\
  python -m ops.due                                             # the next hour, here
  python -m ops.due --stack Punctual-prod --from 2026-11-29T05:00Z --to 2026-11-29T07:00Z --host shop.example.com
  python -m ops.due --stack Punctual-prod --from -2d --to -2m   # overdue: unfinished, and late
  python -m ops.due --stack Punctual-prod --to +7d --ids | wc -l"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each unfinished job: fire time, id, owner, status, method, host, name."""
    options = place.parser("ops.due", __doc__, EXAMPLES)
    add_options(options, default_from="now", default_to="+1h")
    options.add_argument("--ids", action="store_true", help="fire time and id only: the index is read, and no job")
    return place.run(work, options, arguments)


def work(at: place.Place, given: argparse.Namespace) -> int:
    selection, count = selection_of(given), 0
    entries = due_entries(at, selection)
    if given.ids:
        for due in entries:
            print(row(due.fire_at_ms, due.job_id))
            count += 1
    while page := [] if given.ids else list(itertools.islice(entries, PAGE)):
        for job in looked_up(at.table, page):
            if isinstance(job, Unreadable) or (not job.status.finished and selection.holds(job)):
                print(described(job))
                count += 1
    print(f"{count} unfinished jobs.", file=sys.stderr)
    return 0


def due_entries(at: place.Place, selection: Selection) -> Iterator[DueJob]:
    """The entries of all shards, merged by fire time."""
    shards = (
        itertools.chain.from_iterable(at.store.due(shard, after_ms=selection.from_ms - 1, until_ms=selection.to_ms - 1))
        for shard in range(DUE_SHARDS)
    )
    return heapq.merge(*shards)


if __name__ == "__main__":
    sys.exit(main())
