"""Counts of jobs, as an owner sees them: they follow every change, and stay right when `count` dies (F30)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Mapping
from typing import Any

import pytest

from local.launcher import SHARD
from tests.live import workers
from tests.live.deployed_stack import DeployedStack, eventually
from tests.live.target import Reply, Target

pytestmark = pytest.mark.live

NONE = {"scheduled": 0, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0}
SECONDS = 20
"""Within which counts follow; they take a tenth of a second unless this machine is busy."""


class Owner:
    """A user of the stack with jobs of their own."""

    def __init__(self, stack: DeployedStack, name: str) -> None:
        user = stack.sign_in(name)
        self.id = user.owner
        self.client = stack.as_user(user.token)

    def totals(self, **query: Any) -> Mapping[str, int]:
        return self.client.stats(**query).totals

    def come_to(self, expected: dict[str, int], **query: Any) -> None:
        """Wait until the counts are these."""
        wanted = NONE | expected
        seen = eventually(lambda: self.totals(**query), lambda totals: totals == wanted, within_seconds=SECONDS)
        assert seen == wanted


def test_counts_follow_every_change_of_a_job(stack: DeployedStack, receiver: Target) -> None:
    """Stored, moved, cancelled, fired; in the day of the owner's own clock; and nobody else sees them."""
    owner, other = Owner(stack, "counter@example.com"), Owner(stack, "not-counting@example.com")
    receiver.answer("/counted/refused", Reply(404))
    user, url = owner.client, receiver.url("/counted")
    done = user.schedule(url, delay=1)
    failed = user.schedule(receiver.url("/counted/refused"), delay=1, notify={"on": []})
    moved = user.schedule(url, at="2099-03-29T00:30:00Z")
    cancelled = user.schedule(url, at="2099-03-29T21:59:59Z")
    user.update(moved.id, at="2099-03-29T22:00:00Z")
    user.cancel(cancelled.id)

    owner.come_to({"succeeded": 1, "failed": 1})
    assert [user.job(job.id).status for job in (done, failed)] == ["succeeded", "failed"]
    berlin = {"from_": "2099-03-29T00:00:00+01:00", "to": "2099-03-31T00:00:00+02:00", "timezone": "Europe/Berlin"}
    owner.come_to({"scheduled": 1, "cancelled": 1}, **berlin)
    assert list(user.stats(from_=berlin["from_"], to=berlin["to"], timezone=berlin["timezone"]).series) == [
        {"start": "2099-03-28T23:00:00.000Z", "start_local": "2099-03-29T00:00:00.000+01:00", **NONE, "cancelled": 1},
        {"start": "2099-03-29T22:00:00.000Z", "start_local": "2099-03-30T00:00:00.000+02:00", **NONE, "scheduled": 1},
    ]
    around = owner.totals(from_="2099-03-29T21:59:59Z", to="2099-03-29T22:00:00.001Z")
    assert around == NONE | {"scheduled": 1, "cancelled": 1}
    assert other.totals() == other.totals(**berlin) == NONE


def test_a_worker_that_dies_counts_nothing_twice_and_loses_nothing(stack: DeployedStack, receiver: Target) -> None:
    """Killed again and again while jobs are made, fired and cancelled; and what was delivered comes once more."""
    owner = Owner(stack, "count-crash@example.com")
    soon, later = 0, []
    for number in range(30):
        if number % 3:
            later.append(owner.client.schedule(receiver.url("/crashed"), at=f"2099-01-01T00:00:{number:02}Z").id)
        else:
            owner.client.schedule(receiver.url("/crashed"), delay=1)
            soon += 1
        if number % 6 == 5:
            kill_counting(stack)
    for job in later[:7]:
        owner.client.cancel(job)
    kill_counting(stack)

    owner.come_to({"succeeded": soon})
    far = {"from_": "2099-01-01T00:00:00Z", "to": "2099-01-02T00:00:00Z", "interval": "hour"}
    owner.come_to({"scheduled": len(later) - 7, "cancelled": 7}, **far)
    deliver_again(stack, owner)
    assert owner.totals() == NONE | {"succeeded": soon}
    assert owner.totals(**far) == NONE | {"scheduled": len(later) - 7, "cancelled": 7}


def kill_counting(stack: DeployedStack) -> None:
    """kill -9 whoever counts, in whatever they do."""
    for pid in workers.pids(stack.workers_folder, stack.outputs["CountFunctionName"]):
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.kill(pid, signal.SIGKILL)


def deliver_again(stack: DeployedStack, owner: Owner) -> None:
    """Give `count` the last hundred records of an owner's jobs once more, as Lambda does when an answer was lost.

    Not those of others: what is delivered for the first time must not come before what happened earlier.
    """
    streams, functions = stack.client("dynamodbstreams"), stack.client("lambda")
    (stream,) = streams.list_streams(TableName=stack.description["table"])["Streams"]
    shard = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records: list[dict[str, Any]] = []
    while (page := streams.get_records(ShardIterator=iterator))["Records"]:  # one that is written to has no last page
        records += [record for record in page["Records"] if is_of_a_job_of(owner, record["dynamodb"])]
        iterator = page["NextShardIterator"]
    assert records
    jobs = [{**record, "eventSourceARN": stream["StreamArn"]} for record in records[-100:]]
    event = {"shardId": SHARD, "Records": jobs}
    answer = functions.invoke(
        FunctionName=stack.outputs["CountFunctionName"], Payload=json.dumps(event, default=str).encode()
    )
    assert json.load(answer["Payload"]) == {"state": {}}


def is_of_a_job_of(owner: Owner, written: Mapping[str, Any]) -> bool:
    """Whether this was written of a job, and of this owner's."""
    return bool(written["Keys"]["sk"] == {"S": "JOB"} and written["NewImage"]["owner"] == {"S": owner.id})
