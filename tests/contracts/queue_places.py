"""Queues and topics as tests look at them: what arrives, and when."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.adapters.messages import letter_from_body, message_from_body
from lambdas.adapters.sns_addresses import SnsAddresses
from lambdas.adapters.sns_alerts import SnsAlerts
from lambdas.adapters.sqs_job_queue import SqsJobQueue
from lambdas.jobs.ports import Alert, Alerts, DeadLetter, JobQueue, Message
from tests.contracts.aws_places import fresh_name
from tests.contracts.mailboxes import confirm
from tests.fakes import FakeAlerts, FakeClock, FakeJobQueue


class QueueUnderTest(Protocol):
    """A queue and what a worker on its other end sees."""

    move_time: Callable[[int], object] | None
    """Lets seconds go by; None where time is the real one."""

    @property
    def queue(self) -> JobQueue: ...

    def receive(self) -> Sequence[Message]:
        """Take out all that can be received now."""
        ...

    def receive_letters(self) -> Sequence[DeadLetter]:
        """Take out all dead letters."""
        ...


class FakeQueueUnderTest:
    def __init__(self) -> None:
        clock = FakeClock()
        self.queue = FakeJobQueue(clock)
        self.move_time: Callable[[int], object] | None = lambda seconds: clock.advance(seconds=seconds)

    def receive(self) -> Sequence[Message]:
        return self.queue.receive(limit=10_000)

    def receive_letters(self) -> Sequence[DeadLetter]:
        letters, self.queue.letters = self.queue.letters, []
        return letters


class SqsUnderTest:
    """The adapter, with two queues of its own."""

    def __init__(self, sqs: Any, *, move_time: Callable[[int], object] | None) -> None:
        self.move_time = move_time
        self.client = sqs
        self.jobs_url = sqs.create_queue(QueueName=fresh_name("jobs"))["QueueUrl"]
        self.dead_letters_url = sqs.create_queue(QueueName=fresh_name("dead"))["QueueUrl"]
        self.queue = SqsJobQueue(sqs, jobs_url=self.jobs_url, dead_letters_url=self.dead_letters_url)

    def receive(self) -> Sequence[Message]:
        return [message_from_body(body, count) for body, count in receive_all(self.client, self.jobs_url)]

    def receive_letters(self) -> Sequence[DeadLetter]:
        return [letter_from_body(body) for body, _ in receive_all(self.client, self.dead_letters_url)]


def receive_all(sqs: Any, url: str, *, wait_seconds: int = 0) -> list[tuple[str, int]]:
    """Take out all that can be received now: bodies and receive counts. Waits for the first if asked to."""
    received: list[tuple[str, int]] = []
    while True:
        reply = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
            WaitTimeSeconds=0 if received else wait_seconds,
        )
        messages = reply.get("Messages", [])
        for message in messages:
            received.append((message["Body"], int(message["Attributes"]["ApproximateReceiveCount"])))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if not messages:
            return received


class AlertsUnderTest(Protocol):
    """The operators' topic and owners' addresses, and what their subscribers get."""

    @property
    def alerts(self) -> Alerts: ...

    def received(self) -> Sequence[Alert]:
        """What has arrived at the operators so far, in no order."""
        ...

    def confirm(self, owner: str, email: str) -> None:
        """Make this an address of the owner's that is confirmed."""
        ...

    def received_at(self, owner: str, email: str) -> Sequence[Alert]:
        """What has arrived at an address so far, in no order."""
        ...


class FakeAlertsUnderTest:
    def __init__(self) -> None:
        self.alerts = FakeAlerts()

    def received(self) -> Sequence[Alert]:
        return self.alerts.at_operators()

    def confirm(self, owner: str, email: str) -> None:
        self.alerts.confirmed.add((owner, email))

    def received_at(self, owner: str, email: str) -> Sequence[Alert]:
        return self.alerts.at(owner, email)


@dataclass(frozen=True, slots=True)
class SnsUnderTest:
    """The adapter, with a topic of its own to which an inbox is subscribed."""

    alerts: SnsAlerts
    addresses: SnsAddresses
    sns: Any
    sqs: Any
    inbox_url: str
    endpoint_url: str | None
    mailboxes: dict[tuple[str, str], str]

    @classmethod
    def made(cls, sns: Any, sqs: Any, endpoint_url: str | None) -> SnsUnderTest:
        topic = sns.create_topic(Name=fresh_name("alerts"))["TopicArn"]
        inbox_url = _inbox_of(topic, sns, sqs)
        addresses = SnsAddresses(lambda: sns, prefix=f"{topic}-address-")
        alerts = SnsAlerts(
            sns, topic, topic_of=addresses.topic_arn, is_confirmed=lambda pair: addresses.is_confirmed(*pair)
        )
        return cls(alerts, addresses, sns, sqs, inbox_url, endpoint_url, {})

    def confirm(self, owner: str, email: str) -> None:
        """Beside the address listens a queue, which tests can read."""
        self.addresses.ask(owner, email)
        confirm(email, self.endpoint_url)
        self.mailboxes[owner, email] = _inbox_of(self.addresses.topic_arn(owner, email), self.sns, self.sqs)

    def received(self) -> Sequence[Alert]:
        return self._received(self.inbox_url)

    def received_at(self, owner: str, email: str) -> Sequence[Alert]:
        return self._received(self.mailboxes[owner, email])

    def _received(self, inbox_url: str) -> Sequence[Alert]:
        envelopes = [json.loads(body) for body, _ in receive_all(self.sqs, inbox_url, wait_seconds=4)]
        return [Alert(envelope["Subject"], envelope["Message"]) for envelope in envelopes]


def _inbox_of(topic: str, sns: Any, sqs: Any) -> str:
    """The URL of a new queue that is subscribed to a topic."""
    inbox_url: str = sqs.create_queue(QueueName=fresh_name("inbox"))["QueueUrl"]
    reply = sqs.get_queue_attributes(QueueUrl=inbox_url, AttributeNames=["QueueArn"])
    inbox = reply["Attributes"]["QueueArn"]
    let_in: dict[str, Any] = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": inbox}
    let_in.update({"Principal": {"Service": "sns.amazonaws.com"}, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}})
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]})
    sqs.set_queue_attributes(QueueUrl=inbox_url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox)
    return inbox_url
