"""Records of the table's stream → messages on the jobs queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdas import wiring
from lambdas.adapters.stream_records import due_job
from lambdas.jobs.errors import DamagedItem, QueueUnavailable
from lambdas.jobs.hand_off import hand_off

if TYPE_CHECKING:
    from lambdas.jobs.due_job import DueJob


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Hand off the jobs of a batch, and report the records that must come again (AWS: ReportBatchItemFailures).

    A record that cannot be understood is reported too: after its retries AWS puts it on the queue of stream failures,
    where operators see it. The others of its batch go on.
    """
    parts = wiring.hand_off_parts()
    due_jobs: dict[str, DueJob] = {}
    failed: list[str] = []
    for record in event["Records"]:
        sequence = record["dynamodb"]["SequenceNumber"]
        try:
            due_jobs[sequence] = due_job(record)
        except DamagedItem as error:
            failed.append(sequence)
            parts.journal.tell("record_damaged", error=str(error))
    try:
        refused = hand_off(
            list(due_jobs.values()), queue=parts.queue, horizon=parts.horizon, now_ms=parts.clock.now_ms()
        )
    except QueueUnavailable as error:
        refused = list(due_jobs.values())
        parts.journal.tell("queue_unavailable", error=str(error))
    failed += [sequence for sequence, due in due_jobs.items() if due in refused]
    parts.journal.tell("handed_off", handed_off=len(due_jobs) - len(refused), refused=len(failed))
    parts.journal.flush()
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}
