"""The job store when two are at it at once, or a reply is lost: each race by one fixed interleaving.

A rival's calls are made in the middle of a call, at one of botocore's events; a reply is lost by having botocore send
a request again that was answered already.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.jobs.errors import DamagedItem, EditLost, StoreUnavailable
from lambdas.jobs.job import AttemptOutcome, Body, Job, Status
from lambdas.jobs.listing import ListQuery
from lambdas.jobs.ports import Claim
from tests.contracts.aws_places import always, interrupted
from tests.contracts.conftest import Table, table_in
from tests.examples import HORIZON, RETENTION_MS, a_job, an_attempt, large_request
from tests.fakes import NOW_MS

LATER_MS = NOW_MS + 60_000
LONG_AFTER_MS = NOW_MS + 3_600_000


def before(
    table: Table, operation: str, happening: Callable[[], object], *, skip: int = 0
) -> AbstractContextManager[None]:
    """Let something happen just before the table's next operation of a kind, or after skipping some."""

    def handler(**_: Any) -> None:
        happening()

    return interrupted(table.client, f"before-call.dynamodb.{operation}", handler, skip=skip)


def reply_lost(
    table: Table, operation: str, *, skip: int = 0, meanwhile: Callable[[], object] = bool
) -> AbstractContextManager[None]:
    """An operation is done, and then done again: its first reply is lost. Something may happen in between."""

    def handler(**_: Any) -> int:
        meanwhile()
        return 0  # seconds until botocore sends the request again

    return interrupted(table.client, f"needs-retry.dynamodb.{operation}", handler, skip=skip)


def claimed(store: DynamoDbJobStore, job: Job, claim_id: str = "claim-1") -> Job:
    won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id=claim_id, now_ms=job.fire_at_ms).won
    assert won is not None
    return won


def succeeded(job: Job) -> Job:
    return job.succeeded(an_attempt(job.attempt_count), now_ms=LATER_MS, retention_ms=RETENTION_MS)


def renamed(job: Job, name: str = "new") -> Job:
    return replace(job, name=name).edited(now_ms=NOW_MS + 1, horizon=HORIZON)


def with_body(job: Job, content: bytes) -> Job:
    request = replace(job.request, body=Body(content * 5_000, "text"))
    return replace(job, request=request).edited(now_ms=NOW_MS + 1, horizon=HORIZON)


def read(store: DynamoDbJobStore, job: Job) -> Job:
    return store.read(job.id, owner=job.owner, now_ms=LATER_MS)


