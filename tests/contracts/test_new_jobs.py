"""What every job store does for requests that come with an Idempotency-Key, and for many jobs at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.errors import JobExists, JobNotFound, ReceiptFound
from lambdas.jobs.job import Job
from lambdas.jobs.ports import JobStore
from lambdas.jobs.receipt import KEPT_MS, Receipt, RequestKey
from tests.examples import a_full_job, a_job, large_request, new_id
from tests.fakes import NOW_MS


def key(name: str = "k-1", *, owner: str = "ada", asks: str = "this") -> RequestKey:
    return RequestKey.of(name, owner=owner, route="POST /v1/jobs", document={"name": asks})


def receipt_of(job: Job, request_key: RequestKey | None = None, *, made_at_ms: int = NOW_MS) -> Receipt:
    return Receipt(request_key or key(owner=job.owner), (job.id,), made_at_ms)


def read(store: JobStore, job: Job) -> Job:
    return store.read(job.id, owner=job.owner, now_ms=NOW_MS)


@pytest.mark.parametrize("job", [a_full_job(), a_job(request=large_request())], ids=["all fields", "large"])
def test_a_job_and_its_receipt_are_stored_together(store: JobStore, job: Job) -> None:
    """F1: whoever has the one has the other."""
    job = replace(job, id=new_id())
    receipt = receipt_of(job)
    stored = store.add_once(job, receipt)
    assert read(store, job) == stored
    assert stored.request == job.request
    assert store.receipt(receipt.key, now_ms=NOW_MS) == receipt


@pytest.mark.parametrize("request_", [a_job().request, large_request()], ids=["small", "large"])
@pytest.mark.parametrize("asks", ["this", "something else"])
def test_a_key_that_was_used_stores_nothing(store: JobStore, request_: object, asks: str) -> None:
    """F2: the second of two finds what the first has left, the same content or not."""
    first = a_job()
    receipt = receipt_of(first)
    store.add_once(first, receipt)
    second = a_job(request=request_)
    with pytest.raises(ReceiptFound) as found:
        store.add_once(second, receipt_of(second, key(asks=asks)))
    assert found.value.receipt == receipt
    with pytest.raises(JobNotFound):
        read(store, second)


def test_owners_do_not_share_keys(store: JobStore) -> None:
    """T5: another's use of the same key is not to be noticed."""
    ada, bob = a_job(), a_job(owner="bob")
    store.add_once(ada, receipt_of(ada))
    store.add_once(bob, receipt_of(bob))
    assert store.receipt(key(owner="bob"), now_ms=NOW_MS) == receipt_of(bob)
    assert store.receipt(key(owner="eve"), now_ms=NOW_MS) is None


def test_a_key_may_be_used_again_after_a_day(store: JobStore) -> None:
    """By the clock, to the millisecond: the table deletes what has expired late."""
    first, second = a_job(), a_job()
    store.add_once(first, receipt_of(first))
    with pytest.raises(ReceiptFound):
        store.add_once(second, receipt_of(second, made_at_ms=NOW_MS + KEPT_MS - 1))
    assert store.receipt(key(), now_ms=NOW_MS + KEPT_MS - 1) == receipt_of(first)
    assert store.receipt(key(), now_ms=NOW_MS + KEPT_MS) is None
    store.add_once(second, receipt_of(second, made_at_ms=NOW_MS + KEPT_MS))
    assert store.receipt(key(), now_ms=NOW_MS + KEPT_MS) == receipt_of(second, made_at_ms=NOW_MS + KEPT_MS)


def test_a_receipt_may_be_kept_alone(store: JobStore) -> None:
    """Of a batch; the very same again is the repetition of a write whose reply was lost."""
    receipt = Receipt(key(), tuple(new_id() for _ in range(100)), NOW_MS)
    store.keep(receipt)
    store.keep(receipt)
    assert store.receipt(key(), now_ms=NOW_MS) == receipt
    with pytest.raises(ReceiptFound) as found:
        store.keep(replace(receipt, job_ids=(new_id(),)))
    assert found.value.receipt == receipt


def test_many_jobs_are_stored_at_once(store: JobStore) -> None:
    """Each as if it were alone, large ones too."""
    jobs = [a_job(), a_full_job(), a_job(request=large_request()), *(a_job() for _ in range(97))]
    stored = store.add_all(jobs)
    assert [isinstance(job, Job) and job.id for job in stored] == [job.id for job in jobs]
    assert [read(store, job) for job in jobs[:4]] == list(stored[:4])
    assert read(store, jobs[2]).request == large_request()
    assert store.read_all([job.id for job in jobs], owner="ada", now_ms=NOW_MS).keys() == {job.id for job in jobs}
    assert store.add_all([]) == []


def test_a_job_that_is_there_already_stays_as_it_is(store: JobStore) -> None:
    """A call that comes a second time must not undo what became of a job meanwhile."""
    known, new = a_job(), a_job()
    store.add(known)
    claim = store.claim(known.id, fire_at_ms=known.fire_at_ms, claim_id="c", now_ms=known.fire_at_ms)
    others = [a_job(), a_job()]
    told = store.add_all([others[0], known, new, others[1]])
    assert [type(each) for each in told] == [Job, JobExists, Job, Job]
    assert store.find(known.id) == claim.won
    assert read(store, new) == new


def test_of_several_jobs_those_of_the_owner_are_read(store: JobStore) -> None:
    """As lists show them: with headers, whatever their size; expired ones and others' (T5) are not there."""
    headers = tuple((f"X-{i}", "v" * 200) for i in range(30))
    large = store.add(a_job(request=replace(large_request(), headers=headers)))
    theirs = store.add(a_job(owner="eve"))
    gone = store.add(a_job())
    ended = store.replace(gone.cancelled(now_ms=NOW_MS, retention_ms=1_000), read_version=1)
    found = store.read_all([large.id, theirs.id, gone.id, new_id()], owner="ada", now_ms=ended.expires_at_ms or 0)
    assert found.keys() == {large.id}
    read = found[large.id]
    assert isinstance(read, Job)
    assert read.request.headers == headers
