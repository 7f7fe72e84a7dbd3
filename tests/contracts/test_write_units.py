"""What a job costs, counted where AWS would bill it: write units of the table and of its indexes together.

Section 4 of the design: create 3, claim 1, finishing settle 4 (5 when it failed), retry settle 3, for a job under
1 KB. moto does not count, so this runs against the emulator and against DynamoDB Local.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from lambdas.adapters.attribute_values import item_size, to_attributes
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.jobs.counting import DAY_MS, QUARTER_MS, QUARTERS_A_DAY, Change, Standing, steps_of
from lambdas.jobs.grouping import Group, GroupKey, Named
from lambdas.jobs.job import AttemptError, AttemptOutcome, Body, Job, Status
from lambdas.jobs.keys import ApiKey, hash_of
from lambdas.jobs.limiting import Limiter
from lambdas.jobs.limits import PRESETS, OwnerLimits
from lambdas.jobs.receipt import Receipt, RequestKey
from lambdas.jobs.target import Limits, Sign
from tests.contracts.aws_places import client, make_table, write_units
from tests.contracts.conftest import DYNAMODB_LOCAL, EMULATOR, Table, table_in
from tests.examples import HORIZON, RETENTION_MS, a_full_job, a_job, an_attempt, large_request, new_id
from tests.fakes import NOW_MS, FakeJournal


@pytest.fixture(params=[EMULATOR, DYNAMODB_LOCAL])
def counting_table(request: pytest.FixtureRequest) -> Table:
    """An empty table in a place that counts."""
    return table_in(request.param, request)


@pytest.fixture
def store(counting_table: Table) -> DynamoDbJobStore:
    return counting_table.store()


@pytest.fixture
def units(counting_table: Table) -> Iterator[list[float]]:
    """The write units of each write of a test."""
    with write_units(counting_table.client) as counted:
        yield counted


def claimed(store: DynamoDbJobStore, job: Job) -> Job:
    won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id=new_id()[4:], now_ms=job.fire_at_ms).won
    assert won is not None
    return won


def settle(store: DynamoDbJobStore, job: Job) -> None:
    store.settle(job, attempt=job.attempts[-1])


@pytest.mark.parametrize("job", [a_job(), a_full_job()], ids=["plain", "all fields"])
def test_a_job_that_succeeds_costs_eight(store: DynamoDbJobStore, units: list[float], job: Job) -> None:
    """Create 3, claim 1, settle 4."""
    job = store.add(replace(job, id=new_id()))
    job = claimed(store, job)
    settle(store, job.succeeded(an_attempt(), now_ms=NOW_MS, retention_ms=RETENTION_MS))
    assert units == [3, 1, 4]


def test_a_retry_costs_three_and_one_for_what_the_target_said(store: DynamoDbJobStore, units: list[float]) -> None:
    """The attempt in full first, then the job."""
    job = claimed(store, store.add(a_job()))
    attempt = an_attempt(1, AttemptOutcome.RETRY)
    settle(store, job.retried(attempt, fire_at_ms=NOW_MS * 2, now_ms=NOW_MS, horizon=HORIZON))
    assert units == [3, 1, 1, 3]


def test_an_attempt_of_which_nothing_more_is_known_costs_nothing_more(
    store: DynamoDbJobStore, units: list[float]
) -> None:
    """Its short form says all there is to say."""
    job = claimed(store, store.add(a_job()))
    error = AttemptError("status_retryable", "The target answered 503.")
    attempt = an_attempt(1, AttemptOutcome.RETRY, error=error, response_excerpt=None)
    settle(store, job.retried(attempt, fire_at_ms=NOW_MS * 2, now_ms=NOW_MS, horizon=HORIZON))
    assert units == [3, 1, 3]


def test_a_failure_costs_five_and_one_for_what_the_target_said(store: DynamoDbJobStore, units: list[float]) -> None:
    """One more than a success: operators find failed jobs in the due index, by day. Telling somebody is one more."""
    job = claimed(store, store.add(a_job()))
    failed = job.failed(an_attempt(1, AttemptOutcome.FAILED), now_ms=NOW_MS, retention_ms=RETENTION_MS)
    settle(store, failed)
    store.mark_alerted(failed, now_ms=NOW_MS)
    assert units == [3, 1, 1, 5, 1]


def test_a_failure_that_is_told_together_with_others_costs_one_more(counting_table: Table, units: list[float]) -> None:
    """Its note as waiting; one that is told alone costs its place in the group instead. Looking costs no write."""
    groups = counting_table.alert_groups()
    key = GroupKey("ada", "api.example.com", "status_retryable", 503, None)
    groups.read(key)
    groups.write(key, Group(first=tuple(new_id() for _ in range(5)), crowded=True, version=1), now_ms=NOW_MS)
    groups.wait(key, Named(new_id(), "n" * 200, NOW_MS, NOW_MS), window_ms=NOW_MS, now_ms=NOW_MS)
    groups.waiting(key, window_ms=NOW_MS)
    assert units == [1, 1]


def test_a_take_over_costs_one(store: DynamoDbJobStore, units: list[float]) -> None:
    """Like a claim: no index changes."""
    job = claimed(store, store.add(a_job()))
    store.take_over(job, claim_id="claim-2", now_ms=NOW_MS * 2)
    assert units == [3, 1, 1]


def test_putting_off_costs_three(store: DynamoDbJobStore, units: list[float]) -> None:
    """Like a retry: the item, and its entry in the due index moved. The owner's index does not change."""
    job = claimed(store, store.add(a_job()))
    after = job.put_off(fire_at_ms=job.fire_at_ms + 30_000, now_ms=NOW_MS, horizon=HORIZON)
    store.put_off(after, claim_id=job.claim_id or "")
    assert units == [3, 1, 3]


