"""What is the DynamoDB store's own: newer items, what expires, outages, answers in part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.adapters.attribute_values import Values, from_attributes, to_attributes
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.adapters.job_items import item_of
from lambdas.jobs.errors import PunctualError, StoreUnavailable
from lambdas.jobs.job import REQUEST_EXPIRED, AttemptOutcome, Job, Request, Status
from lambdas.jobs.listing import ListQuery
from tests.contracts.aws_places import always, client
from tests.contracts.conftest import Table
from tests.examples import HORIZON, RETENTION_MS, a_job, an_attempt, large_request, new_id
from tests.fakes import NOW_MS

DAY_MS = 86_400_000
LONG_AFTER_MS = NOW_MS + 3_600_000


def put_raw(table: Table, item: Values) -> None:
    table.client.put_item(TableName=table.name, Item=to_attributes(item))


def raw(table: Table, job: Job, sk: str = "JOB") -> Values:
    key = to_attributes({"pk": f"JOB#{job.id}", "sk": sk})
    return from_attributes(table.client.get_item(TableName=table.name, Key=key).get("Item", {}))


def test_what_newer_code_added_survives_a_claim_and_a_settle(table: Table, store: DynamoDbJobStore) -> None:
    """F26: while a deployment is under way, old code works on new items."""
    job = a_job()
    put_raw(table, {**item_of(job), "colour": "blue"})
    won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="c", now_ms=NOW_MS).won
    assert won is not None
    done = won.succeeded(an_attempt(), now_ms=NOW_MS, retention_ms=RETENTION_MS)
    store.settle(done, attempt=done.attempts[-1])
    assert raw(table, job)["colour"] == "blue"


class TestWhatExpires:
    """F30, in epoch seconds: what is beside a job never goes before the job does."""

    @pytest.mark.parametrize(
        ("retention_ms", "due_in_ms", "kept_until_ms"),
        [
            (30 * DAY_MS, 60_000, NOW_MS + 60_000 + 60 * DAY_MS),
            (30 * DAY_MS, -60_000, NOW_MS + 60 * DAY_MS),
            (365 * DAY_MS, 400 * DAY_MS, NOW_MS + 400 * DAY_MS + 395 * DAY_MS),
        ],
        ids=["due soon", "due already", "kept for long"],
    )
    def test_a_large_request_lives_longer_than_its_job(
        self, table: Table, retention_ms: int, due_in_ms: int, kept_until_ms: int
    ) -> None:
        """60 days from the due time, or 30 more than the retention."""
        store = DynamoDbJobStore(table.client, table.name, retention_ms=retention_ms)
        job = store.add(a_job(request=large_request(), due_in_ms=due_in_ms))
        assert raw(table, job, "REQUEST#1")["expires_at"] == kept_until_ms // 1000
        assert "expires_at" not in raw(table, job)

    def test_a_large_request_lives_longer_when_its_job_is_put_off(self, table: Table, store: DynamoDbJobStore) -> None:
        """An edit stores it anew, with the new due time in mind."""
        job = store.add(a_job(request=large_request()))
        later = replace(job, due_at_ms=NOW_MS + 400 * DAY_MS, fire_at_ms=NOW_MS + 400 * DAY_MS)
        job = store.replace(later.edited(now_ms=NOW_MS, horizon=HORIZON), read_version=1)
        assert raw(table, job, "REQUEST#2")["expires_at"] == (NOW_MS + 460 * DAY_MS) // 1000
        assert raw(table, job, "REQUEST#1") == {}

    def test_a_large_request_of_a_cancelled_job_does_not_wait_for_its_due_time(
        self, table: Table, store: DynamoDbJobStore
    ) -> None:
        """It may have been due in a hundred years."""
        job = store.add(a_job(request=large_request(), due_in_ms=36_500 * DAY_MS))
        cancelled = store.replace(job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS), read_version=1)
        assert raw(table, job, "REQUEST#2")["expires_at"] == (NOW_MS + 60 * DAY_MS) // 1000
        assert store.read(job.id, owner=job.owner, now_ms=NOW_MS) == cancelled

    def test_an_attempt_in_full_expires_too(self, table: Table, store: DynamoDbJobStore) -> None:
        """Counted from when it is written."""
        job = store.add(a_job())
        won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="c", now_ms=NOW_MS).won
        assert won is not None
        failed = won.failed(an_attempt(1, AttemptOutcome.FAILED), now_ms=LONG_AFTER_MS, retention_ms=RETENTION_MS)
        store.settle(failed, attempt=failed.attempts[-1])
        assert raw(table, job, "ATTEMPT#1")["expires_at"] == (LONG_AFTER_MS + 60 * DAY_MS) // 1000

    def test_a_finished_job_whose_request_has_expired_is_shown_without_and_says_so(
        self, table: Table, store: DynamoDbJobStore
    ) -> None:
        """A job may end long after its due time, after an outage of weeks."""
        job = store.add(a_job(request=large_request()))
        store.replace(job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS), read_version=1)
        key = to_attributes({"pk": f"JOB#{job.id}", "sk": "REQUEST#2"})
        table.client.delete_item(TableName=table.name, Key=key)
        shown = store.read(job.id, owner=job.owner, now_ms=NOW_MS)
        assert (shown.status, shown.request.body) == (Status.CANCELLED, None)
        assert shown.notes == (REQUEST_EXPIRED,)


def test_failed_jobs_of_a_day_are_one_query_for_operators(table: Table, store: DynamoDbJobStore) -> None:
    """Of any owner, by fire time."""
    job = store.add(a_job(owner="bob"))
    won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="c", now_ms=NOW_MS).won
    assert won is not None
    failed = won.failed(an_attempt(1, AttemptOutcome.FAILED), now_ms=NOW_MS, retention_ms=RETENTION_MS)
    store.settle(failed, attempt=failed.attempts[-1])
    reply = table.client.query(
        TableName=table.name,
        IndexName="due",
        KeyConditionExpression="due_shard = :day",
        ExpressionAttributeValues={":day": {"S": "FAILED#2026-09-21"}},
    )
    assert [item["pk"]["S"] for item in reply["Items"]] == [f"JOB#{job.id}"]


class TestAnswersInPart:
    """BatchGetItem leaves out what it cannot do now."""

    def test_what_was_left_out_is_asked_for_again(self, table: Table, store: DynamoDbJobStore) -> None:
        """Until a list is whole."""
        jobs = tuple(store.add(a_job(due_in_ms=ms)) for ms in range(6))

        def one_only(parsed: dict[str, Any], **_: Any) -> None:
            items = parsed["Responses"][table.name]
            keys = [{"pk": item["pk"], "sk": item["sk"]} for item in items[1:]]
            del items[1:]
            if keys:
                parsed["UnprocessedKeys"] = {table.name: {"Keys": keys, "ConsistentRead": True}}

        with always(table.client, "after-call.dynamodb.BatchGetItem", one_only):
            assert store.list(ListQuery("ada"), now_ms=NOW_MS).jobs == jobs

    def test_a_table_that_does_nothing_counts_as_away(self, table: Table, store: DynamoDbJobStore) -> None:
        """After a few fruitless rounds, instead of a list with holes."""
        store.add(a_job())

        def nothing(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
            asked = {table.name: {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "b"}}]}}
            return SimpleNamespace(status_code=200), {"Responses": {}, "UnprocessedKeys": asked}

        with always(table.client, "before-call.dynamodb.BatchGetItem", nothing), pytest.raises(StoreUnavailable):
            store.list(ListQuery("ada"), now_ms=NOW_MS)


def _calls(store: DynamoDbJobStore) -> dict[str, Callable[[], object]]:
    """Every method of the store, once."""
    job = a_job().claimed(claim_id="c", now_ms=NOW_MS)
    failed = job.failed(an_attempt(1, AttemptOutcome.FAILED), now_ms=NOW_MS, retention_ms=RETENTION_MS)
    return {
        "add": lambda: store.add(a_job()),
        "add large": lambda: store.add(a_job(request=large_request())),
        "read": lambda: store.read(new_id(), owner="ada", now_ms=NOW_MS),
        "find": lambda: store.find(new_id()),
        "with_request": lambda: store.with_request(a_job(stored_apart=1)),
        "list": lambda: store.list(ListQuery("ada"), now_ms=NOW_MS),
        "replace": lambda: store.replace(a_job(), read_version=1),
        "claim": lambda: store.claim(new_id(), fire_at_ms=NOW_MS, claim_id="c", now_ms=NOW_MS),
        "take_over": lambda: store.take_over(job, claim_id="d", now_ms=NOW_MS),
        "settle": lambda: store.settle(failed, attempt=failed.attempts[-1]),
        "mark_alerted": lambda: store.mark_alerted(failed, now_ms=NOW_MS),
        "set_aside": lambda: store.set_aside(new_id()),
        "due": lambda: list(store.due(0, after_ms=0, until_ms=NOW_MS)),
        "swept_until": lambda: store.swept_until(0),
        "advance_mark": lambda: store.advance_mark(0, swept_until_ms=NOW_MS),
    }


METHODS = tuple(_calls(DynamoDbJobStore(None, "", retention_ms=0)))  # type: ignore[arg-type]


class TestOutages:
    """F20: what cannot be done now is told apart from what is wrong."""

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize(
        "code", ["ProvisionedThroughputExceededException", "InternalServerError", "AccessDeniedException"]
    )
    def test_a_refusal_makes_the_store_unavailable(self, moto: None, method: str, code: str) -> None:
        """Throttled, broken, or a right or a key taken away: not now, perhaps later."""
        dynamodb = client("dynamodb")

        def refuse(**_: Any) -> tuple[Any, dict[str, Any]]:
            return SimpleNamespace(status_code=400), {"Error": {"Code": code, "Message": "no"}}

        store = DynamoDbJobStore(dynamodb, "jobs", retention_ms=RETENTION_MS)
        with always(dynamodb, "before-call.dynamodb.*", refuse), pytest.raises(StoreUnavailable, match=code):
            _calls(store)[method]()

    def test_a_table_that_is_not_there_is_unavailable(self, moto: None) -> None:
        """As while operators restore it (F29)."""
        store = DynamoDbJobStore(client("dynamodb"), "nowhere", retention_ms=RETENTION_MS)
        with pytest.raises(StoreUnavailable, match="ResourceNotFoundException"):
            store.find(new_id())

    def test_a_request_that_is_wrong_in_itself_is_a_defect(self, table: Table, store: DynamoDbJobStore) -> None:
        """Trying again would not help: it is no outage, and not hidden as one."""
        with pytest.raises(Exception, match="ValidationException") as raised:
            store.add(a_job(id="job_" + "x" * 3_000))
        assert not isinstance(raised.value, PunctualError)


def test_a_url_of_two_kilobytes_and_a_name_of_two_hundred_characters_fit(table: Table, store: DynamoDbJobStore) -> None:
    """The longest that users may send: the item is larger than 1 KB then, and still one item."""
    request = Request("POST", "https://example.com/" + "a" * 2_028)
    job = store.add(a_job(request=request, name="\U0001f9f9" * 200))
    assert store.read(job.id, owner=job.owner, now_ms=NOW_MS) == job
