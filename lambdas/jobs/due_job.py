"""A job that comes due: all that whoever hands it off needs to know of it, and imports for it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

DUE_SHARDS = 16
"""Over how many partitions the due index is spread. It may grow, never fall: jobs keep the shard they got."""


@dataclass(frozen=True, slots=True, order=True)
class DueJob:
    """A job that comes due, by its fire time: what the due index holds and what a message carries."""

    fire_at_ms: int
    job_id: str


def due_shard(job_id: str) -> int:
    """Which partition of the due index holds a job: a hash of its id that is the same everywhere and for ever."""
    return zlib.crc32(job_id.encode("ascii")) % DUE_SHARDS
