"""EventBridge's tick → a sweep of the due index."""

from __future__ import annotations

from lambdas import wiring
from lambdas.jobs.sweep import sweep


def handler(_event: object, _context: object) -> dict[str, int]:
    """Sweep every shard. Raises SweepIncomplete if some failed, so that the function counts as failed and alarms."""
    parts = wiring.sweep_parts()
    try:
        swept = sweep(
            store=parts.store,
            queue=parts.queue,
            journal=parts.journal,
            clock=parts.clock,
            horizon=parts.horizon,
            period_ms=parts.period_ms,
        )
    finally:
        parts.journal.flush()
    return {"handed_off": swept.handed_off, "overdue": swept.overdue}
