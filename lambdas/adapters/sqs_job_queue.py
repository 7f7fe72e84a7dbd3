"""The jobs queue and its dead letters on SQS."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdas.adapters.aws import outages_as
from lambdas.adapters.messages import letter_body, message_body
from lambdas.jobs.errors import QueueUnavailable, SettingInvalid
from lambdas.jobs.horizon import SQS_LONGEST_DELAY_SECONDS
from lambdas.jobs.ports import DeadLetter, Message

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

LARGEST_BATCH = 10
"""How many messages SendMessageBatch takes (AWS limit). Ours are a few KB at most, far from its 1 MiB."""

Delayed = tuple[Message, int]
"""A message and its delay in seconds."""


class SqsJobQueue:
    """Two queues by their URLs; a function that never gives up on a job needs no `dead_letters_url`."""

    def __init__(self, client: SQSClient, *, jobs_url: str, dead_letters_url: str | None = None) -> None:
        self._client = client
        self._jobs_url = jobs_url
        self._dead_letters_url = dead_letters_url

    def send(self, messages: Sequence[tuple[Message, int]]) -> Sequence[Message]:
        refused: list[Message] = []
        for batch in _batches(messages):
            again, hopeless = self._send_batch(batch)
            if again:
                again, more = self._send_batch(again)
                hopeless += more
            refused += [message for message, _ in (*again, *hopeless)]
        return refused

    def send_dead_letter(self, letter: DeadLetter) -> None:
        if self._dead_letters_url is None:
            raise SettingInvalid("PUNCTUAL_DEAD_LETTERS_URL is not set, and this function sends dead letters")
        with outages_as(QueueUnavailable):
            self._client.send_message(QueueUrl=self._dead_letters_url, MessageBody=letter_body(letter))

    def backlog(self) -> int:
        with outages_as(QueueUnavailable):
            reply = self._client.get_queue_attributes(
                QueueUrl=self._jobs_url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(reply["Attributes"]["ApproximateNumberOfMessages"])

    def _send_batch(self, batch: Sequence[Delayed]) -> tuple[list[Delayed], list[Delayed]]:
        """Send up to ten messages. Returns those that SQS refused by its own fault, worth another try, and those that
        it says are wrong."""
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(number),
                "MessageBody": message_body(message),
                # The emulator takes longer delays and AWS refuses them, so the limit is kept here.
                "DelaySeconds": max(0, min(delay_seconds, SQS_LONGEST_DELAY_SECONDS)),
            }
            for number, (message, delay_seconds) in enumerate(batch)
        ]
        with outages_as(QueueUnavailable):
            reply = self._client.send_message_batch(QueueUrl=self._jobs_url, Entries=entries)
        failed = reply.get("Failed", [])
        again = [batch[int(entry["Id"])] for entry in failed if not entry["SenderFault"]]
        hopeless = [batch[int(entry["Id"])] for entry in failed if entry["SenderFault"]]
        return again, hopeless


def _batches(messages: Sequence[Delayed]) -> Iterator[Sequence[Delayed]]:
    rest = iter(messages)
    while batch := list(itertools.islice(rest, LARGEST_BATCH)):
        yield batch
