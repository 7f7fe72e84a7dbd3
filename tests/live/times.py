"""Times in the tests of the running service, which alone use the real clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def in_seconds(seconds: float) -> str:
    """A moment from now as a user writes it, to the millisecond."""
    return datetime.fromtimestamp(time.time() + seconds, UTC).isoformat(timespec="milliseconds")


def milliseconds(moment: str | datetime) -> float:
    """A moment of the API, or of its client, as epoch milliseconds."""
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).timestamp() * 1000
