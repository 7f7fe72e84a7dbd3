"""What is read from the stack's insides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.jobs.due_job import due_shard
from tests.chaos.own_stack import broken_invariant, events_of

SHARD = f"DUE#{due_shard('job_1')}"
OTHER_SHARD = f"DUE#{(due_shard('job_1') + 1) % 16}"


def item(status: str, due_shard: str | None, **more: Any) -> dict[str, Any]:
    """A job's item as DynamoDB types it."""
    shard = {} if due_shard is None else {"due_shard": {"S": due_shard}}
    return {"pk": {"S": "JOB#job_1"}, "status": {"S": status}, "fire_at": {"N": "1"}, **shard, **more}


@pytest.mark.parametrize(
    "right",
    [item("scheduled", SHARD), item("running", SHARD), item("succeeded", None), item("failed", "FAILED#2026-11-29")],
)
def test_what_the_due_index_should_hold_breaks_no_invariant(right: dict[str, Any]) -> None:
    """Unfinished jobs in their shard, failed ones under their day, others not at all."""
    assert broken_invariant(right) is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (item("scheduled", None), "is scheduled and not in its shard"),
        (item("running", None), "is running and not in its shard"),
        (item("running", OTHER_SHARD), "is running and not in its shard"),
        (item("scheduled", SHARD, fire_at={}), "is scheduled and not in its shard"),
        (item("cancelled", SHARD), "is cancelled and still in the due index"),
    ],
)
def test_a_broken_invariant_is_found(wrong: dict[str, Any], told: str) -> None:
    """A job outside the index is as good as lost, and one that should not be in it fires again."""
    assert told in str(broken_invariant(wrong))


def test_events_are_counted_and_other_lines_passed_over() -> None:
    """Metrics, everyday life, tracebacks and half a line of a killed worker are not events of trouble."""
    lines = [
        "12:00:00.000 fire " + json.dumps({"level": "INFO", "message": "message_dropped", "why": "stale"}),
        "12:00:00.000 fire " + json.dumps({"level": "INFO", "message": "message_dropped", "why": "double"}),
        "12:00:00.001 fire " + json.dumps({"level": "INFO", "message": "message_dropped", "why": "double"}),
        "12:00:00.002 fire " + json.dumps({"level": "WARNING", "message": "taken_over", "job_id": "job_1"}),
        "12:00:00.003 sweep " + json.dumps({"level": "INFO", "message": "swept", "overdue": 3}),
        "12:00:00.004 sweep " + json.dumps({"level": "INFO", "message": "swept", "overdue": 2}),
        "12:00:00.005 hand_off " + json.dumps({"level": "INFO", "message": "handed_off", "refused": 2}),
        "12:00:00.005 fire " + json.dumps({"level": "INFO", "message": "attempt"}),
        '12:00:00.006 fire {"level": "INFO", "mess',
        "Traceback (most recent call last):",
        '12:00:00.007 fire {"_aws": {}}',
    ]
    assert events_of("\n".join(lines)) == {
        "message dropped as stale": 1,
        "message dropped as double": 2,
        "taken_over": 1,
        "jobs sent again as overdue": 5,
        "stream records lost": 2,
    }
