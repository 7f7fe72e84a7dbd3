"""The other functions are killed in mid-work too, and then everything is stopped and started again. Nothing is lost.

On a stack of its own, as this hurts whatever else runs there. The tests go on where the one before ended: while a dead
letter waits until it is delivered again, the rest is done. So all run in one process (`tests/services/scheduling.py`).
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import requests

from lambdas.jobs.due_job import DUE_SHARDS
from lambdas.jobs.instant import rfc3339
from local import paths
from local.emulator import free_port
from tests.chaos.own_stack import OwnStack
from tests.live import workers
from tests.live.deployed_stack import SETTINGS, Answer, eventually
from tests.live.target import Received, Reply, Target
from tests.services.missing import require

pytestmark = pytest.mark.live

PREFERRED_PORT = 4590
MANY = 90
"""Jobs that a function has in hand when it dies: it takes many calls to AWS to see to all of them."""
TRIES = 3
LARGE = 30_000
"""Bytes of a body, so that the api has its hands full with so many jobs."""
DELAY_SECONDS = 12
OUTAGE_SECONDS = 60
"""Until jobs are due that come due in an outage: all must have stopped by then."""
LETTER_SECONDS = 60
"""How long a dead letter is hidden when it was delivered to a worker that died."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnStack]:
    """The stack, on which nothing is swept but when a test does it."""
    require(paths.CDK.exists() and paths.EMULATOR_VENV.exists(), "the tools are not installed: run `make setup`")
    state = tmp_path_factory.mktemp("own-stack") / "state"
    with OwnStack(state, {**SETTINGS, "PUNCTUAL_PORT": str(free_port(PREFERRED_PORT))}) as stack:
        rules = stack.deployed.client("events")
        for rule in rules.list_rules()["Rules"]:
            if "ScheduleExpression" in rule:
                rules.disable_rule(Name=rule["Name"])
        yield stack


@pytest.fixture(scope="module", autouse=True)
def half_buried(own: OwnStack, receiver: Target) -> Sequence[str]:
    """Jobs that failed, and whose `bury` was killed after the first alert. The letters come again in a minute."""
    receiver.answer("/gone", Reply(404))
    jobs = [{"url": receiver.url("/gone"), "delay_seconds": 3}] * 5
    return killed_in_the_middle(own, "BuryFunctionName", begin=lambda: scheduled(own, jobs), done=told)


def test_an_api_that_is_killed_after_a_write_has_made_each_job_once(own: OwnStack, receiver: Target) -> None:
    """F1. The client hears nothing and repeats with its key: what is there is found, what is missing is made."""
    path, key, answers = "/made", str(uuid.uuid4()), list[Answer | None]()
    job = {"url": receiver.url(path), "delay_seconds": DELAY_SECONDS, "body": "x" * LARGE, "name": key}
    document, headers = {"jobs": [job] * MANY}, {"Idempotency-Key": key}

    def schedule() -> Answer | None:
        try:
            return own.deployed.call("POST", "/v1/jobs/batch", document, headers=headers)
        except (requests.RequestException, AssertionError):
            return None  # the connection broke, or the gateway says so in words that are not the API's

    posted: list[threading.Thread] = []

    def post() -> None:
        posted.append(threading.Thread(target=lambda: answers.append(schedule())))
        posted[-1].start()

    def has_written() -> bool:
        if named(own, key):
            return True
        if not posted[-1].is_alive():  # AWS gave it up, so slow are these slices on a busy machine
            post()
        return False

    kill_when(own, "ApiFunctionName", has_written, begin=post)
    made = named(own, key)
    for each in posted:
        each.join()
    assert made and not is_answered(answers[-1])

    again = eventually(schedule, is_answered, within_seconds=30)
    assert again is not None
    ids = [result["job"]["id"] for result in again.body["results"]]
    assert set(made) <= set(ids) == set(named(own, key))
    fired_once(own, receiver, path, ids)


def test_a_hand_off_that_is_killed_between_two_messages_loses_none(own: OwnStack, receiver: Target) -> None:
    """F3. Its records come again; what was handed off twice fires once."""
    jobs = [{"url": receiver.url("/handed-off"), "delay_seconds": DELAY_SECONDS}] * MANY
    ids = killed_in_the_middle(own, "HandOffFunctionName", begin=lambda: scheduled(own, jobs), done=queued)
    fired_once(own, receiver, "/handed-off", ids)


def test_a_sweep_that_is_killed_between_two_messages_loses_none(own: OwnStack, receiver: Target) -> None:
    """F5. The next one goes on from the marks."""
    jobs = [{"url": receiver.url("/swept"), "delay_seconds": 600}] * MANY

    def begin() -> list[str]:
        ids = scheduled(own, jobs)
        come_closer(own, ids)
        threading.Thread(target=sweep, args=(own,)).start()
        return ids

    ids = killed_in_the_middle(own, "SweepFunctionName", begin=begin, done=queued)
    sweep(own)
    fired_once(own, receiver, "/swept", ids)


