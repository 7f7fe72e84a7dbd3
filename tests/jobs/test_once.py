"""Requests with an Idempotency-Key: each makes its jobs once, however often and however close together it comes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from lambdas.jobs.accept import new_job
from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import KeyReused, RequestRefused, StoreUnavailable
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Job, Status
from lambdas.jobs.once import Intake, Made, Order, make_job, make_jobs
from lambdas.jobs.receipt import KEPT_MS, RequestKey
from tests.examples import HORIZON, new_id
from tests.fakes import NOW_MS, FakeJobStore
from tests.world import WorkerDied, dies

HOUR_MS = 3_600_000
AT = {"url": "https://example.com/", "at": rfc3339(NOW_MS + 1_000)}
SOON = {"url": "https://example.com/", "delay_seconds": 60}


class Door:
    """Takes documents as the api does."""

    def __init__(self) -> None:
        self.store = FakeJobStore()
        self.now_ms = NOW_MS

    def order(self, document: dict[str, Any]) -> Order:
        def order(job_id: str, now_ms: int) -> Job:
            return new_job(document, owner="ada", job_id=job_id, now_ms=now_ms, horizon=HORIZON, rules=Rules())

        return order

    @property
    def intake(self) -> Intake:
        return Intake(self.store, self.now_ms, HORIZON, new_id)

    def one(self, document: dict[str, Any], name: str | None = "k") -> Made:
        return make_job(self.order(document), key=self._key(name, document), intake=self.intake)

    def many(
        self, documents: Sequence[dict[str, Any]], name: str | None = "k"
    ) -> tuple[Sequence[Made | RequestRefused | None], bool]:
        orders = [self.order(document) for document in documents]
        return make_jobs(orders, key=self._key(name, {"jobs": list(documents)}), intake=self.intake)

    def _key(self, name: str | None, document: dict[str, Any]) -> RequestKey | None:
        return None if name is None else RequestKey.of(name, owner="ada", route="POST /", document=document)


@pytest.fixture
def door() -> Door:
    return Door()


def jobs_of(results: Sequence[Made | RequestRefused | None]) -> list[Job]:
    return [result.job for result in results if isinstance(result, Made)]


class TestOneJob:
    def test_the_same_request_finds_its_job(self, door: Door) -> None:
        """As it is now."""
        first, again = door.one(SOON), door.one(SOON)
        assert (first.new, again.new) == (True, False)
        assert again.job == first.job
        assert len(door.store) == 1

    def test_without_a_key_each_request_makes_a_job(self, door: Door) -> None:
        """Nobody said that they are one."""
        assert door.one(SOON, None).new and door.one(SOON, None).new
        assert len(door.store) == 2

    def test_an_api_that_dies_after_the_write_has_made_the_job(self, door: Door) -> None:
        """F1: the client repeats, and gets the job that is there."""
        door.store.after["add_once"] = dies
        with pytest.raises(WorkerDied):
            door.one(SOON)
        again = door.one(SOON)
        assert not again.new
        assert [job.id for job in door.store] == [again.job.id]

    def test_an_api_that_dies_before_the_write_has_used_up_nothing(self, door: Door) -> None:
        """F1: neither job nor key."""
        door.store.before["add_once"] = dies
        with pytest.raises(WorkerDied):
            door.one(SOON)
        assert door.one(SOON).new

    def test_of_two_at_once_one_makes_the_job_and_both_have_it(self, door: Door) -> None:
        """F2: the other comes between this one's judgement and its write."""
        rival: list[Made] = []
        door.store.before["add_once"] = lambda: rival.append(door.one(SOON))
        mine = door.one(SOON)
        assert (rival[0].new, mine.new) == (True, False)
        assert mine.job == rival[0].job
        assert len(door.store) == 1

    def test_another_request_with_the_key_is_refused(self, door: Door) -> None:
        """422, whoever comes first of two at once; and nothing is stored."""
        door.one(SOON)
        with pytest.raises(KeyReused) as refused:
            door.one({**SOON, "name": "other"})
        assert (refused.value.status, refused.value.code) == (422, "idempotency_key_reused")
        assert len(door.store) == 1

    def test_a_time_that_has_passed_since_is_no_fault_of_a_repeated_request(self, door: Door) -> None:
        """Its job has that time, and may have fired."""
        first = door.one(AT)
        door.now_ms += HOUR_MS
        assert door.one(AT) == Made(first.job, new=False)

    def test_a_request_that_was_refused_uses_up_no_key(self, door: Door) -> None:
        """An error leaves nothing behind."""
        with pytest.raises(RequestRefused):
            door.one({"url": "ftp://example.com/", "delay_seconds": 1})
        assert door.one(SOON).new

    def test_a_document_at_fault_is_told_its_faults_even_if_its_key_was_used(self, door: Door) -> None:
        """They are to be mended first."""
        door.one(SOON)
        with pytest.raises(RequestRefused) as refused:
            door.one({**SOON, "url": "ftp://example.com/"})
        assert refused.value.code == "url_scheme"

    def test_the_job_is_shown_as_it_has_become(self, door: Door) -> None:
        """Cancelled, say: the key stands for the job, not for its beginning."""
        job = door.one(SOON).job
        door.store.replace(job.cancelled(now_ms=NOW_MS, retention_ms=HOUR_MS * 24), read_version=1)
        again = door.one(SOON)
        assert (again.new, again.job.status) == (False, Status.CANCELLED)

    def test_after_a_day_the_key_is_new(self, door: Door) -> None:
        """To the millisecond."""
        first = door.one(SOON)
        door.now_ms += KEPT_MS - 1
        assert door.one(SOON).job.id == first.job.id
        door.now_ms += 1
        assert door.one(SOON).new


