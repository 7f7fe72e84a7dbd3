"""Send jobs that failed again: each as a new job like it, secrets included, due now.

A failed job stays as it is. Its new job has the same owner and request, `rerun_of` names the failed one, and its id
follows from that one's: so however often a selection is sent, stopped and sent again, each failed job is sent again
once. (A new job that fails in its turn is a failed job like any other.) Without --send it only lists.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from lambdas.adapters.job_items import job_id_of, job_key
from lambdas.jobs.due_job import DueJob
from lambdas.jobs.errors import DamagedItem, JobExists, RequestExpired
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.job import Job, Status
from lambdas.jobs.rerun import rerun
from ops import place
from ops.selection import Unreadable, add_options, described, failed_jobs, looked_up, selection_of

EXAMPLES = """\
  python -m ops.redrive --stack Punctual-prod --from -6h --host shop.example.com          # what would be sent
  python -m ops.redrive --stack Punctual-prod --from -6h --host shop.example.com --rate 20 --send
  python -m ops.redrive --stack Punctual-prod --error-code timeout --owner 32436ad1-… --send
  python -m ops.redrive --job job_019ab3… --job job_019ab4… --send
  make redrive ARGS="--from -1h"                                # here, what would be sent"""

DEFAULT_RATE = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each selected job and what became of it."""
    options = place.parser("ops.redrive", __doc__, EXAMPLES)
    add_options(options, default_from="-24h", default_to="now")
    options.add_argument("--error-code", metavar="CODE", help="with this reason only: timeout, status_permanent, …")
    options.add_argument("--job", dest="job_ids", action="append", default=[], metavar="ID", help="this one, whenever")
    options.add_argument("--rate", type=rate, default=DEFAULT_RATE, help="so many a second (default: %(default)g)")
    options.add_argument("--send", action="store_true", help="send; without it nothing is changed")
    return place.run(work, options, arguments)


def work(at: place.Place, given: argparse.Namespace) -> int:
    pace = Pace(given.rate)
    counts: Counter[str] = Counter()
    for page in _selected(at, given):
        sent_before = _sent_before(at, page)
        for job in page:
            if isinstance(job, Unreadable):
                said = "left"
            elif new_id(job) in sent_before:
                said = f"was sent again as {new_id(job)}"
            elif given.send:
                pace.wait()
                said = send_again(at, job)
            else:
                said = "would be sent again"
            print(f"{described(job)}  {said}", flush=True)
            counts[said.partition(" as ")[0]] += 1
    for said, count in counts.items():
        print(f"{count:8}  {said}", file=sys.stderr)
    if counts["would be sent again"]:
        print("Nothing was changed. Add --send to send them.", file=sys.stderr)
    return 0


def send_again(at: place.Place, job: Job) -> str:
    """Make the new job of a failed one; says what became of it."""
    try:
        whole = at.store.with_request(job)
        again = rerun(whole, job_id=new_id(job), now_ms=at.now_ms(), horizon=Horizon())
        at.store.add(again)
    except JobExists:
        return f"was sent again as {new_id(job)}"
    except RequestExpired:
        return "left: its headers and body have expired"
    except DamagedItem as error:
        return f"left: {error.why}"
    return f"sent again as {again.id}"


def new_id(job: Job) -> str:
    """The id of the job that takes a failed one's place, the same at every try.

    A UUID of version 8 (RFC 9562) that begins, as all ids here, with a time, the failed job's end, and goes on with a
    hash of its id. It outlives the failed job, which is older; so there is no time at which it could be made anew.
    """
    digest = hashlib.sha256(f"redrive {job.id}".encode("ascii")).digest()
    time_first = (job.finished_at_ms or job.fire_at_ms).to_bytes(6, "big") + digest[:10]
    as_number = int.from_bytes(time_first, "big")
    as_number = as_number & ~(0xF << 76) | 8 << 76  # the version
    as_number = as_number & ~(0x3 << 62) | 2 << 62  # the variant
    return f"job_{uuid.UUID(int=as_number).hex}"


class Pace:
    """At most so many in a second, evenly: each `wait` returns when its turn has come."""

    def __init__(
        self,
        rate: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._step = 1 / rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = monotonic()

    def wait(self) -> None:
        now = self._monotonic()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._step


def _selected(at: place.Place, given: argparse.Namespace) -> Iterator[Sequence[Job | Unreadable]]:
    """The failed jobs that are asked for: by their ids, or by the selection."""
    if not given.job_ids:
        yield from failed_jobs(at.table, selection_of(given))
        return
    found = looked_up(at.table, [DueJob(0, job_id) for job_id in given.job_ids])
    missing = set(given.job_ids) - {job.due.job_id for job in found}
    for job_id in sorted(missing):
        print(f"{job_id}: there is no such job", file=sys.stderr)
    for job in found:
        if isinstance(job, Job) and job.status is not Status.FAILED:
            print(f"{job.id}: is {job.status}, not failed", file=sys.stderr)
    yield [job for job in found if isinstance(job, Unreadable) or job.status is Status.FAILED]


def _sent_before(at: place.Place, page: Sequence[Job | Unreadable]) -> frozenset[str]:
    """Which new ids of these jobs are there already."""
    keys = [job_key(new_id(job)) for job in page if isinstance(job, Job)]
    return frozenset(job_id_of(item) for item in at.table.get_all(keys, only=("status",)))


def rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate <= 1_000:
        raise argparse.ArgumentTypeError("a rate is above 0 and at most 1000 a second")
    return rate


if __name__ == "__main__":
    sys.exit(main())
