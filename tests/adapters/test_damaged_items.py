"""Damaged items, and those that newer code wrote, in the real store (F28): told from jobs, and in nobody's way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from lambdas.adapters.attribute_values import Values, from_attributes, to_attributes
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.adapters.job_items import item_of
from lambdas.jobs.errors import DamagedItem, DamagedJob, JobNotFound
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.job import Job
from lambdas.jobs.listing import ListQuery
from lambdas.jobs.sweep import sweep
from tests.contracts.conftest import Table
from tests.examples import a_job, large_request
from tests.fakes import NOW_MS, FakeClock, FakeJobQueue, FakeJournal

SHARD = 5
DAY_MS = 86_400_000
LONG_AFTER_MS = NOW_MS + 3_600_000

NEWER_OR_BROKEN: list[dict[str, Any]] = [
    {"status": "paused"},
    {"retry": "often"},
    {"request": ...},
    {"expect": {"statuses": 7, "json": {"a": 1}}},
    {"version": "two"},
]
"""What a newer version might write, and what no version would; `...` for what is not there."""


def put_raw(table: Table, item: Values, **attributes: Any) -> None:
    """An item, with some of its attributes as DynamoDB has them."""
    table.client.put_item(TableName=table.name, Item={**to_attributes(item), **attributes})


def raw(table: Table, job: Job, sk: str = "JOB") -> Values:
    key = to_attributes({"pk": f"JOB#{job.id}", "sk": sk})
    return from_attributes(table.client.get_item(TableName=table.name, Key=key).get("Item", {}))


def damaged(table: Table, changes: Mapping[str, Any]) -> Job:
    """A stored job with something wrong in its item; `...` for what it lacks."""
    job = a_job(shard=SHARD)
    item = {**item_of(job), **changes}
    put_raw(table, {name: value for name, value in item.items() if value is not ...})
    return job


def with_a_fraction(table: Table, name: str) -> Job:
    """A stored job one of whose times is no whole number, which none of ours is."""
    job = a_job(shard=SHARD)
    item = item_of(job)
    put_raw(table, item, **{name: {"N": f"{item[name]}.5"}})
    return job


def due(store: DynamoDbJobStore) -> list[str]:
    return [entry.job_id for page in store.due(SHARD, after_ms=0, until_ms=NOW_MS * 2) for entry in page]


@pytest.mark.parametrize("changes", NEWER_OR_BROKEN)
def test_they_are_told_from_jobs(table: Table, store: DynamoDbJobStore, changes: dict[str, Any]) -> None:
    """F28: by whoever reads them, with the job's id; to its owner only, for anybody else there is no such job (T5)."""
    job = damaged(table, changes)
    with pytest.raises(DamagedJob, match=job.id):
        store.find(job.id)
    with pytest.raises(DamagedJob, match=job.id):
        store.read(job.id, owner=job.owner, now_ms=NOW_MS)
    with pytest.raises(JobNotFound):
        store.read(job.id, owner="eve", now_ms=NOW_MS)
    assert store.read_all([job.id], owner="eve", now_ms=NOW_MS) == {}
    assert isinstance(store.read_all([job.id], owner=job.owner, now_ms=NOW_MS)[job.id], DamagedJob)


def test_a_job_that_does_not_say_whose_it_is_is_nobodys(table: Table, store: DynamoDbJobStore) -> None:
    """F28, T5: the service reads it as damaged, and every owner as not there."""
    job = damaged(table, {"owner": 7})
    with pytest.raises(DamagedJob, match=job.id):
        store.find(job.id)
    with pytest.raises(JobNotFound):
        store.read(job.id, owner=job.owner, now_ms=NOW_MS)


@pytest.mark.parametrize("changes", [{"timeout_ms": ...}, {"attempt_count": "many"}, {"version": None}])
def test_a_claim_that_does_not_fit_an_item_is_told(
    table: Table, store: DynamoDbJobStore, changes: dict[str, Any]
) -> None:
    """F28: DynamoDB cannot reckon with what is not there or not a number."""
    job = damaged(table, changes)
    with pytest.raises(DamagedItem, match=job.id):
        store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="c", now_ms=NOW_MS)


@pytest.mark.parametrize("changes", NEWER_OR_BROKEN)
def test_a_sweep_hands_them_on_with_the_others(table: Table, store: DynamoDbJobStore, changes: dict[str, Any]) -> None:
    """F28: the index says when, and that is all a sweep needs; whoever reads the job sets it aside."""
    broken, job = damaged(table, changes), store.add(a_job(shard=SHARD))
    assert swept(store) == {broken.id, job.id}