class TestTheContent:
    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ({"a": 1, "b": [1, {"c": None, "d": 2}]}, {"b": [1, {"d": 2, "c": None}], "a": 1}, True),
            ({"a": [1, 2]}, {"a": [2, 1]}, False),
            ({"a": 1}, {"a": 1.0}, False),
            ({"a": 1}, {"a": True}, False),
            ({"a": 1}, {"a": "1"}, False),
            ({"a": "é"}, {"a": "e\u0301"}, False),
        ],
    )
    def test_is_the_value_of_the_document(self, one: Any, other: Any, same: bool) -> None:
        """Members have no order in JSON; numbers are compared as they are spelled."""
        keys = [RequestKey.of("k", owner="ada", route="POST /", document=each) for each in (one, other)]
        assert (keys[0] == keys[1]) is same

    def test_is_also_where_it_goes(self) -> None:
        """A rerun has no document at all."""
        routes = ("POST /v1/jobs/job_1/rerun", "POST /v1/jobs/job_2/rerun")
        one, other = (RequestKey.of("k", owner="ada", route=route) for route in routes)
        assert one.digest == other.digest and one.content != other.content

    def test_keys_are_stored_by_their_hash(self) -> None:
        """Bounded, and not to be read by whoever reads the table."""
        key = RequestKey.of("s3cret" * 40, owner="ada", route="POST /")
        assert len(key.digest) == len(key.content) == 64 and "s3cret" not in repr(key)


THREE: list[dict[str, Any]] = [SOON, {"url": "ftp://example.com/"}, AT]
"""A batch of which the second is refused."""


