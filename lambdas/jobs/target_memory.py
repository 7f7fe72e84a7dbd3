"""What one worker remembers of targets: the records as it read or wrote them last, so that batches do not read anew."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lambdas.jobs.errors import DamagedItem, StoreUnavailable
from lambdas.jobs.place import place_of

if TYPE_CHECKING:
    from lambdas.jobs.job import Job
    from lambdas.jobs.ports import Clock, Journal, Targets
    from lambdas.jobs.target import Target

FRESH_MS = 2_000
"""How long a worker goes by what it has read of a target."""

REMEMBERED = 1_000
"""Of how many targets one worker remembers something."""

TargetKey = tuple[str, str]
"""Owner and host."""


@dataclass(slots=True)
class TargetMemory:
    """What is known of one target: the record, when it was read, and when the target was last seen well (epoch ms)."""

    key: TargetKey
    target: Target | None = None
    read_ms: int | None = None
    well_ms: int = -1
    lock: threading.Lock = field(default_factory=threading.Lock)


class TargetMemories:
    """One worker's memories. Safe to use from many threads."""

    def __init__(self, *, targets: Targets, journal: Journal, clock: Clock) -> None:
        self._targets = targets
        self._journal = journal
        self._clock = clock
        self._memories: OrderedDict[TargetKey, TargetMemory] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, job: Job) -> TargetMemory:
        """What is remembered of the job's target; the one that was of use longest ago is forgotten for a new one."""
        key = key_of(job)
        with self._lock:
            memory = self._memories.setdefault(key, TargetMemory(key))
            self._memories.move_to_end(key)
            if len(self._memories) > REMEMBERED:
                self._memories.popitem(last=False)
        return memory

    def read(self, memory: TargetMemory) -> Target | None:
        """The record as it was at most two seconds ago; None also if it cannot be read.

        Jobs of one batch that ask together read it once.
        """
        with memory.lock:
            read_ms, now_ms = memory.read_ms, self._clock.now_ms()
            if read_ms is not None and 0 <= now_ms - read_ms < FRESH_MS:
                return memory.target
            try:
                memory.target = self._targets.find(*memory.key)
            except (StoreUnavailable, DamagedItem) as error:
                memory.target = None
                self._journal.tell("target_unknown", host=memory.key[1], error=str(error))
            memory.read_ms = self._clock.now_ms()
            return memory.target

    def remember(self, memory: TargetMemory, target: Target | None) -> None:
        """Note the record as it was just written, or found while writing."""
        with memory.lock:
            memory.target, memory.read_ms = target, self._clock.now_ms()


def key_of(job: Job) -> TargetKey:
    return job.owner, place_of(job.request.url)
