"""Changes of jobs as the table's stream tells them to a Lambda, in the form in which they are counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.jobs.counting import Change, Standing
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.job import Status

_TIME_TO_LIVE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
"""Who deletes what has expired, as the stream names them (AWS: *DynamoDB Streams and Time to Live*)."""


def lane_of(event: Mapping[str, Any]) -> str:
    """In which order a batch's records stand: that of the stream's shard they all come from.

    AWS names the shard in the events of a source that has a tumbling window, and in no others. Raises DamagedItem
    where it is missing: sequence numbers of different shards must not be compared.
    """
    shard = event.get("shardId")
    if not shard:
        raise DamagedItem("an event of the stream", "it names no shard: the event source needs a tumbling window")
    return f"{event['Records'][0]['eventSourceARN']}/{shard}"


def job_change(record: Mapping[str, Any]) -> Change:
    """What a record says of its job. An image that cannot be read counts as no job, before and after alike, so that
    counters are the sum of what can be read whatever was damaged or mended on the way.

    Raises DamagedItem if the stream does not have what items were before: every change would count as a new job.
    """
    written = record["dynamodb"]
    if record["eventName"] != "INSERT" and "OldImage" not in written:
        raise DamagedItem("a record of the stream", "it lacks the old image: the stream must have both")
    return Change(
        sequence=int(written["SequenceNumber"]),
        before=standing_of(written.get("OldImage")),
        after=standing_of(written.get("NewImage")),
        expired=record.get("userIdentity") == _TIME_TO_LIVE,
    )


def standing_of(image: Mapping[str, Any] | None) -> Standing | None:
    """As what a job's item, in DynamoDB's typed values, is counted; None if there is none or it cannot be read."""
    if not image:
        return None
    try:
        due_at_ms = int(image["due_at"]["N"])
        owner, status = image["owner"]["S"], Status(image["status"]["S"])
    except (KeyError, TypeError, ValueError):
        return None
    is_job = image.get("sk") == {"S": "JOB"} and isinstance(owner, str) and due_at_ms >= 0
    return Standing(owner, due_at_ms, status) if is_job else None
