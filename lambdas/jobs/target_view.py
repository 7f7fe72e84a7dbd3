"""A target as the API shows it."""

from __future__ import annotations

from typing import Any

from lambdas.jobs.instant import rfc3339
from lambdas.jobs.target import State, Target


def shown_target(target: Target, *, now_ms: int) -> dict[str, Any]:
    """The target as a JSON object with the keys of docs/api.md. One that is allowed has no reason, only its row."""
    state = target.state_at(now_ms)
    allowed = state is State.ALLOWED
    return {
        "host": target.host,
        "state": state.value,
        "reason": None if allowed else target.reason,
        "until": rfc3339(target.until_ms) if state is State.PAUSED and target.until_ms is not None else None,
        "since": rfc3339(target.since_ms),
        "failures": target.failures,
        "refusals": target.refusals,
    }


def shown_well(host: str) -> dict[str, Any]:
    """A target against which nothing is held."""
    state = State.ALLOWED.value
    return {"host": host, "state": state, "reason": None, "until": None, "since": None, "failures": 0, "refusals": 0}
