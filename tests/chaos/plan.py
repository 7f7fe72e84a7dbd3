"""What is to happen in a fault run. The same seed and length make the same plan."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.chaos.plan_faults import faults, with_kills
from tests.chaos.planned import NEAR_SECONDS, OWNERS, Fault, Given, Kind, Plan, PlannedChange, PlannedJob

JOBS_A_MINUTE = 50
SHARES = {
    Kind.WELL: 0.46,
    Kind.SLOW: 0.1,
    Kind.FLAKY: 0.2,
    Kind.HOPELESS: 0.05,
    Kind.BROKEN: 0.06,
    Kind.HANGING: 0.04,
    Kind.DEAD: 0.09,
}


def make(seed: int, minutes: int) -> Plan:
    """The plan of a seed."""
    dice = random.Random(f"{seed}/{minutes}")
    seconds = minutes * 60
    total = JOBS_A_MINUTE * minutes
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * total))]
    kinds = (kinds + [Kind.WELL] * total)[:total]
    if minutes >= 6:  # five deaths take that long
        kinds[0] = Kind.POISON
    dice.shuffle(kinds)
    jobs = [_job(number, kind, seconds, dice) for number, kind in enumerate(kinds)]
    jobs = with_kills(jobs, minutes, dice)
    injected = sorted(faults(jobs, seconds, dice), key=lambda fault: fault.at_s)
    return Plan(seed, seconds, tuple(jobs), tuple(injected))


def _job(number: int, kind: Kind, seconds: int, dice: random.Random) -> PlannedJob:
    ahead_s = _ahead(seconds, dice)
    made_s = dice.uniform(0, max(10.0, seconds - ahead_s - 5))
    job = PlannedJob(number, kind, dice.randrange(OWNERS), round(made_s, 3), round(ahead_s, 3))
    match kind:
        case Kind.WELL:
            told = ("succeeded",) if dice.random() < 0.05 else ("failed",)
            job = replace(job, notify_on=told)
        case Kind.SLOW:
            job = replace(job, answers=(Given(wait_seconds=round(dice.uniform(1, 4), 1)),), timeout_seconds=15)
        case Kind.FLAKY:
            flaws = [_flaw(dice) for _ in range(dice.randint(1, 3))]
            job = replace(job, answers=(*flaws, Given()), timeout_seconds=2)
        case Kind.HOPELESS:
            job = replace(job, answers=(Given(503),), max_attempts=3)
        case Kind.BROKEN:
            job = replace(job, answers=(Given(dice.choice((400, 403, 404, 422))),))
        case Kind.HANGING:
            job = replace(job, answers=(Given(wait_seconds=6),), timeout_seconds=2, max_attempts=2)
        case Kind.DEAD:
            job = replace(job, max_attempts=3)
        case Kind.POISON:
            killing = Given(wait_seconds=1, kill=Fault.KILL_DURING)
            return replace(job, answers=(killing,), made_s=1.0, ahead_s=5.0, timeout_seconds=1)
    return replace(job, changes=_changes(job, seconds, dice))


def _ahead(seconds: int, dice: random.Random) -> float:
    """How far away a job is made: near, minutes away, or beyond what the stream hands off."""
    chance = dice.random()
    if chance < 0.5:
        return dice.uniform(0, 20)
    if chance < 0.8:
        return dice.uniform(20, min(150, seconds))
    return dice.uniform(NEAR_SECONDS + 3, NEAR_SECONDS + 30)


def _flaw(dice: random.Random) -> Given:
    return dice.choice(
        (
            Given(500),
            Given(502),
            Given(503, retry_after=dice.randint(1, 3)),
            Given(429, retry_after=dice.randint(1, 3)),
            Given(reset=True),
            Given(wait_seconds=3),  # longer than the time-out of a flaky target's job
        )
    )


def _changes(job: PlannedJob, seconds: int, dice: random.Random) -> tuple[PlannedChange, ...]:
    """Nothing for most; some are moved, once or twice, and some cancelled, a few of them in the last two seconds."""
    chance = dice.random()
    if job.ahead_s < 20 or chance > 0.36:
        return ()
    early_s = dice.uniform(job.made_s + 4, job.due_s - 6)
    at_s = round(early_s if dice.random() < 0.7 else job.due_s - dice.uniform(0, 2.5), 3)
    if chance < 0.18:
        return (PlannedChange(at_s, None),)
    moved = PlannedChange(at_s, _new_due(at_s, seconds, dice))
    if chance < 0.27 or moved.due_s is None:
        return (moved,)
    again_s = round(at_s + 0.3, 3)
    return moved, PlannedChange(again_s, _new_due(again_s, seconds, dice))


def _new_due(at_s: float, seconds: int, dice: random.Random) -> float:
    ahead_s = NEAR_SECONDS + 5 if dice.random() < 0.15 and at_s + NEAR_SECONDS + 5 < seconds else dice.uniform(6, 60)
    return round(at_s + ahead_s, 3)
