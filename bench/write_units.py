"""What each write of a job is billed, in DynamoDB's own answers (ConsumedCapacity), table and indexes together.

The job is one as the README schedules it; the emulator counts as AWS does (`tests/contracts/test_write_units.py`
holds it and Amazon's DynamoDB Local to that, and tries the corners).
"""

from __future__ import annotations

from bench.aws_room import Room, room
from bench.figures import Figure, Part
from lambdas.adapters.attribute_values import item_size
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.adapters.job_items import item_of
from lambdas.jobs.job import AttemptOutcome, Body, Job, Request
from tests.contracts.aws_places import write_units
from tests.examples import HORIZON, RETENTION_MS, a_job, an_attempt, new_id
from tests.fakes import NOW_MS

PURGE = Request(
    method="DELETE",
    url="https://shop.example.com/api/items/_delete",
    headers=(("X-Reason", "expired"),),
    body=Body(b'{"items":[1,2,3]}', "json"),
)

BILLED_OVERHEAD_BYTES = 100
"""What DynamoDB adds to each item and index entry when it bills storage."""


def measure(quick: bool) -> Part:
    """Count. Takes some seconds, quick or not."""
    del quick
    with room() as here:
        succeeded, stored = _succeeded(here)
        retried = _ended(here, AttemptOutcome.RETRY)
        failed = _ended(here, AttemptOutcome.FAILED)
    figures = (
        Figure("units-create", "create", "units", (succeeded[0],), (3,)),
        Figure("units-claim", "claim", "units", (succeeded[1],), (1,)),
        Figure("units-settle", "settle, succeeded", "units", (succeeded[2],), (4,)),
        Figure("units-job", "a job that succeeds, together", "units", (sum(succeeded),), (8,)),
        Figure("units-retry", "settle, to be tried again", "units", (retried[-1],), (3,)),
        Figure("units-failed", "settle, failed", "units", (failed[-1],), (5,)),
        Figure("units-attempt", "an attempt in full, if it did not succeed", "units", (failed[-2],), (1,)),
    )
    return Part(figures, {"units_a_job": sum(succeeded), "stored_bytes": float(_stored_bytes(stored))})


def _stored_bytes(job: Job) -> int:
    """Of a finished job: its item and its entry in the one index that it is still in."""
    item = item_of(job)
    entry = {name: item[name] for name in ("pk", "sk", "owner_status", "due_at")}
    return item_size(item) + item_size(entry) + 2 * BILLED_OVERHEAD_BYTES


def _succeeded(here: Room) -> tuple[list[float], Job]:
    store = here.store()
    with write_units(here.dynamodb) as units:
        job = _claimed(store)
        job = job.succeeded(an_attempt(), now_ms=job.fire_at_ms, retention_ms=RETENTION_MS)
        store.settle(job, attempt=job.attempts[-1])
    return units, job


def _ended(here: Room, outcome: AttemptOutcome) -> list[float]:
    """The units of an attempt that did not succeed: its full form, then the settle."""
    store = here.store()
    attempt = an_attempt(1, outcome)
    with write_units(here.dynamodb) as units:
        job = _claimed(store)
        if outcome is AttemptOutcome.RETRY:
            job = job.retried(attempt, fire_at_ms=NOW_MS * 2, now_ms=NOW_MS, horizon=HORIZON)
        else:
            job = job.failed(attempt, now_ms=NOW_MS, retention_ms=RETENTION_MS)
        store.settle(job, attempt=job.attempts[-1])
    return units


def _claimed(store: DynamoDbJobStore) -> Job:
    job = store.add(a_job(request=PURGE, name="purge items", owner="0e3c9a54-3061-70a2-9f1c-5a3b8a7d2c11"))
    won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id=new_id()[4:], now_ms=job.fire_at_ms).won
    assert won is not None
    return won