class TestLostReplies:
    """What was done is not undone, and who did it is not told otherwise."""

    @pytest.mark.parametrize("request_", [a_job().request, large_request()], ids=["small", "large"])
    def test_of_a_new_job(self, table: Table, store: DynamoDbJobStore, request_: Any) -> None:
        """F1: no JobExists for one's own job."""
        with reply_lost(table, "PutItem"):
            job = store.add(a_job(request=request_))
        assert read(store, job) == job
        assert requests_of(table, job) == (0 if job.stored_apart is None else 1)

    def test_of_a_new_job_after_its_request(self, table: Table, store: DynamoDbJobStore) -> None:
        """The second of two writes."""
        job = a_job(request=large_request())
        with reply_lost(table, "PutItem", skip=1):
            assert read(store, store.add(job)).request == job.request

    @pytest.mark.parametrize("request_", [a_job().request, large_request()], ids=["small", "large"])
    def test_of_an_edit(self, table: Table, store: DynamoDbJobStore, request_: Any) -> None:
        """No 409 for an edit that took place."""
        job = store.add(a_job(request=request_))
        with reply_lost(table, "PutItem"):
            edited = store.replace(renamed(job), read_version=1)
        assert read(store, job) == edited

    def test_of_a_claim(self, table: Table, store: DynamoDbJobStore) -> None:
        """One attempt, not two; and not none until the lease runs out."""
        job = store.add(a_job())
        with reply_lost(table, "UpdateItem"):
            won = claimed(store, job)
        assert won == job.claimed(claim_id="claim-1", now_ms=job.fire_at_ms)

    def test_of_a_take_over(self, table: Table, store: DynamoDbJobStore) -> None:
        """One death, not two."""
        job = claimed(store, store.add(a_job()))
        with reply_lost(table, "UpdateItem"):
            claim = store.take_over(job, claim_id="claim-2", now_ms=LONG_AFTER_MS)
        assert claim == Claim(won=job.taken_over(claim_id="claim-2", now_ms=LONG_AFTER_MS), found=None)

    @pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
    def test_of_a_settle(self, table: Table, store: DynamoDbJobStore, operation: str) -> None:
        """F13: no SettleLost for one's own outcome."""
        job = claimed(store, store.add(a_job()))
        attempt = an_attempt(1, AttemptOutcome.RETRY)
        again = job.retried(attempt, fire_at_ms=LATER_MS, now_ms=NOW_MS, horizon=HORIZON)
        with reply_lost(table, operation):
            store.settle(again, attempt=again.attempts[-1])
        assert read(store, job) == again

    def test_of_a_settle_whose_retry_was_claimed_at_once(self, table: Table, store: DynamoDbJobStore) -> None:
        """The repeated settle finds another attempt running, and its own beside it."""
        job = claimed(store, store.add(a_job()))
        again = job.retried(an_attempt(1, AttemptOutcome.RETRY), fire_at_ms=NOW_MS, now_ms=NOW_MS, horizon=HORIZON)

        with reply_lost(table, "UpdateItem", meanwhile=lambda: claimed(table.store(), again, "claim-2")):
            store.settle(again, attempt=again.attempts[-1])
        assert read(store, job).claim_id == "claim-2"

    def test_of_an_edit_that_was_claimed_at_once(self, table: Table, store: DynamoDbJobStore) -> None:
        """The editor is told that the job runs; the worker has the request that the edit stored."""
        job = store.add(a_job(request=large_request()))
        edited = with_body(job, b"new")

        lost_reply = reply_lost(table, "PutItem", skip=1, meanwhile=lambda: claimed(table.store(), edited))
        with lost_reply, pytest.raises(EditLost) as lost:
            store.replace(edited, read_version=1)
        assert lost.value.found is not None
        assert store.with_request(lost.value.found).request == edited.request

    def test_of_setting_aside_and_of_marks(self, table: Table, store: DynamoDbJobStore) -> None:
        """Twice is as good as once."""
        job = store.add(a_job(shard=3))
        with reply_lost(table, "UpdateItem"):
            store.set_aside(job.id)
        with reply_lost(table, "UpdateItem"):
            store.advance_mark(3, swept_until_ms=NOW_MS)
        assert store.swept_until(3) == NOW_MS