def test_a_job_that_was_put_off_costs_no_more_at_its_end(store: DynamoDbJobStore, units: list[float]) -> None:
    """Claim 1, settle 4, as ever."""
    job = claimed(store, store.add(a_job()))
    after = job.put_off(fire_at_ms=job.fire_at_ms + 30_000, now_ms=NOW_MS, horizon=HORIZON)
    store.put_off(after, claim_id=job.claim_id or "")
    again = claimed(store, after)
    settle(store, again.succeeded(an_attempt(), now_ms=NOW_MS, retention_ms=RETENTION_MS))
    assert units == [3, 1, 3, 1, 4]


def test_a_target_costs_one_for_each_failure_and_nothing_while_it_is_well(
    counting_table: Table, units: list[float]
) -> None:
    """Counted, paused, told and forgotten: one unit each. Looking costs none."""
    targets = counting_table.targets()
    assert targets.find("ada", "example.com") is None
    target = targets.count("ada", "example.com", sign=Sign.FAILURE, now_ms=NOW_MS)
    paused = target.opened("timeout", asked_ms=0, now_ms=NOW_MS, limits=Limits())
    targets.replace(paused, read_version=target.version, now_ms=NOW_MS)
    targets.forget(paused)
    assert units == [1, 1, 1]


def test_counting_requests_costs_nothing_up_to_a_hundredth_and_then_one_for_each(
    counting_table: Table, units: list[float]
) -> None:
    """Of 1,000 a minute ten are free; 30 more are three portions. A limit under 100 is exact and costs one each."""
    for owner, limits in (("ada", OwnerLimits(requests_per_minute=1_000)), ("eve", PRESETS["starter"])):
        limiter = Limiter(usage=counting_table.usage(), journal=FakeJournal(), defaults=limits)
        units.append(0)
        for _ in range(40 if owner == "ada" else 3):
            limiter.request(owner, now_ms=NOW_MS)
    assert units == [0, 1, 1, 1, 0, 1, 1, 1]


def life(job_ids: Sequence[str], *, now_ms: int = NOW_MS) -> Iterator[list[Change]]:
    """What a stream has of jobs that succeed and expire: all of them stored, claimed, settled, gone."""
    scheduled, running, succeeded = (
        Standing("ada", now_ms, status) for status in (Status.SCHEDULED, Status.RUNNING, Status.SUCCEEDED)
    )
    ways = [(None, scheduled), (scheduled, running), (running, succeeded), (succeeded, None)]
    for number, (before, after) in enumerate(ways):
        first = number * len(job_ids)
        yield [Change(first + place, before, after, expired=after is None) for place in range(len(job_ids))]


@pytest.mark.parametrize("jobs", [1, 100])
def test_counters_cost_one_for_each_day_that_a_batch_touches(
    counting_table: Table, units: list[float], jobs: int
) -> None:
    """A job that shares with none costs four in its whole life; a hundred together cost no more."""
    counters = counting_table.counters()
    for changes in life([new_id() for _ in range(jobs)]):
        counters.add(steps_of(changes), lane="lane", now_ms=NOW_MS)
    assert units == [1, 1, 1, 1]


