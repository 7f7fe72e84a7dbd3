"""`Retry-After`: how long a target asks to be left alone (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdas.jobs.sending import Answer

LONGEST_RETRY_AFTER_MS = 24 * 3_600_000

_LONGEST_VALUE = 64
"""No date is longer. A target may send 64 KB of one."""


def retry_after_ms(answer: Answer) -> int | None:
    """How long the answer asks to wait, at most 24 hours; None if it asks for nothing.

    Whole seconds, or a date in one of HTTP's three forms, in GMT unless it names another zone; a date counts from the
    answer's own arrival. Of several headers the longest wait counts, for it obeys them all. What is not understood is
    passed over; so are 0 and a date that is past, lest a target whose clock is slow be called again at once, and again.
    """
    arrived_ms = answer.started_at_ms + answer.duration_ms
    waits_ms = [_wait_ms(value, arrived_ms) for name, value in answer.headers if name.lower() == "retry-after"]
    longest_ms = max(waits_ms, default=0)
    return min(longest_ms, LONGEST_RETRY_AFTER_MS) if longest_ms > 0 else None


def _wait_ms(value: str, arrived_ms: float) -> int:
    """What one header asks for; 0 for nonsense."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        # Bounded before it is parsed: a target may send thousands of digits.
        digits = value.lstrip("0") or "0"
        return int(digits) * 1000 if len(digits) <= 10 else LONGEST_RETRY_AFTER_MS
    if len(value) > _LONGEST_VALUE:
        return 0
    try:
        at = parsedate_to_datetime(value)
        at_ms = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000
    except (ValueError, TypeError, OverflowError):
        return 0
    return round(at_ms - arrived_ms)
