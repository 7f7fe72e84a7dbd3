"""Records of the table's stream → counters of jobs."""

from __future__ import annotations

from typing import Any

from lambdas import wiring
from lambdas.adapters.job_changes import job_change, lane_of
from lambdas.jobs.counting import steps_of

_DONE: dict[str, Any] = {"state": {}}
"""The answer that a source with a tumbling window wants; nothing is carried from one invocation to the next."""


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Count the changes of a batch. What raises here is delivered again, all of it, and counted once all the same.

    A record that cannot be read is told and passed over, and so is a day whose counters cannot: neither would be any
    better the next time, and all that follows in the shard would wait. A recount mends them.
    """
    if not event["Records"]:  # a window has ended
        return _DONE
    parts = wiring.count_parts()
    changes = [job_change(record) for record in event["Records"]]
    for record, change in zip(event["Records"], changes, strict=True):
        if change.after is None and "NewImage" in record["dynamodb"]:
            parts.journal.tell("record_damaged", error=f"{record['dynamodb']['Keys']['pk']['S']} cannot be counted")
    for day in parts.counters.add(steps_of(changes), lane=lane_of(event), now_ms=parts.clock.now_ms()):
        parts.journal.tell("counters_damaged", owner=day.owner, day=day.text)
    return _DONE