def test_a_day_with_jobs_of_every_kind_in_every_quarter_costs_six(counting_table: Table, units: list[float]) -> None:
    """Also when some of each have expired: a hundred thousand of each, the most that an item can hold."""
    counters = counting_table.counters()
    due = [NOW_MS // DAY_MS * DAY_MS + quarter * QUARTER_MS for quarter in range(QUARTERS_A_DAY)]
    jobs = [Standing("o" * 36, due_at_ms, status) for due_at_ms in due for status in Status]
    for number, job in enumerate(jobs):
        gone = Change(2 * number, job, None, expired=True)
        counters.add(steps_of([gone, Change(2 * number + 1, None, job)]), lane="lane", now_ms=NOW_MS)
    (day,) = counters.read("o" * 36, first=0, last=100_000)
    full = replace(day, cells=dict.fromkeys((*day.cells, *map(Standing.cell, jobs)), 123456), version=day.version + 1)
    units.clear()
    assert counters.replace(full)
    assert units == [6]


def test_a_job_of_a_normal_owner_costs_no_more_for_being_counted(counting_table: Table, units: list[float]) -> None:
    """Create 3, as without limits; what is looked at are two small reads a minute."""
    limiter = Limiter(usage=counting_table.usage(), journal=FakeJournal(), defaults=OwnerLimits())
    store = counting_table.store()
    for _ in range(5):
        job = a_job()
        limiter.request(job.owner, now_ms=NOW_MS)
        limiter.admit(job, now_ms=NOW_MS)
        store.add(job)
    assert units == [3] * 5


def test_an_edit_costs_what_it_moves(store: DynamoDbJobStore, units: list[float]) -> None:
    """1 for the item; a new due time moves an entry in each index, 2 each."""
    job = store.add(a_job())
    renamed = store.replace(replace(job, name="new").edited(now_ms=NOW_MS, horizon=HORIZON), read_version=1)
    later = replace(renamed, due_at_ms=NOW_MS * 2, fire_at_ms=NOW_MS * 2)
    store.replace(later.edited(now_ms=NOW_MS, horizon=HORIZON), read_version=2)
    moved = replace(later, version=3, request=replace(job.request, url="https://example.net/"), name="newer")
    store.replace(moved.edited(now_ms=NOW_MS, horizon=HORIZON), read_version=3)
    assert units == [3, 2, 5, 2]


def test_a_large_request_costs_its_kilobytes_once(store: DynamoDbJobStore, units: list[float]) -> None:
    """When it is stored; claims and settles cost what they cost without it."""
    job = store.add(a_job(request=large_request(10_000)))
    job = claimed(store, job)
    settle(store, job.succeeded(an_attempt(), now_ms=NOW_MS, retention_ms=RETENTION_MS))
    assert units == [10, 3, 1, 4]


def test_a_job_as_large_as_fits_stays_under_a_kilobyte(store: DynamoDbJobStore, units: list[float]) -> None:
    """Whatever the size of its body, through a claim, a retry and a failure with the longest words."""
    for size in range(300, 700, 40):
        units.clear()
        body = Body(b"x" * size, "base64")
        job = store.add(a_job(request=replace(large_request(), body=body)))
        in_item = job.stored_apart is None
        job = claimed(store, job)
        waits = job.put_off(fire_at_ms=job.fire_at_ms + 30_000, now_ms=NOW_MS, horizon=HORIZON)
        store.put_off(waits, claim_id=job.claim_id or "")
        job = claimed(store, waits)
        error = AttemptError("expectation_failed", "It failed.")
        attempt = an_attempt(1, AttemptOutcome.FAILED, error=error, lateness_ms=999_999, duration_ms=59_999)
        failed = job.failed(attempt, now_ms=NOW_MS + 1, retention_ms=RETENTION_MS)
        settle(store, failed)
        store.mark_alerted(failed, now_ms=NOW_MS + 1)
        assert units[-7:] == [3, 1, 3, 1, 1, 5, 1], f"a body of {size} bytes, {'in' if in_item else 'beside'} the item"


@pytest.mark.emulator
def test_a_job_with_a_key_costs_six(request: pytest.FixtureRequest) -> None:
    """A transaction doubles the units of its items, not of their index entries; DynamoDB Local doubles them twice."""
    table = table_in("emulator", request)
    job = a_job()
    receipt = Receipt(RequestKey.of("k", owner="ada", route="POST /v1/jobs"), (job.id,), NOW_MS)
    with write_units(table.client) as units:
        table.store().add_once(job, receipt)
    assert units == [6]


@pytest.mark.parametrize(
    "values",
    [
        {"s": "käse" * 20},
        {"n": [1, 12, 123, 1_000, 1_790_000_000_000, -7, 0]},
        {"m": {"a": None, "b": True, "c": b"\0\1", "d": []}},
        {"l": [["a", "b"], ["c", {"d": "e"}]]},
    ],
    ids=["text", "numbers", "map", "lists"],
)
def test_sizes_are_counted_as_aws_counts_them(dynamodb_local: str, values: dict[str, Any]) -> None:
    """An item of 1,024 bytes by our count is one write unit, and one byte more makes it two."""
    dynamodb = client("dynamodb", dynamodb_local)
    table = make_table(dynamodb)
    item = {"pk": "JOB#1", "sk": "JOB", **values, "fill": ""}
    item["fill"] = "x" * (1024 - item_size(item))
    assert _units_of(dynamodb, table, item) == 1
    assert _units_of(dynamodb, table, {**item, "fill": item["fill"] + "x"}) == 2


def _units_of(dynamodb: Any, table: str, item: dict[str, Any]) -> float:
    reply = dynamodb.put_item(TableName=table, Item=to_attributes(item), ReturnConsumedCapacity="TOTAL")
    units: float = reply["ConsumedCapacity"]["CapacityUnits"]
    dynamodb.delete_item(TableName=table, Key=to_attributes({"pk": item["pk"], "sk": item["sk"]}))
    return units


def test_an_api_key_costs_four_its_revocation_two_and_a_noted_use_one(
    counting_table: Table, units: list[float]
) -> None:
    """Made in one transaction of two items; the use is noted once an hour at most."""
    keys, key = counting_table.keys(), ApiKey("00000000000000a1", "ada", "ci", ("jobs:read",), NOW_MS, hash_of("a1"))
    keys.add(key)
    keys.note_use(key, now_ms=NOW_MS)
    keys.revoke(key.id, owner="ada")
    assert units == [4, 1, 1, 1]
