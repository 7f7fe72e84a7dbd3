"""The jobs queue and its dead letters in SQS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from lambdas.adapters.aws import outages_as
from lambdas.adapters.messages import letter_body, message_body
from lambdas.jobs.errors import QueueUnavailable, SettingInvalid
from lambdas.jobs.horizon import SQS_LONGEST_DELAY_SECONDS
from lambdas.jobs.ports import DeadLetter, Message

BATCH = 10
"""SQS takes at most ten messages in one call."""

Entry = tuple[Message, int]


class SqsJobQueue:
    """Implements the port `JobQueue`. `dead_letters_url` is None where nothing is ever given up."""

    def __init__(self, client: Any, *, jobs_url: str, dead_letters_url: str | None = None) -> None:
        self._client = client
        self._jobs_url = jobs_url
        self._dead_letters_url = dead_letters_url

    def send(self, messages: Sequence[Entry]) -> Sequence[Message]:
        """Ten to a call; what SQS refuses is offered once more, and returned if it is refused again."""
        refused: list[Message] = []
        for batch in _batches(messages):
            again = self._send_batch(batch)
            if again:
                again = self._send_batch(again)
            refused += [message for message, _ in again]
        return refused

    def send_dead_letter(self, letter: DeadLetter) -> None:
        if self._dead_letters_url is None:
            raise SettingInvalid("PUNCTUAL_DEAD_LETTERS_URL is not set; the template sets it for who gives up jobs")
        with outages_as(QueueUnavailable):
            self._client.send_message(QueueUrl=self._dead_letters_url, MessageBody=letter_body(letter))

    def backlog(self) -> int:
        with outages_as(QueueUnavailable):
            answer = self._client.get_queue_attributes(
                QueueUrl=self._jobs_url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def _send_batch(self, batch: Sequence[Entry]) -> Sequence[Entry]:
        """Send up to ten; returns the refused ones. The delay is clamped here: not every stand-in for SQS does."""
        entries = [
            {
                "Id": str(index),
                "MessageBody": message_body(message),
                "DelaySeconds": max(0, min(delay_seconds, SQS_LONGEST_DELAY_SECONDS)),
            }
            for index, (message, delay_seconds) in enumerate(batch)
        ]
        with outages_as(QueueUnavailable):
            answer = self._client.send_message_batch(QueueUrl=self._jobs_url, Entries=entries)
        return [batch[int(failure["Id"])] for failure in answer.get("Failed", [])]


def _batches(messages: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    remaining = iter(messages)
    while batch := list(islice(remaining, BATCH)):
        yield batch
