"""What the tests of the breaker begin with: jobs for a target that is down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lambdas.jobs.job import Job, Request, RetryPolicy
from lambdas.jobs.ports import Message
from lambdas.jobs.sending import Failure
from lambdas.jobs.target import Limits
from tests.examples import a_job
from tests.fakes import FakeSender, Script
from tests.jobs.firing import MINUTE_MS
from tests.world import World

LIMITS = Limits(failures=3, refusals=3, first_pause_ms=30_000, longest_pause_ms=120_000, longest_wait_ms=600_000)
ANSWER = FakeSender.answering
REFUSES = Failure("connect_failed", "Refused.", started_at_ms=None, duration_ms=1)
HOST = "down.example.com"


def due_now(world: World, *answers: Script, host: str = HOST, **changes: Any) -> Job:
    """A job that is due now, at a path of its own."""
    job = a_job(due_at_ms=world.clock.ms, retry=RetryPolicy(20, 1, 1), **changes)
    return world.accept(replace(job, request=Request("POST", f"https://{host}/{job.id}")), *answers)


def fired(world: World, *jobs: Job) -> None:
    """Each job's message is delivered once, now."""
    for job in jobs:
        assert world.fire([Message(world.store[job.id].due)]) == []


def paused(world: World, *, host: str = HOST, answer: Script = REFUSES) -> None:
    """Fail a target as often in a row as it takes."""
    fired(world, *[due_now(world, answer, host=host) for _ in range(LIMITS.failures)])
    assert world.targets[host].broken


def subjects(world: World) -> list[str]:
    return [alert.subject for alert in world.alerts.sent]


def patient_world() -> World:
    """One whose first pause is longer than it takes until what is untold is told."""
    return World(limits=replace(LIMITS, first_pause_ms=120_000))


def paused_for_longer(world: World) -> None:
    target = world.targets[HOST]
    longer = target.paused_again("timeout", asked_ms=0, now_ms=world.clock.ms + MINUTE_MS, limits=LIMITS)
    world.targets.replace(longer, read_version=target.version, now_ms=world.clock.ms)
