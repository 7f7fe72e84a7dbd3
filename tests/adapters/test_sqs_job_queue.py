"""What is the SQS queue's own: batches, refusals, delays, outages, and letters that SQS moves by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.adapters.sqs_job_queue import SqsJobQueue
from lambdas.jobs.due_job import DueJob
from lambdas.jobs.errors import QueueUnavailable, SettingInvalid
from lambdas.jobs.ports import DeadLetter, Message
from tests.contracts.aws_places import always, client, fresh_name
from tests.contracts.conftest import EMULATOR, endpoint_of
from tests.contracts.queue_places import SqsUnderTest
from tests.examples import new_id
from tests.fakes import NOW_MS

Entry = dict[str, Any]


def messages(count: int) -> list[Message]:
    return [Message(DueJob(NOW_MS + number, new_id())) for number in range(count)]


@contextmanager
def sqs_that(answer: Callable[[list[Entry]], dict[str, Any]]) -> Iterator[tuple[SqsJobQueue, list[list[Entry]]]]:
    """A queue on an SQS that answers batches so, and the batches that it was sent."""
    sqs = client("sqs")
    batches: list[list[Entry]] = []

    def handler(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        batches.append(json.loads(params["body"])["Entries"])
        return SimpleNamespace(status_code=200), answer(batches[-1])

    with always(sqs, "before-call.sqs.SendMessageBatch", handler):
        yield SqsJobQueue(sqs, jobs_url="http://sqs/1/jobs"), batches


def all_taken(entries: list[Entry]) -> dict[str, Any]:
    return {"Successful": entries}


def refused(*places: int, by_sender: bool, times: int = 1) -> Callable[[list[Entry]], dict[str, Any]]:
    """An answer that refuses the entries at some places, so many times."""
    left = times

    def answer(entries: list[Entry]) -> dict[str, Any]:
        nonlocal left
        left -= 1
        if left < 0:
            return all_taken(entries)
        failed = [entry for place, entry in enumerate(entries) if place in places]
        return {"Failed": [{"Id": entry["Id"], "Code": "x", "SenderFault": by_sender} for entry in failed]}

    return answer


def test_messages_are_sent_ten_at_a_time() -> None:
    """As many as SQS takes; every call costs the same."""
    with sqs_that(all_taken) as (queue, batches):
        queue.send([(message, 0) for message in messages(23)])
    assert [len(batch) for batch in batches] == [10, 10, 3]


def test_nothing_is_not_sent() -> None:
    """SQS refuses an empty batch."""
    with sqs_that(all_taken) as (queue, batches):
        assert queue.send([]) == []
    assert batches == []


@pytest.mark.parametrize(("asked", "sent"), [(-1, 0), (0, 0), (900, 900), (901, 900), (10**12, 900)])
def test_no_delay_leaves_that_sqs_would_refuse(asked: int, sent: int) -> None:
    """Kept here because the emulator takes any delay: what works there must work on AWS."""
    with sqs_that(all_taken) as (queue, batches):
        queue.send([(message, asked) for message in messages(1)])
    assert [entry["DelaySeconds"] for entry in batches[0]] == [sent]


def test_what_sqs_refuses_by_its_own_fault_is_sent_once_more() -> None:
    """F8: at once, and only those."""
    sent = messages(12)
    with sqs_that(refused(3, 7, by_sender=False)) as (queue, batches):
        assert queue.send([(message, 5) for message in sent]) == []
    again = [json.loads(entry["MessageBody"])["id"] for entry in batches[1]]
    assert again == [sent[3].due.job_id, sent[7].due.job_id]
    assert [len(batch) for batch in batches] == [10, 2, 2]


def test_what_sqs_goes_on_refusing_is_returned() -> None:
    """F8: the same messages, for the mark not to pass them; the other batches are sent all the same."""
    sent = messages(12)
    with sqs_that(refused(0, 1, by_sender=False, times=2)) as (queue, batches):
        assert queue.send([(message, 0) for message in sent]) == sent[:2]
    assert [len(batch) for batch in batches] == [10, 2, 2]


def test_what_sqs_says_is_wrong_is_not_sent_again() -> None:
    """It would be refused again."""
    sent = messages(3)
    with sqs_that(refused(1, by_sender=True)) as (queue, batches):
        assert queue.send([(message, 0) for message in sent]) == [sent[1]]
    assert len(batches) == 1


def test_nothing_that_was_refused_is_forgotten() -> None:
    """Neither what is wrong at once, nor what turns out wrong at the second try."""
    sent = messages(3)

    def answer(entries: list[Entry]) -> dict[str, Any]:
        if len(entries) == 3:
            return {"Failed": [{"Id": "0", "SenderFault": False}, {"Id": "1", "SenderFault": True}]}
        return {"Failed": [{"Id": "0", "SenderFault": True}]}

    with sqs_that(answer) as (queue, _):
        refused_ones = queue.send([(message, 0) for message in sent])
    assert sorted(message.due for message in refused_ones) == [sent[0].due, sent[1].due]


@pytest.mark.parametrize("method", ["send", "send_dead_letter", "backlog"])
@pytest.mark.parametrize("code", ["RequestThrottled", "AWS.SimpleQueueService.NonExistentQueue", "InternalError"])
def test_a_refusal_makes_the_queue_unavailable(moto: None, method: str, code: str) -> None:
    """F21: jobs stay in the due index, and the sweep comes again."""
    sqs = client("sqs")
    queue = SqsJobQueue(sqs, jobs_url="http://sqs/1/jobs", dead_letters_url="http://sqs/1/dead")
    calls = {
        "send": lambda: queue.send([(messages(1)[0], 0)]),
        "send_dead_letter": lambda: queue.send_dead_letter(DeadLetter(messages(1)[0], "timeout")),
        "backlog": queue.backlog,
    }

    def refuse(**_: Any) -> tuple[Any, dict[str, Any]]:
        return SimpleNamespace(status_code=500), {"Error": {"Code": code, "Message": "no"}}

    with always(sqs, "before-call.sqs.*", refuse), pytest.raises(QueueUnavailable, match=code):
        calls[method]()


def test_a_function_without_dead_letters_says_so() -> None:
    """`hand_off` and `sweep` have no business with them, and no right."""
    with pytest.raises(SettingInvalid, match="PUNCTUAL_DEAD_LETTERS_URL"):
        SqsJobQueue(None, jobs_url="").send_dead_letter(DeadLetter(messages(1)[0]))  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["moto", EMULATOR])
def test_a_message_that_sqs_gives_up_on_is_a_letter_without_reason(place: str, request: pytest.FixtureRequest) -> None:
    """After its last delivery SQS moves it, as it was."""
    queues = SqsUnderTest(client("sqs", endpoint_of(place, request)), move_time=None)
    moved_from = redriving_queue(queues)
    message = messages(1)[0]
    SqsJobQueue(queues.client, jobs_url=moved_from).send([(message, 0)])
    for _ in range(2):  # the second receive finds it given up
        queues.client.receive_message(QueueUrl=moved_from, VisibilityTimeout=0)
    assert queues.receive_letters() == [DeadLetter(message, reason=None)]


def redriving_queue(queues: SqsUnderTest) -> str:
    """A queue that moves a message to the dead letters when it comes a second time."""
    reply = queues.client.get_queue_attributes(QueueUrl=queues.dead_letters_url, AttributeNames=["QueueArn"])
    redrive = {"deadLetterTargetArn": reply["Attributes"]["QueueArn"], "maxReceiveCount": 1}
    attributes = {"RedrivePolicy": json.dumps(redrive)}
    url: str = queues.client.create_queue(QueueName=fresh_name("redriving"), Attributes=attributes)["QueueUrl"]
    return url
