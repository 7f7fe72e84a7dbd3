"""A plan comes from its seed alone, and what it plans can be judged."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.chaos import plan
from tests.chaos.planned import NEAR_SECONDS, OWNERS, Fault, Given, Kind

SEEDS = range(1, 6)


def test_the_same_seed_gives_the_same_plan() -> None:
    """So that a run that went wrong can be run again; another seed, or another length, gives another one."""
    assert plan.make(7, 10) == plan.make(7, 10)
    assert plan.make(7, 10) != plan.make(8, 10)
    assert plan.make(7, 2).jobs != plan.make(7, 10).jobs[:100]


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_minutes_have_five_hundred_jobs_of_every_kind_and_every_fault(seed: int) -> None:
    """Near, minutes away and beyond what the stream hands off; some are moved, some cancelled."""
    made = plan.make(seed, 10)
    ahead = [job.ahead_s for job in made.jobs]
    changes = [change for job in made.jobs for change in job.changes]
    planned = {fault.fault for fault in made.faults} | {given.kill for job in made.jobs for given in job.answers}
    assert len(made.jobs) == 500 and [job.number for job in made.jobs] == list(range(500))
    assert {job.kind for job in made.jobs} == set(Kind) and len({job.owner for job in made.jobs}) == OWNERS
    assert min(ahead) < 20 and any(20 < some < 150 for some in ahead) and max(ahead) > NEAR_SECONDS
    assert any(change.due_s is None for change in changes) and any(change.due_s for change in changes)
    # Messages that wait beside a dropped one are reordered: that is not planned, it happens.
    assert planned >= set(Fault) - {Fault.MESSAGES_REORDERED}
    assert Counter(fault.fault for fault in made.faults)[Fault.RESTART] == 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("minutes", [1, 2, 10])
def test_everything_is_planned_within_the_run(seed: int, minutes: int) -> None:
    """Nothing happens before the start; jobs come due within four minutes, or within the run and a minute."""
    made = plan.make(seed, minutes)
    assert made.seconds == minutes * 60
    assert all(fault.at_s >= 0 for fault in made.faults) and all(job.made_s >= 0 for job in made.jobs)
    assert 0 < made.last_due_s <= max(made.seconds + 60, 300)
    assert list(made.faults) == sorted(made.faults, key=lambda fault: fault.at_s)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_change_is_asked_for_between_making_and_due_time(seed: int) -> None:
    """So that it has a meaning; and it moves the job into its own future."""
    for job in plan.make(seed, 10).jobs:
        for change in job.changes:
            assert job.made_s < change.at_s <= job.due_s + 1
            assert change.due_s is None or change.due_s > change.at_s + 5


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_to_succeed_has_more_attempts_than_its_target_can_waste(seed: int) -> None:
    """Flaws, a kill and four deaths more: the end is decided by the plan, not by luck."""
    for job in plan.make(seed, 10).jobs:
        if job.ends_well:
            assert job.answers[-1].status_within(job.timeout_seconds) == 200
            assert job.max_attempts >= len(job.answers) + 5
        else:
            assert job.answers[-1].status_within(job.timeout_seconds) != 200 or job.kind in (Kind.DEAD, Kind.POISON)


def test_faults_that_hit_a_job_hit_one_that_stays_where_it_is() -> None:
    """Its messages are for the due time that it was made with."""
    made = plan.make(3, 10)
    aimed = [made.jobs[fault.job] for fault in made.faults if fault.job is not None]
    assert len(aimed) > 50 and not any(job.changes for job in aimed)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (Given(), 200),
        (Given(503), 503),
        (Given(reset=True), None),
        (Given(wait_seconds=3), None),
        (Given(wait_seconds=1), 200),
    ],
)
def test_what_a_sender_sees_depends_on_its_patience(given: Given, seen: int | None) -> None:
    """A status after the time-out is none."""
    assert given.status_within(2) == seen
