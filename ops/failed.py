"""List the jobs that failed, of any owner."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from lambdas.jobs.place import host_of
from ops import place
from ops.selection import Unreadable, add_options, described, failed_jobs, reason_of, selection_of

EXAMPLES = """\
  python -m ops.failed                                          # the last 24 hours, here
  python -m ops.failed --stack Punctual-prod --from 2026-11-29 --to 2026-11-30
  python -m ops.failed --stack Punctual-prod --from -6h --host shop.example.com --error-code timeout"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each job: fire time of its last attempt, id, owner, reason, method, host, name."""
    options = place.parser("ops.failed", __doc__, EXAMPLES)
    add_options(options, default_from="-24h", default_to="now")
    options.add_argument("--error-code", metavar="CODE", help="with this reason only: timeout, status_permanent, …")
    return place.run(work, options, arguments)


def work(at: place.Place, given: argparse.Namespace) -> int:
    reasons: Counter[tuple[str, str]] = Counter()
    for page in failed_jobs(at.table, selection_of(given)):
        for job in page:
            print(described(job))
            reasons[("", "") if isinstance(job, Unreadable) else (host_of(job.request.url), reason_of(job))] += 1
    for (host, reason), count in reasons.most_common(10):
        print(f"{count:8}  {reason or 'cannot be read'}  {host}", file=sys.stderr)
    print(f"{reasons.total()} failed jobs.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
