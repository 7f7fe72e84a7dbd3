"""Messages of the two queues as JSON.

Jobs queue: `{"id", "fire_at"}`, or with `"attempt"` and `"outcome"` an outcome to be written late. Dead letters:
`{"id", "fire_at", "attempt", "reason"}`, or a message of the jobs queue as SQS moved it. Keys that are not known are
left alone: a newer version may have written them.
"""

from __future__ import annotations

import json
from typing import Any

from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.job import DueJob
from lambdas.jobs.outcome import Outcome
from lambdas.jobs.ports import DeadLetter, Message


def message_body(message: Message) -> str:
    body: dict[str, Any] = {"id": message.due.job_id, "fire_at": message.due.fire_at_ms}
    if message.attempt is not None:
        body["attempt"] = message.attempt
    if message.outcome is not None:
        body["outcome"] = message.outcome.to_dict()
    return json.dumps(body, separators=(",", ":"))


def letter_body(letter: DeadLetter) -> str:
    body = json.loads(message_body(letter.message))
    if letter.reason is not None:
        body["reason"] = letter.reason
    return json.dumps(body, separators=(",", ":"))


def message_from_body(body: str, receive_count: int) -> Message:
    """The message that a body of the jobs queue stands for. Raises DamagedItem."""
    return _message(_read(body), receive_count)


def letter_from_body(body: str) -> DeadLetter:
    """The letter that a body of the dead-letter queue stands for. Raises DamagedItem."""
    values = _read(body)
    reason = values.get("reason")
    return DeadLetter(_message(values, 1), reason=None if reason is None else str(reason))


def _read(body: str) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DamagedItem("a message", "it is not JSON") from error
    if not isinstance(values, dict):
        raise DamagedItem("a message", "it is not an object")
    return values


def _message(values: dict[str, Any], receive_count: int) -> Message:
    match values:
        case {"id": str(job_id), "fire_at": int(fire_at_ms)} if job_id and not isinstance(fire_at_ms, bool):
            due = DueJob(fire_at_ms, job_id)
        case _:
            raise DamagedItem("a message", "it names no job and fire time")
    attempt, outcome = values.get("attempt"), values.get("outcome")
    try:
        return Message(
            due,
            attempt=None if attempt is None else int(attempt),
            outcome=None if outcome is None else Outcome.from_dict(outcome),
            receive_count=receive_count,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedItem("a message", "its outcome cannot be read") from error
