"""New jobs with a receipt, when two are at it at once, a reply is lost or the table answers in part."""

from __future__ import annotations

import base64
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas.adapters import dynamodb_new_jobs
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.jobs.errors import JobNotFound, ReceiptFound, StoreUnavailable
from lambdas.jobs.job import Job
from lambdas.jobs.receipt import Receipt, RequestKey
from tests.contracts.aws_places import always, interrupted
from tests.contracts.conftest import Table, table_in
from tests.examples import a_job, large_request
from tests.fakes import NOW_MS

KEY = RequestKey.of("k-1", owner="ada", route="POST /v1/jobs")
TRANSACT, BATCH = "dynamodb.TransactWriteItems", "dynamodb.BatchWriteItem"


def receipt_of(job: Job) -> Receipt:
    return Receipt(KEY, (job.id,), NOW_MS)


def cancelled(code: str) -> Any:
    """What DynamoDB says when it cancels a transaction for its first item."""
    error = {"Code": "TransactionCanceledException", "Message": "cancelled"}
    return FakeResponse(), {"Error": error, "CancellationReasons": [{"Code": code}, {"Code": "None"}]}


@dataclass(frozen=True, slots=True)
class FakeResponse:
    status_code: int = 400


@pytest.mark.parametrize("request_", [a_job().request, large_request()], ids=["small", "large"])
def test_a_rival_in_the_middle_wins_whole(table: Table, store: DynamoDbJobStore, request_: Any) -> None:
    """F2: the loser has left neither a job nor a request."""
    first, second = a_job(), a_job(request=request_)

    def rival(**_: Any) -> None:
        table.store().add_once(first, receipt_of(first))

    with interrupted(table.client, f"before-call.{TRANSACT}", rival), pytest.raises(ReceiptFound) as found:
        store.add_once(second, receipt_of(second))
    assert found.value.receipt == receipt_of(first)
    assert partition(table, second) == []
    with pytest.raises(JobNotFound):
        store.read(second.id, owner="ada", now_ms=NOW_MS)


@pytest.mark.parametrize("request_", [a_job().request, large_request()], ids=["small", "large"])
def test_a_lost_reply_is_no_rival(table: Table, store: DynamoDbJobStore, request_: Any) -> None:
    """F1: also if the job was claimed before the transaction came again."""
    job = a_job(request=request_)

    def claimed_meanwhile(**_: Any) -> int:
        table.store().claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="c", now_ms=job.fire_at_ms)
        return 0  # seconds until botocore sends the request again

    with interrupted(table.client, f"needs-retry.{TRANSACT}", claimed_meanwhile):
        stored = store.add_once(job, receipt_of(job))
    found = store.find(job.id)
    assert found is not None and found.attempt_count == 1
    assert store.with_request(found).request == stored.request == request_


@pytest.mark.parametrize("request_", [a_job().request, large_request()], ids=["small", "large"])
@pytest.mark.parametrize("calls", range(3))
def test_an_api_that_dies_between_two_calls_has_stored_both_or_neither(
    table: Table, store: DynamoDbJobStore, request_: Any, calls: int
) -> None:
    """F1: no key that stands for a job which is not there, and no job whose key would make another."""
    job = a_job(request=request_)
    made = itertools.count()

    def die(**_: Any) -> None:
        if next(made) >= calls:
            raise MemoryError

    with always(table.client, "before-call.dynamodb", die), suppress(MemoryError):
        store.add_once(job, receipt_of(job))
    assert (store.find(job.id) is None) == (store.receipt(KEY, now_ms=NOW_MS) is None)


def test_a_lost_reply_of_many_undoes_nothing(table: Table, store: DynamoDbJobStore) -> None:
    """P3: a job that ran meanwhile does not begin anew."""
    jobs = [a_job(), a_job()]

    def claimed_meanwhile(**_: Any) -> int:
        table.store().claim(jobs[0].id, fire_at_ms=jobs[0].fire_at_ms, claim_id="c", now_ms=NOW_MS)
        return 0

    with interrupted(table.client, f"needs-retry.{TRANSACT}", claimed_meanwhile):
        assert all(store.add_all(jobs))
    assert [found and found.attempt_count for found in map(store.find, (job.id for job in jobs))] == [1, 0]


