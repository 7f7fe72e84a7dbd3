"""Once: a request with an Idempotency-Key makes its jobs once, however often and however close together it comes.

1. The jobs' ids are drawn first, and the receipt of the key names them.
2. A job and its receipt are written together, on the condition that the key has no receipt yet. For a batch the
   receipt is written first: it and a hundred jobs are more than one transaction takes.
3. Whoever finds a receipt answers with the jobs that it names, as they are now. One that is not there, because the
   first who came died before it was written, is made under the id that the receipt has for it and as of the
   receipt's time. So two who do that at once make one job.

Without a key nothing of this costs anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lambdas.jobs.errors import DamagedJob, JobExists, JobUnreadable, KeyReused, ReceiptFound, RequestRefused
from lambdas.jobs.job import Job
from lambdas.jobs.receipt import Receipt, RequestKey

if TYPE_CHECKING:
    from lambdas.jobs.horizon import Horizon
    from lambdas.jobs.ports import JobStore

Order = Callable[[str, int], Job]
"""Makes the job that is asked for, with this id and as of this time (epoch ms), or raises RequestRefused."""


class Made(NamedTuple):
    """A job, and whether this request made it; an earlier one did if not."""

    job: Job
    new: bool


Verdict = Job | RequestRefused | Made
"""What is known of an order: a job that is still to be stored, why there will be none, or what is there already."""


class Intake(NamedTuple):
    """What taking orders needs: the store, the time of the request, and ids that no other job has."""

    store: JobStore
    now_ms: int
    horizon: Horizon
    new_job_id: Callable[[], str]


def make_job(order: Order, *, key: RequestKey | None, intake: Intake) -> Made:
    """Make the job, or find the one that the key has made. Raises what `order` raises, and KeyReused."""
    store, job_id = intake.store, intake.new_job_id()
    if key is None:
        return Made(store.add(order(job_id, intake.now_ms)), new=True)
    try:
        job = order(job_id, intake.now_ms)
    except RequestRefused:  # a time that was all right when the first request came may be past by now
        receipt = store.receipt(key, now_ms=intake.now_ms)
        if receipt is None or receipt.key != key:
            raise
        return _made_before(receipt, intake)
    try:
        return Made(store.add_once(job, Receipt(key, (job_id,), intake.now_ms)), new=True)
    except ReceiptFound as found:
        return _made_before(_of_the_same(key, found), intake)


def make_jobs(
    orders: Sequence[Order], *, key: RequestKey | None, intake: Intake
) -> tuple[Sequence[Made | RequestRefused | None], bool]:
    """What became of each order, in their order, and whether the key had been used before.

    None: the table did not take the job, and the others it did. Raises KeyReused; StoreUnavailable when it took none.
    """
    ids = tuple(intake.new_job_id() for _ in orders)
    judged = [_judged(order, job_id, intake.now_ms) for order, job_id in zip(orders, ids, strict=True)]
    receipt = None if key is None else _kept(Receipt(key, ids, intake.now_ms), judged, intake)
    if receipt is not None:
        there = intake.store.read_all(receipt.job_ids, owner=receipt.key.owner, now_ms=intake.now_ms)
        judged = [
            _there(there[job_id]) if job_id in there else _late(order, job_id, receipt, intake)
            for order, job_id in zip(orders, receipt.job_ids, strict=True)
        ]
    stored = iter(intake.store.add_all([verdict for verdict in judged if isinstance(verdict, Job)]))
    made = [_stored(verdict, next(stored), key) if isinstance(verdict, Job) else verdict for verdict in judged]
    return made, receipt is not None


def _kept(receipt: Receipt, judged: Sequence[Verdict], intake: Intake) -> Receipt | None:
    """Keep the receipt of a batch, if there is anything to store, or give back the earlier one of its key."""
    if not any(isinstance(verdict, Job) for verdict in judged):
        found = intake.store.receipt(receipt.key, now_ms=intake.now_ms)
        return found if found is not None and found.key == receipt.key else None
    try:
        intake.store.keep(receipt)
    except ReceiptFound as found:
        return _of_the_same(receipt.key, found)
    return None


def _of_the_same(key: RequestKey, found: ReceiptFound) -> Receipt:
    if found.receipt.key != key:
        raise KeyReused from found
    return found.receipt


def _made_before(receipt: Receipt, intake: Intake) -> Made:
    (job_id,) = receipt.job_ids
    return Made(intake.store.read(job_id, owner=receipt.key.owner, now_ms=intake.now_ms), new=False)


def _judged(order: Order, job_id: str, now_ms: int) -> Verdict:
    try:
        return order(job_id, now_ms)
    except RequestRefused as refused:
        return refused


def _there(found: Job | DamagedJob) -> Verdict:
    return JobUnreadable(found) if isinstance(found, DamagedJob) else Made(found, new=False)


def _late(order: Order, job_id: str, receipt: Receipt, intake: Intake) -> Verdict:
    """As the first request would have had it, but marked for the stream by the time that it is now."""
    verdict = _judged(order, job_id, receipt.made_at_ms)
    return verdict.planned(now_ms=intake.now_ms, horizon=intake.horizon) if isinstance(verdict, Job) else verdict


def _stored(job: Job, stored: Job | JobExists | None, key: RequestKey | None) -> Made | None:
    """What became of a job that was to be stored. One that is there already a rival with the same key has just stored,
    who says so; without a key nobody else knows its id, and only the reply was lost."""
    if isinstance(stored, JobExists):
        return Made(job, new=key is None)
    return None if stored is None else Made(stored, new=True)