class TestBatches:
    def test_each_is_judged_for_itself(self, door: Door) -> None:
        """In order; a fault of one is not another's."""
        results, replayed = door.many(THREE, None)
        assert [type(result) for result in results] == [Made, RequestRefused, Made]
        assert not replayed and len(door.store) == 2

    def test_a_repeated_batch_finds_its_jobs(self, door: Door) -> None:
        """Also when a time in it has passed since."""
        first, _ = door.many(THREE)
        door.now_ms += HOUR_MS
        again, replayed = door.many(THREE)
        assert replayed and [type(result) for result in again] == [Made, RequestRefused, Made]
        assert jobs_of(again) == jobs_of(first)
        assert not any(result.new for result in again if isinstance(result, Made))

    def test_another_batch_with_the_key_is_refused(self, door: Door) -> None:
        """The batch is one request."""
        door.many(THREE)
        with pytest.raises(KeyReused):
            door.many(THREE[:1])

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_an_api_that_dies_on_its_way_leaves_a_batch_that_can_be_finished(self, door: Door, when: str) -> None:
        """F1: the same ids, times and number of jobs, an hour later too; what is missing fires at once."""
        hooks = door.store.before if when == "before" else door.store.after
        hooks["add_all"] = dies
        with pytest.raises(WorkerDied):
            door.many(THREE)
        receipt = next(iter(door.store.receipts()))
        door.now_ms += HOUR_MS
        results, replayed = door.many(THREE)
        jobs = jobs_of(results)
        assert replayed and len(door.store) == 2
        assert [job.id for job in jobs] == [receipt.job_ids[0], receipt.job_ids[2]]
        assert [job.due_at_ms for job in jobs] == [NOW_MS + 60_000, NOW_MS + 1_000]
        assert all(job.handoff for job in jobs)

    @pytest.mark.parametrize("method", ["keep", "add_all"])
    def test_of_two_at_once_each_job_is_made_once(self, door: Door, method: str) -> None:
        """F2: wherever the other comes in between."""
        rival: list[Sequence[Made | RequestRefused | None]] = []
        door.store.before[method] = lambda: rival.append(door.many(THREE)[0])
        mine, _ = door.many(THREE)
        assert jobs_of(mine) == jobs_of(rival[0])
        assert len(door.store) == 2
        made = [result.new for result in (*mine, *rival[0]) if isinstance(result, Made)]
        assert sorted(made) == [False, False, True, True]

    def test_without_a_key_a_job_that_is_there_was_made_by_this_request(self, door: Door) -> None:
        """Nobody else knows its id: only the reply was lost."""
        there = door.one(SOON, None).job
        intake = door.intake._replace(new_job_id=lambda: there.id)
        assert make_jobs([door.order(SOON)], key=None, intake=intake) == ([Made(there, new=True)], False)

    def test_a_batch_of_which_nothing_is_accepted_uses_up_no_key(self, door: Door) -> None:
        """Nothing was made, so nothing is kept."""
        door.many([{"url": "ftp://example.com/"}])
        assert list(door.store.receipts()) == []

    def test_a_batch_of_which_all_has_passed_finds_its_jobs(self, door: Door) -> None:
        """Judged now, it would make nothing."""
        first, _ = door.many([AT])
        door.now_ms += HOUR_MS
        again, replayed = door.many([AT])
        assert replayed and jobs_of(again) == jobs_of(first)

    def test_what_the_table_does_not_take_can_be_made_by_repeating(self, door: Door) -> None:
        """A table that throttles in the middle: the others stand."""
        ids = [new_id(), new_id()]
        numbers = itertools.chain(ids, itertools.repeat(""))
        key = RequestKey.of("k", owner="ada", route="POST /")
        orders = [door.order(SOON), door.order(SOON)]
        door.store.refused = {ids[1]}
        first, _ = make_jobs(orders, key=key, intake=door.intake._replace(new_job_id=lambda: next(numbers)))
        assert [result and type(result) for result in first] == [Made, None]
        door.store.refused = set()
        again, _ = make_jobs(orders, key=key, intake=door.intake)
        assert [job.id for job in jobs_of(again)] == ids
        assert [result.new for result in again if isinstance(result, Made)] == [False, True]

    def test_a_table_that_is_away_takes_none(self, door: Door) -> None:
        """Then the whole request can be repeated."""
        door.store.down = True
        with pytest.raises(StoreUnavailable):
            door.many([SOON])
