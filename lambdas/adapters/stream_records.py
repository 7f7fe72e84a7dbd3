"""Records of the table's stream, as a Lambda receives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.jobs.due_job import DueJob
from lambdas.jobs.errors import DamagedItem


def due_job(record: Mapping[str, Any]) -> DueJob:
    """The job that a record's new image asks to hand off, at the fire time it was stored with.

    Raises DamagedItem if the image does not carry a job's key and its `handoff`: the stream's filter lets only such
    pass, so this is an item of a newer version or a broken one.
    """
    image = record.get("dynamodb", {}).get("NewImage", {})
    try:
        kind, _, job_id = image["pk"]["S"].partition("#")
        if kind != "JOB" or not job_id:
            raise ValueError("not the key of a job")
        return DueJob(fire_at_ms=int(image["handoff"]["N"]), job_id=job_id)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedItem(str(record.get("eventID", "a stream record")), "it holds no job to hand off") from error
