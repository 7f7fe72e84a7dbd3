"""F24: one owner's thousand jobs of one millisecond, or ten thousand of one minute. All fire, and nobody else waits.

As far as fakes go: what is proved is that nothing of ours holds a job up or loses it in a crowd. How long AWS and a
machine take over so many is measured and played through by `bench/`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from lambdas.jobs.job import Job, Status
from tests.examples import HORIZON, a_job
from tests.fakes import FakeClock, FakeJobStore
from tests.world import World

MINUTE_MS = 60_000
PAGE = 10
"""Jobs to a page of the due index: those of one millisecond and shard fill several."""

ROUNDING_MS = 1_000
"""The queue delays by whole seconds, so a message comes up to one earlier than the lead."""


def crowded(**owners: Sequence[int]) -> tuple[World, list[Job]]:
    """A world with jobs of these owners, due in so many milliseconds. Its one worker takes message by message."""
    clock = FakeClock()
    world = World(clock=clock, store=FakeJobStore(page_size=PAGE), batch_size=1)
    return world, [world.accept(a_job(owner=owner, due_in_ms=ms)) for owner, due in owners.items() for ms in due]


def early_ms(world: World) -> Counter[int]:
    """How long before its instant each message on the queue can be received, in whole seconds, and how many."""
    return Counter(
        (message.due.fire_at_ms - at_ms) // ROUNDING_MS * ROUNDING_MS for at_ms, message in world.queue.waiting
    )


def lateness_ms(world: World, jobs: Sequence[Job]) -> dict[str, Counter[int]]:
    """Of each owner, how many requests were late by how much; each job was sent once and succeeded."""
    assert {job.status for job in world.store} == {Status.SUCCEEDED}
    sent = {dict(s.request.headers)["Punctual-Job-Id"]: s.at_ms for s in world.sender.sent}
    assert len(world.sender.sent) == len(sent) == len(jobs)
    late: dict[str, Counter[int]] = {}
    for job in jobs:
        late.setdefault(job.owner, Counter())[sent[job.id] - job.due_at_ms] += 1
    return late


@pytest.mark.parametrize("due_in_ms", [5 * MINUTE_MS, 90 * MINUTE_MS], ids=["by the stream", "by the sweep"])
def test_a_thousand_jobs_of_one_millisecond_all_fire_and_others_are_on_time(due_in_ms: int) -> None:
    """F24. Those of others are due just before, at the very same millisecond, and just after."""
    others = [due_in_ms - 1_000, due_in_ms, due_in_ms, due_in_ms + 1_000]
    world, jobs = crowded(mallory=[due_in_ms] * 1_000, ada=others, grace=others)
    world.run(seconds=due_in_ms / 1000 + 60)
    assert lateness_ms(world, jobs) == {"mallory": {0: 1_000}, "ada": {0: 4}, "grace": {0: 4}}


def test_ten_thousand_jobs_of_one_minute_all_fire_and_others_are_on_time() -> None:
    """F24. One every six milliseconds, those of others in between, all by the sweep: every message comes in time.

    Here one worker sends those of a second one after the other, so some wait for their neighbours of that second.
    """
    first_ms = 18 * MINUTE_MS
    world, jobs = crowded(
        mallory=[first_ms + 6 * number for number in range(10_000)],
        ada=[first_ms + 997 * number for number in range(60)],
    )
    world.run(seconds=first_ms / 1000 - 60)
    assert early_ms(world) == {HORIZON.lead_ms: 10_060}
    world.run(seconds=3 * 60)
    late = lateness_ms(world, jobs)
    assert max(max(late[owner]) for owner in late) < ROUNDING_MS