class TestEditsAgainstEachOther:
    def test_an_edit_loses_against_a_claim_in_its_middle(self, table: Table, store: DynamoDbJobStore) -> None:
        """F15: after the read, before the write."""
        job = store.add(a_job())
        with before(table, "PutItem", lambda: claimed(table.store(), job)), pytest.raises(EditLost) as lost:
            store.replace(renamed(job), read_version=1)
        assert lost.value.found is not None
        assert lost.value.found.status is Status.RUNNING

    def test_a_claim_loses_against_a_reschedule_in_its_middle(self, table: Table, store: DynamoDbJobStore) -> None:
        """F15, P4: what was changed last is what happens."""
        job = store.add(a_job())
        moved = replace(job, fire_at_ms=LONG_AFTER_MS).edited(now_ms=NOW_MS, horizon=HORIZON)
        with before(table, "UpdateItem", lambda: table.store().replace(moved, read_version=1)):
            claim = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=LATER_MS)
        assert claim == Claim(won=None, found=moved)

    @pytest.mark.parametrize("write", [0, 1], ids=["before its request", "between request and job"])
    def test_two_edits_of_one_version_do_not_mix_their_requests(
        self, table: Table, store: DynamoDbJobStore, write: int
    ) -> None:
        """The job that is read has the request of the edit that won, and what the other stored is gone."""
        job = store.add(a_job(request=large_request()))
        winner, loser = with_body(job, b"winner"), with_body(job, b"loser ")
        rival = before(table, "PutItem", lambda: table.store().replace(winner, read_version=1), skip=write)
        with rival, pytest.raises(EditLost):
            store.replace(loser, read_version=1)
        assert read(store, job).request == winner.request
        assert requests_of(table, job) == 1

    def test_an_api_that_dies_in_an_edit_does_not_stand_in_the_way(self, table: Table, store: DynamoDbJobStore) -> None:
        """F1: its request was stored, its job was not; the next edit of the same version takes another place."""
        job = store.add(a_job(request=large_request()))

        def die() -> None:
            raise MemoryError

        with before(table, "PutItem", die, skip=1), pytest.raises(MemoryError):
            store.replace(with_body(job, b"died"), read_version=1)
        assert read(store, job).request == job.request
        edited = store.replace(with_body(job, b"lives"), read_version=1)
        assert read(store, job) == edited

    def test_a_large_request_that_was_replaced_is_removed(self, table: Table, store: DynamoDbJobStore) -> None:
        """It may hold secrets, and would live for as long as the job was to."""
        job = store.add(a_job(request=large_request()))
        job = store.replace(with_body(job, b"second"), read_version=1)
        store.replace(replace(job, request=a_job().request).edited(now_ms=NOW_MS, horizon=HORIZON), read_version=2)
        assert requests_of(table, job) == 0

    def test_an_edit_stands_even_if_what_it_replaced_cannot_be_removed(
        self, table: Table, store: DynamoDbJobStore
    ) -> None:
        """It expires by itself."""
        job = store.add(a_job(request=large_request()))

        def away() -> None:
            raise StoreUnavailable("a test said so")

        with before(table, "DeleteItem", away):
            edited = store.replace(with_body(job, b"second"), read_version=1)
        assert read(store, job) == edited


class TestTheKeyOfCursors:
    def test_every_process_has_the_same(self, table: Table, store: DynamoDbJobStore) -> None:
        """T5: a page may be asked of another copy of the function than the one before."""
        assert store.cursor_key() == table.store().cursor_key()

    def test_of_two_that_make_it_at_once_both_have_the_first(self, table: Table, store: DynamoDbJobStore) -> None:
        """The other comes between the look and the write."""
        rivals: list[bytes] = []
        with before(table, "PutItem", lambda: rivals.append(table.store().cursor_key())):
            assert store.cursor_key() == rivals[0]

    def test_a_lost_reply_makes_no_second(self, table: Table, store: DynamoDbJobStore) -> None:
        """What is in the table counts."""
        with reply_lost(table, "PutItem"):
            key = store.cursor_key()
        assert table.store().cursor_key() == key

    def test_it_is_read_once(self, table: Table, store: DynamoDbJobStore) -> None:
        """By each process: no page costs a read more."""
        key = store.cursor_key()
        with always(table.client, "before-call.dynamodb.GetItem", lambda **_: pytest.fail("it was read again")):
            assert store.cursor_key() == key

    def test_what_is_no_key_is_not_signed_with(self, table: Table, store: DynamoDbJobStore) -> None:
        """An empty key would be one that everybody has."""
        item = {"pk": {"S": "SERVICE#"}, "sk": {"S": "CURSOR_KEY"}, "key": {"B": b""}}
        table.client.put_item(TableName=table.name, Item=item)
        with pytest.raises(DamagedItem):
            store.cursor_key()


