"""Jobs made once, many at once, now, and again: through the deployed stack, its rights and its stream."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.live.deployed_stack import DeployedStack
from tests.live.target import Reply, Target
from tests.live.user import refusal

pytestmark = pytest.mark.live


def test_of_eight_requests_with_one_key_one_makes_a_job(stack: DeployedStack, receiver: Target) -> None:
    """F2: all are told of the same job, and its target is called once."""
    document = {"url": receiver.url("/once"), "delay_seconds": 4}
    key = {"idempotency-key": str(uuid4())}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: stack.call("POST", "/v1/jobs", document, headers=key), range(8)))

    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    (job_id,) = {answer.body["id"] for answer in answers}
    other = stack.call("POST", "/v1/jobs", {**document, "name": "other"}, headers=key)
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    assert stack.finished(job_id, within_seconds=30).status == "succeeded"
    assert len(receiver.requests("/once")) == 1


def test_jobs_of_a_batch_fire_large_ones_too(stack: DeployedStack, receiver: Target) -> None:
    """The stream hands them off as it does single ones; repeated with its key, the batch makes none."""
    jobs = [{"url": receiver.url(f"/batch/{n}"), "delay": 5, "body": "x" * n * 2_000} for n in range(4)]
    jobs.append({"url": "ftp://example.com/"})
    key = str(uuid4())
    first, again = (stack.user.schedule_many(jobs, idempotency_key=key) for _ in range(2))

    assert [result.raw["status"] for result in first] == [201, 201, 201, 201, 422]
    assert [result.raw["status"] for result in again] == [200, 200, 200, 200, 422]
    for n, result in enumerate(first[:4]):
        assert result.job is not None
        assert stack.finished(result.job.id, within_seconds=30).status == "succeeded"
        (received,) = receiver.requests(f"/batch/{n}")
        assert len(received.body) == n * 2_000


def test_a_job_is_fired_now_and_run_again(stack: DeployedStack, receiver: Target) -> None:
    """Its secret comes along, and is shown to nobody."""
    receiver.answer("/again", Reply(404))
    job = stack.user.schedule(receiver.url("/again"), delay=86_400, headers={"Authorization": "s3cret"})
    assert refusal(lambda: stack.user.rerun(job.id)) == (409, "job_not_finished")
    assert stack.user.run(job.id).id == job.id
    assert stack.finished(job.id, within_seconds=30).status == "failed"
    again = stack.user.rerun(job.id)
    assert again.rerun_of == job.id and "s3cret" not in str(again.raw)
    stack.finished(again.id, within_seconds=30)
    assert [received.headers["authorization"] for received in receiver.requests("/again")] == ["s3cret", "s3cret"]
