"""Messages of the jobs queue → requests to targets."""

from __future__ import annotations

from typing import Any

from lambdas import wiring
from lambdas.adapters.messages import message_from_body
from lambdas.handlers.sqs_batch import read_batch, report
from lambdas.jobs.fire import fire_batch


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fire a batch, and report the messages that must come again (AWS: ReportBatchItemFailures).

    A message that cannot be understood is reported too: after its last delivery the queue moves it to the dead
    letters, and the operators are told.
    """
    worker, journal = wiring.fire_parts()
    messages, unreadable = read_batch(event, message_from_body, journal)
    unsettled = fire_batch(list(messages.values()), worker=worker, time_left_ms=context.get_remaining_time_in_millis)
    journal.flush()
    return report(messages, unsettled, unreadable)