class TestReadingWhileOthersWrite:
    def test_a_job_is_read_with_its_own_request(self, table: Table, store: DynamoDbJobStore) -> None:
        """An edit between the reading of a job and of its request: then it is read again."""
        job = store.add(a_job(request=large_request()))
        edited = with_body(job, b"new")

        def replaced_meanwhile(parsed: dict[str, Any], **_: Any) -> None:
            table.store().replace(edited, read_version=1)
            parsed["Items"] = [item for item in parsed["Items"] if item["sk"]["S"] == "JOB"]

        with interrupted(table.client, "after-call.dynamodb.Query", replaced_meanwhile):
            found = read(store, job)
        assert found.request == edited.request

    def test_a_job_that_ends_while_its_list_is_read_is_shown_as_it_is(
        self, table: Table, store: DynamoDbJobStore
    ) -> None:
        """Merge race: the index had it as upcoming, the item says that it has succeeded."""
        job = claimed(store, store.add(a_job()))
        other = store.add(a_job(due_in_ms=120_000))
        done = succeeded(job)

        def end() -> None:
            table.store().settle(done, attempt=done.attempts[-1])

        with before(table, "BatchGetItem", end):
            page = store.list(ListQuery("ada"), now_ms=NOW_MS)
        assert [(shown.id, shown.status) for shown in page.jobs] == [
            (job.id, Status.SUCCEEDED),
            (other.id, Status.SCHEDULED),
        ]

    def test_a_job_that_ends_while_its_list_is_read_is_not_shown_for_what_it_was(
        self, table: Table, store: DynamoDbJobStore
    ) -> None:
        """Merge race: a list of the jobs that run holds none that has ended."""
        job = claimed(store, store.add(a_job()))
        done = succeeded(job)

        def end() -> None:
            table.store().settle(done, attempt=done.attempts[-1])

        with before(table, "BatchGetItem", end):
            page = store.list(ListQuery("ada", statuses=frozenset({Status.RUNNING})), now_ms=NOW_MS)
        assert page.jobs == ()

    @pytest.mark.parametrize("lists_read", [1, 2, 3])
    def test_a_job_that_changes_lists_while_they_are_read_is_shown_once(
        self, table: Table, store: DynamoDbJobStore, lists_read: int
    ) -> None:
        """Merge race: it is in the list that was read first, and perhaps in another too; never in none."""
        job = claimed(store, store.add(a_job()))
        done = succeeded(job)

        def end() -> None:
            table.store().settle(done, attempt=done.attempts[-1])

        with before(table, "Query", end, skip=lists_read):
            page = store.list(ListQuery("ada"), now_ms=NOW_MS)
        assert [shown.id for shown in page.jobs] == [job.id]

    def test_a_job_that_is_gone_is_left_out_of_a_list(self, table: Table, store: DynamoDbJobStore) -> None:
        """The index lags behind the table, as when TTL has just removed something."""
        job, kept = store.add(a_job()), store.add(a_job(due_in_ms=120_000))

        def remove() -> None:
            key = {"pk": {"S": f"JOB#{job.id}"}, "sk": {"S": "JOB"}}
            table.client.delete_item(TableName=table.name, Key=key)

        with before(table, "BatchGetItem", remove):
            page = store.list(ListQuery("ada"), now_ms=NOW_MS)
        assert [shown.id for shown in page.jobs] == [kept.id]


@pytest.mark.emulator
def test_of_many_claims_at_once_one_wins(request: pytest.FixtureRequest) -> None:
    """F9, with real threads: the emulator's writes are atomic, as AWS's are, and moto's are not."""
    store = table_in("emulator", request).store()
    job = store.add(a_job())
    with ThreadPoolExecutor(8) as threads:
        claims = list(
            threads.map(
                lambda n: store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id=f"c{n}", now_ms=LATER_MS),
                range(32),
            )
        )
    won = [claim.won for claim in claims if claim.won is not None]
    assert len(won) == 1
    assert all(claim.found == won[0] for claim in claims if claim.won is None)


def requests_of(table: Table, job: Job) -> int:
    """How many requests are stored beside the job."""
    reply = table.client.query(
        TableName=table.name,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"JOB#{job.id}"}, ":sk": {"S": "REQUEST#"}},
    )
    count: int = reply["Count"]
    return count