def test_a_conflict_is_tried_again(table: Table, store: DynamoDbJobStore) -> None:
    """Two transactions at one item: DynamoDB lets one of them go on."""
    job = a_job()
    with interrupted(table.client, f"before-call.{TRANSACT}", lambda **_: cancelled("TransactionConflict")):
        store.add_once(job, receipt_of(job))
    assert store.find(job.id) == job


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError"])
def test_what_goes_on_being_cancelled_is_unavailable(table: Table, store: DynamoDbJobStore, code: str) -> None:
    """F20: 503, and the client may come again with its key."""
    job = a_job()
    with (
        always(table.client, f"before-call.{TRANSACT}", lambda **_: cancelled(code)),
        pytest.raises(StoreUnavailable, match=code if code == "ThrottlingError" else "others"),
    ):
        store.add_once(job, receipt_of(job))


def test_jobs_after_a_failed_transaction_are_told_apart(
    table: Table, store: DynamoDbJobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was stored stays stored; what was not can be sent again."""
    monkeypatch.setattr(dynamodb_new_jobs, "LARGEST_TRANSACTION", 2)
    jobs = [a_job() for _ in range(5)]
    throttled = interrupted(table.client, f"before-call.{TRANSACT}", lambda **_: cancelled("ThrottlingError"), skip=1)
    with throttled:
        stored = store.add_all(jobs)
    assert [job is not None for job in stored] == [True, True, False, False, False]
    assert [store.find(job.id) is not None for job in jobs] == [True, True, False, False, False]


def test_a_transaction_holds_no_more_bytes_than_aws_takes(
    table: Table, store: DynamoDbJobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large what stays in the items is."""
    monkeypatch.setattr(dynamodb_new_jobs, "LARGEST_TRANSACTION_BYTES", 2_000)
    sizes: list[int] = []

    def note(params: Any, **_: Any) -> None:
        sizes.append(len(params["body"]))

    with always(table.client, f"before-call.{TRANSACT}", note):
        assert all(store.add_all([a_job(name="n" * 150) for _ in range(10)]))
    assert len(sizes) == 3


def test_what_batch_write_leaves_is_written_again(table: Table, store: DynamoDbJobStore) -> None:
    """DynamoDB takes a batch in part when it throttles."""
    jobs = [a_job(request=large_request()) for _ in range(3)]

    def none_of_it(params: Any, **_: Any) -> Any:
        asked = json.loads(params["body"])["RequestItems"]
        return FakeResponse(200), {"UnprocessedItems": _decoded(asked)}

    with interrupted(table.client, f"before-call.{BATCH}", none_of_it):
        assert all(store.add_all(jobs))
    assert all(store.read(job.id, owner="ada", now_ms=NOW_MS).request == job.request for job in jobs)


def _decoded(asked: Any) -> Any:
    """As botocore hands a reply on: bytes are bytes."""
    if isinstance(asked, dict):
        if set(asked) == {"B"}:
            return {"B": base64.b64decode(asked["B"])}
        return {name: _decoded(value) for name, value in asked.items()}
    return [_decoded(value) for value in asked] if isinstance(asked, list) else asked


@pytest.mark.emulator
def test_of_many_requests_with_one_key_at_once_one_makes_a_job(request: pytest.FixtureRequest) -> None:
    """F2, with real threads."""
    table = table_in("emulator", request)
    store = table.store()
    jobs = [a_job() for _ in range(24)]

    def add(job: Job) -> Receipt | None:
        try:
            store.add_once(job, receipt_of(job))
        except ReceiptFound as found:
            return found.receipt
        return None

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(add, jobs))
    (winner,) = (job for job, receipt in zip(jobs, found, strict=True) if receipt is None)
    assert {receipt for receipt in found if receipt is not None} == {receipt_of(winner)}
    assert [job.id for job in jobs if store.find(job.id)] == [winner.id]


def partition(table: Table, job: Job) -> list[Any]:
    """All that is stored under the job's id."""
    reply = table.client.query(
        TableName=table.name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"JOB#{job.id}"}},
    )
    items: list[Any] = reply["Items"]
    return items