def test_what_comes_due_while_all_is_stopped_fires_after_it_and_says_how_late(own: OwnStack, receiver: Target) -> None:
    """F6, F25. SIGTERM to the emulator with everything in it, and a start with the state that was kept."""
    due = time.time() + OUTAGE_SECONDS
    ids = scheduled(own, [{"url": receiver.url("/late"), "at": rfc3339(round(due * 1000))}] * 10)
    (later,) = scheduled(own, [{"url": receiver.url("/later"), "delay_seconds": 600}])
    eventually(lambda: queued(own, ids), lambda count: count == len(ids), within_seconds=10)
    own.stop()
    assert time.time() < due - 3, "no message had come yet"
    time.sleep(due + 1 - time.time())
    assert receiver.requests("/late") == []
    own.start_again()

    requests = fired_once(own, receiver, "/late", ids)
    for job_id in ids:
        (attempt,) = own.deployed.user.job(job_id).attempts
        arrived_ms = requests[job_id].arrived_ms
        assert attempt.lateness_ms is not None and attempt.lateness_ms > 0
        assert abs(arrived_ms - attempt.lateness_ms - due * 1000) < 500
    assert own.deployed.user.job(later).status == "scheduled"
    assert later in own.due_index()


def test_a_bury_that_is_killed_between_two_alerts_leaves_nobody_untold(
    own: OwnStack, half_buried: Sequence[str]
) -> None:
    """F23. The letters come again; an alert may come twice, and the jobs were failed once."""
    eventually(lambda: letters(own), lambda found: not found, within_seconds=2 * LETTER_SECONDS)
    assert letters(own) == []
    assert told(own, half_buried) == len(half_buried)
    for job_id in half_buried:
        job = own.deployed.user.job(job_id)
        assert (job.status, job.attempt_count) == ("failed", 1)


# What is done


def scheduled(own: OwnStack, jobs: Sequence[dict[str, Any]]) -> list[str]:
    """Many at once; returns the ids. Fails the test if one is refused."""
    results = own.deployed.user.schedule_many(jobs)
    made = [result.job.id for result in results if result.job is not None]
    assert len(made) == len(jobs), [result.raw for result in results]
    return made


def kill_when(
    own: OwnStack, function: str, happened: Callable[[], bool], *, begin: Callable[[], object] = bool
) -> None:
    """kill -9 the function's workers as soon as something has happened."""
    folder, name = own.deployed.workers_folder, own.deployed.outputs[function]
    workers.kill_as_soon_as(happened, folder, name, begin=begin, within_seconds=120)


def killed_in_the_middle(
    own: OwnStack, function: str, *, begin: Callable[[], list[str]], done: Callable[[OwnStack, Sequence[str]], int]
) -> list[str]:
    """Give a function jobs to see to, and kill it when it has seen to some of them and not to all; returns their ids.

    On a busy machine it may be too quick for that. Then it gets others, and those from before count as well.
    """
    ids: list[str] = []
    for _ in range(TRIES):
        mine: list[str] = []
        kill_when(own, function, lambda: done(own, mine) > 0, begin=lambda: mine.extend(begin()))  # noqa: B023
        ids += mine
        if done(own, mine) < len(mine):
            return ids
    raise AssertionError(f"{function} was always done before it could be killed")


def come_closer(own: OwnStack, ids: Sequence[str]) -> None:
    """Let jobs that were far away be due soon, as if time had passed since and no sweep had come: without marks the
    next one begins anew."""
    at_ms = round((time.time() + DELAY_SECONDS) * 1000)
    table = {"TableName": own.deployed.description["table"]}
    dynamodb = own.deployed.client("dynamodb")
    for job_id in ids:
        dynamodb.update_item(
            **table,
            Key={"pk": {"S": f"JOB#{job_id}"}, "sk": {"S": "JOB"}},
            UpdateExpression="SET fire_at = :at, due_at = :at",
            ExpressionAttributeValues={":at": {"N": str(at_ms)}},
        )
    for shard in range(DUE_SHARDS):
        dynamodb.delete_item(**table, Key={"pk": {"S": f"SWEEP#{shard}"}, "sk": {"S": "MARK"}})


def sweep(own: OwnStack) -> None:
    own.deployed.client("lambda").invoke(FunctionName=own.deployed.outputs["SweepFunctionName"])


# What is seen


def is_answered(answer: Answer | None) -> bool:
    return answer is not None and answer.status < 500


def named(own: OwnStack, name: str) -> list[str]:
    """Ids of the jobs of this name."""
    return [item["pk"]["S"].removeprefix("JOB#") for item in own.items() if item.get("name") == {"S": name}]


def queued(own: OwnStack, ids: Sequence[str]) -> int:
    """For how many of the jobs the jobs queue has a message."""
    return len({json.loads(body)["id"] for body in own.deployed.queued("jobs")} & set(ids))


def letters(own: OwnStack) -> list[str]:
    return own.deployed.queued("dead_letters")


def told(own: OwnStack, ids: Sequence[str]) -> int:
    """Of how many of the jobs somebody was told."""
    text = "\n".join(alert.message for alert in own.deployed.alerts())
    return sum(job_id in text for job_id in ids)


def fired_once(own: OwnStack, receiver: Target, path: str, ids: Sequence[str]) -> dict[str, Received]:
    """The one request of each job, once all have succeeded with one attempt, and no other request has come."""
    for job_id in ids:
        job = own.deployed.finished(job_id, within_seconds=DELAY_SECONDS + 60)
        assert (job.status, job.attempt_count) == ("succeeded", 1), job
    requests = receiver.requests(path)
    assert sorted(request.headers["punctual-job-id"] for request in requests) == sorted(ids)
    return {request.headers["punctual-job-id"]: request for request in requests}
