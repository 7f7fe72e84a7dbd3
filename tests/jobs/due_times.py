"""Times as users write them, read at one moment: what comes of them, or why not."""

from __future__ import annotations

from datetime import datetime

import pytest

from lambdas.jobs.due_time import DueTime, due_at, read_time
from lambdas.jobs.errors import ValueRefused

NOW_MS = 1_790_000_000_000  # 2026-09-21T14:13:20Z


def due(text: str, zone_name: str | None = None, now_ms: int = NOW_MS) -> DueTime:
    return due_at(read_time(text), zone_name, now_ms=now_ms)


def refusal(text: str, zone_name: str | None = None) -> ValueRefused:
    with pytest.raises(ValueRefused) as refused:
        due(text, zone_name)
    return refused.value


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
