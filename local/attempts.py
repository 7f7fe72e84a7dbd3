"""One line on the terminal for each attempt, made from what the functions log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LOUD = ("WARNING", "ERROR", "CRITICAL")
POWERTOOLS_KEYS = ("level", "message", "timestamp", "service", "location", "exception", "exception_name", "stack_trace")


def line_for(function: str, text: str) -> str | None:
    """What to show of a line that a function printed: an attempt, a warning, an unexpected text; None for the rest."""
    try:
        record = json.loads(text)
    except ValueError:
        return f"{function}: {text}" if text.strip() else None
    if not isinstance(record, dict) or "_aws" in record:  # an embedded metric
        return None
    if record.get("message") == "attempt":
        return attempt_line(record)
    if record.get("level") in LOUD:
        return warning_line(record)
    return None


def attempt_line(record: Mapping[str, Any]) -> str:
    """`job_019…  attempt 1  succeeded  200 from example.com  3 ms late, took 131 ms`"""
    came_back = record.get("status_code") or record.get("error") or "no answer"
    return (
        f"{record.get('job_id')}  attempt {record.get('attempt')}  {record.get('outcome')}  "
        f"{came_back} from {record.get('host')}  "
        f"{_milliseconds(record.get('lateness_ms'))} late, took {_milliseconds(record.get('duration_ms'))}"
    )


def warning_line(record: Mapping[str, Any]) -> str:
    """`sweep ERROR: shard_not_swept  shard=3  error=…`"""
    facts = "".join(f"  {name}={value}" for name, value in record.items() if name not in POWERTOOLS_KEYS)
    exception = str(record.get("exception") or "").strip().splitlines()
    cause = f" ({exception[-1]})" if exception else ""
    return f"{record.get('service')} {record.get('level')}: {record.get('message')}{facts}{cause}"


def _milliseconds(value: object) -> str:
    return f"{value:.0f} ms" if isinstance(value, int | float) else "? ms"