def test_a_fire_time_with_a_fraction_does_not_hold_up_its_shard(table: Table, store: DynamoDbJobStore) -> None:
    """F28: nobody can claim it, so it is set aside; the mark goes on."""
    broken, job = with_a_fraction(table, "fire_at"), store.add(a_job(shard=SHARD))
    assert swept(store) == {broken.id, job.id}
    (entry,) = [due for page in store.due(SHARD, after_ms=0, until_ms=NOW_MS * 2) for due in page if due != job.due]
    with pytest.raises(DamagedJob, match=broken.id):
        store.claim(broken.id, fire_at_ms=entry.fire_at_ms, claim_id="c", now_ms=NOW_MS)


def swept(store: DynamoDbJobStore) -> set[str]:
    """What one sweep puts on the queue."""
    clock = FakeClock()
    queue = FakeJobQueue(clock)
    sweep(store=store, queue=queue, journal=FakeJournal(), clock=clock, horizon=Horizon(), period_ms=240_000)
    return {message.due.job_id for _, message in queue.waiting}


@pytest.mark.parametrize("changes", NEWER_OR_BROKEN)
def test_they_can_be_set_aside(table: Table, store: DynamoDbJobStore, changes: dict[str, Any]) -> None:
    """F28: whatever is wrong with them; nothing else of them is touched."""
    job = damaged(table, changes)
    assert due(store) == [job.id]
    before = raw(table, job)
    store.set_aside(job.id)
    assert due(store) == []
    assert raw(table, job) == {k: v for k, v in before.items() if k not in ("due_shard", "handoff")}


@pytest.mark.parametrize("changes", NEWER_OR_BROKEN)
def test_a_list_names_them_beside_an_owners_other_jobs(
    table: Table, store: DynamoDbJobStore, changes: dict[str, Any]
) -> None:
    """F28: neither do they hide the others, nor are they left out without a word."""
    broken, job = damaged(table, changes), store.add(a_job())
    page = store.list(ListQuery("ada"), now_ms=NOW_MS)
    assert page.jobs == (job,)
    assert [each.job_id for each in page.damaged] == [broken.id]


def test_an_item_in_the_wrong_list_is_not_shown_there(table: Table, store: DynamoDbJobStore) -> None:
    """P6, T5: an owner's name in the index does not make a job that owner's."""
    damaged(table, {"owner": "bob"})
    damaged(table, {"owner": 7})
    page = store.list(ListQuery("ada"), now_ms=NOW_MS)
    assert (page.jobs, page.damaged) == ((), ())


@pytest.mark.parametrize("descending", [False, True])
def test_a_due_time_with_a_fraction_does_not_end_the_list_of_its_owner(
    table: Table, store: DynamoDbJobStore, descending: bool
) -> None:
    """F28: following the pages comes to the end, and shows what can be read."""
    store.add(a_job(due_in_ms=1_000))
    broken = with_a_fraction(table, "due_at")
    store.add(a_job(due_in_ms=DAY_MS))
    seen: list[str] = []
    query = ListQuery("ada", limit=1, descending=descending)
    for _ in range(5):
        page = store.list(query, now_ms=NOW_MS)
        seen += [*(job.id for job in page.jobs), *(each.job_id for each in page.damaged)]
        if page.after is None:
            break
        query = replace(query, after=page.after)
    assert page.after is None
    assert seen.count(broken.id) == 1
    assert len(seen) == 3


def test_a_handoff_that_was_left_behind_goes_with_the_next_claim(table: Table, store: DynamoDbJobStore) -> None:
    """As when operators have put an item back by hand: a running job is nothing for the stream."""
    job = a_job().claimed(claim_id="c", now_ms=NOW_MS)
    put_raw(table, {**item_of(job), "handoff": job.fire_at_ms})
    store.take_over(job, claim_id="d", now_ms=LONG_AFTER_MS)
    assert "handoff" not in raw(table, job)


@pytest.mark.parametrize("changes", [{"body": "text"}, {"body_form": "poem"}, {"gone": True}])
def test_a_request_that_is_damaged_or_gone_is_told(
    table: Table, store: DynamoDbJobStore, changes: dict[str, Any]
) -> None:
    """F28: better no request than half of one."""
    job = store.add(a_job(request=large_request()))
    stored = raw(table, job, "REQUEST#1")
    table.client.delete_item(TableName=table.name, Key=to_attributes({"pk": stored["pk"], "sk": stored["sk"]}))
    if "gone" not in changes:
        put_raw(table, {**stored, **changes})
    with pytest.raises(DamagedJob, match=job.id):
        store.with_request(job)
    with pytest.raises(DamagedJob, match=job.id):
        store.read(job.id, owner=job.owner, now_ms=NOW_MS)
