"""An instant as text. Inside the service it is always a whole number of milliseconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(ms: int) -> str:
    """The instant as the API writes it: `2026-11-29T06:00:00.000Z`."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def readable(ms: int) -> str:
    """The instant as people read it in a mail: `2026-11-29 06:00:00.000 UTC`."""
    return rfc3339(ms).replace("T", " ").replace("Z", " UTC")
