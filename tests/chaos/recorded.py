"""A job's attempts as the API shows them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.chaos.history import JobHistory


@dataclass(frozen=True)
class Attempt:
    """One entry of `attempts`. `error` is its code, `next_attempt_at` RFC 3339."""

    number: int
    outcome: str
    status_code: int | None
    error: str | None
    lateness_ms: int | None
    next_attempt_at: str | None


def attempts_of(job: JobHistory) -> list[Attempt]:
    """All that the job remembers, the oldest first."""
    return [
        Attempt(
            number=attempt["number"],
            outcome=attempt["outcome"],
            status_code=attempt["status_code"],
            error=attempt["error"]["code"] if attempt["error"] else None,
            lateness_ms=attempt["lateness_ms"],
            next_attempt_at=attempt["next_attempt_at"],
        )
        for attempt in (job.shown or {}).get("attempts", ())
    ]
