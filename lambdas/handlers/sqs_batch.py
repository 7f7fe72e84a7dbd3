"""A batch of SQS messages, read one by one, and the report of those that must come again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from lambdas.jobs.errors import DamagedItem

if TYPE_CHECKING:
    from lambdas.jobs.ports import Journal

Read = TypeVar("Read")


def read_batch(
    event: Mapping[str, Any], read: Callable[[str, int], Read], journal: Journal
) -> tuple[dict[str, Read], list[str]]:
    """What `read(body, receive_count)` makes of each message, by message id, and the ids of those it cannot read."""
    messages: dict[str, Read] = {}
    unreadable: list[str] = []
    for record in event["Records"]:
        message_id = record["messageId"]
        try:
            messages[message_id] = read(record["body"], int(record["attributes"]["ApproximateReceiveCount"]))
        except DamagedItem as error:
            unreadable.append(message_id)
            journal.tell("message_unreadable", message_id=message_id, error=str(error))
    return messages, unreadable


def report(messages: Mapping[str, Read], unsettled: Sequence[Read], others: Sequence[str] = ()) -> dict[str, Any]:
    """The answer that makes SQS keep the messages that were not settled, and `others` by their ids."""
    again = [message_id for message_id, message in messages.items() if any(message is kept for kept in unsettled)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in (*again, *others)]}
