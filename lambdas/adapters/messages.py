"""Messages of the queues as JSON.

    jobs queue      {"id", "fire_at"}                         fire this job, planned for this time
                    {"id", "fire_at", "attempt", "outcome"}   write down what came of this attempt
    dead letters    {"id", "fire_at", "attempt", "reason"}    this attempt was the last; the job has failed
                    or a message of the jobs queue, moved here by the queue itself

Messages outlive deployments: what newer code adds to one is left alone, and nothing that was once written may ever
change its meaning.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdas.jobs.due_job import DueJob
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.ports import DeadLetter, Message

if TYPE_CHECKING:
    from lambdas.jobs.outcome import Outcome

LONGEST_ID = 64
LATEST_MS = 10**15
"""Beyond any instant that a user can name, and what a number in the table holds with ease."""


def message_body(message: Message) -> str:
    """The text of a message of the jobs queue. What the queue itself counts, such as deliveries, is not in it."""
    return _json(
        id=message.due.job_id,
        fire_at=message.due.fire_at_ms,
        attempt=message.attempt,
        outcome=message.outcome.to_dict() if message.outcome else None,
    )


def letter_body(letter: DeadLetter) -> str:
    """The text of a dead letter of ours."""
    due = letter.message.due
    return _json(id=due.job_id, fire_at=due.fire_at_ms, attempt=letter.message.attempt, reason=letter.reason)


def message_from_body(body: str, receive_count: int = 1) -> Message:
    """The message of a text, delivered so many times. Raises DamagedItem for anything that is not one."""
    return _message(_object(body), receive_count)


def letter_from_body(body: str) -> DeadLetter:
    """The dead letter of a text. Raises DamagedItem for anything that is not one."""
    values = _object(body)
    reason = values.get("reason")
    if reason is not None and not isinstance(reason, str):
        raise DamagedItem("message", "its reason is not text")
    return DeadLetter(_message(values, 1), reason)


def _json(**values: Any) -> str:
    return json.dumps({name: value for name, value in values.items() if value is not None}, separators=(",", ":"))


def _object(body: str) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DamagedItem("message", "it is not JSON") from error
    if not isinstance(values, dict):
        raise DamagedItem("message", "it is not an object")
    return values


def _message(values: dict[str, Any], receive_count: int) -> Message:
    match values:
        case {"id": str(job_id), "fire_at": int(fire_at_ms)} if _is_id(job_id) and _is_time(fire_at_ms):
            due = DueJob(fire_at_ms, job_id)
        case _:
            raise DamagedItem("message", "it names no job with a fire time")
    attempt = values.get("attempt")
    if attempt is not None and not _is_count(attempt):
        raise DamagedItem("message", "its attempt is not a number")
    outcome = _outcome(values["outcome"]) if values.get("outcome") is not None else None
    if outcome is not None and attempt is None:
        raise DamagedItem("message", "its outcome belongs to no attempt")
    return Message(due, attempt, outcome, receive_count)


def _outcome(values: Any) -> Outcome:
    """An outcome from its known members; each must be of its kind."""
    if not isinstance(values, dict):
        raise DamagedItem("message", "its outcome is not an object")
    from lambdas.jobs.outcome import Outcome  # few messages carry one, and `hand_off` and `sweep` read none

    kinds_of = _outcome_kinds()
    known = {name: values[name] for name in kinds_of if name in values}
    try:
        outcome = Outcome.from_dict(known)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedItem("message", "its outcome cannot be understood") from error
    for name, kinds in kinds_of.items():
        if name != "verdict" and type(getattr(outcome, name)) not in kinds:
            raise DamagedItem("message", f"its outcome's {name} is of the wrong kind")
    return outcome


def _is_id(text: str) -> bool:
    return 0 < len(text) <= LONGEST_ID and text.isascii() and text.isprintable()


def _is_time(value: int) -> bool:
    return type(value) is int and 0 <= value < LATEST_MS


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value < LATEST_MS


@cache
def _outcome_kinds() -> dict[str, tuple[type, ...]]:
    """Of what types each member of an outcome may be."""
    from dataclasses import fields
    from typing import get_args, get_type_hints

    from lambdas.jobs.outcome import Outcome

    hints = get_type_hints(Outcome)
    return {field.name: get_args(hints[field.name]) or (hints[field.name],) for field in fields(Outcome)}
