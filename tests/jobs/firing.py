"""What the tests of fire begin with: jobs whose messages arrive, and workers that died."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lambdas.jobs.job import Job, Request
from lambdas.jobs.ports import Message
from tests.examples import a_job
from tests.fakes import NOW_MS, FakeSender, Script
from tests.world import World

MINUTE_MS = 60_000
DUE_MS = NOW_MS + MINUTE_MS
"""When the jobs of these tests fire."""

ANSWER = FakeSender.answering


def accepted(world: World, *answers: Script, **changes: Any) -> Job:
    """A job that is due in a minute; its message arrives now, two seconds before."""
    path = changes.pop("path", "orders")
    request = changes.pop("request", Request("POST", f"https://example.com/{path}"))
    job = world.accept(a_job(request=request, **changes), *answers)
    world.clock.ms = job.fire_at_ms - 2_000
    return job


def fired(world: World, *jobs: Job, receive_count: int = 1) -> list[Message]:
    """One delivery of the jobs' messages together; returns what must come again."""
    return list(world.fire([Message(job.due, receive_count=receive_count) for job in jobs]))


def claimed_by_another(world: World, job: Job, *, deaths: int = 0) -> Job:
    """The job as a worker left it that died after its claim, the last of so many and one."""
    dead = replace(job.claimed(claim_id="dead", now_ms=world.clock.ms), deaths=deaths, attempt_count=deaths + 1)
    world.store.put(dead)
    return dead
