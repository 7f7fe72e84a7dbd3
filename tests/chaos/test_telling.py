"""Who was told of which end, by name or by number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.histories import attempt, failed, planned, run, shown, succeeded
from tests.chaos.history import JobHistory
from tests.chaos.planned import Given, Kind
from tests.chaos.telling import untold


def dead(number: int, owner: int = 0) -> JobHistory:
    """A job of a dead target."""
    plan = replace(planned(Kind.DEAD), number=number, owner=owner)
    job = failed(planned=plan, shown=shown("failed", attempt(1, "failed", error="connect_failed")), requests=())
    return replace(job, job_id=f"job_{number}")


def crowd(*named: int, others: int = 0, owner: str = "ann", reason: str = "the connection was refused") -> str:
    """An alert about many, as the service writes it."""
    lines = [
        f"Punctual: {len(named) + others} jobs at 127.0.0.1 failed: {reason}",
        f"{len(named) + others} jobs at 127.0.0.1 failed for one reason: {reason}.",
        "",
        f"Owner       {owner}",
        "",
        "The first of them:",
        *(f"  job_{number} “dead {number}”" for number in named),
        *([f"  and {others} more"] if others else []),
    ]
    return "\n".join(lines) + "\n"


JOBS = [dead(number) for number in range(8)]


@pytest.mark.parametrize(
    "alerts",
    [
        [f"Punctual: job_{number} failed" for number in range(8)],
        [crowd(0, 1, 2, 3, 4, others=3)],
        ["Punctual: job_0 failed", crowd(1, 2, 3, 4, 5, others=2)],
        [crowd(0, 1, 2, others=1), crowd(4, 5, others=2)],
    ],
)
def test_being_named_alone_named_among_others_or_counted_is_being_told(alerts: list[str]) -> None:
    """However many alerts it takes."""
    assert list(untold(run(*JOBS, alerts=alerts))) == []


@pytest.mark.parametrize(
    "alerts",
    [
        [],
        [crowd(0, 1, 2, 3, 4, others=2)],
        [crowd(0, 1, 2, 3, 4, others=2), crowd(0, 1, 2, 3, 4, others=2)],
        [crowd(0, 1, 2, 3, 4, others=3, owner="bob")],
        [crowd(0, 1, 2, 3, 4, others=3, reason="no answer in time")],
        [f"Punctual: job_{number} failed" for number in range(7)],
    ],
)
def test_one_that_is_in_no_count_is_found(alerts: list[str]) -> None:
    """Nor does an alert that came twice, an alert to another owner or one for another reason tell of it."""
    assert len([fault for fault in untold(run(*JOBS, alerts=alerts)) if "in no alert by name" in fault]) >= 1


def test_jobs_whose_workers_died_are_told_as_such() -> None:
    """Whatever their target is like."""
    killer = replace(JOBS[0], shown=shown("failed", attempt(1, "failed", error="died")))
    assert list(untold(run(killer, alerts=[crowd(1, others=1, reason="the workers died")]))) == []
    assert len(list(untold(run(killer, alerts=[crowd(1, others=1)])))) == 1


def test_owners_are_counted_apart() -> None:
    """What one owner was told too much does not make up for what another was not."""
    jobs = [*JOBS, dead(8, owner=1)]
    (fault,) = untold(run(*jobs, alerts=[crowd(0, 1, 2, 3, 4, others=4)]))
    assert fault == "1 ends are in no alert by name, and 0 of them by number: dead job 8 (job_8)"


def test_an_end_that_is_not_noted_as_told_is_found() -> None:
    """It would be told again, or never."""
    (fault,) = untold(run(failed(alerted=False)))
    assert "the table does not note that somebody was told" in fault


def test_an_end_that_nobody_wants_to_hear_of_need_not_be_told() -> None:
    """A success by default; a failure if its owner said so."""
    quiet = failed(planned=planned(Kind.BROKEN, answers=(Given(404),), notify_on=()), alerted=False)
    assert list(untold(run(succeeded(), quiet, alerts=[]))) == []
    proud = succeeded(planned=planned(notify_on=("succeeded",)), alerted=True)
    assert len(list(untold(run(proud, alerts=[])))) == 1
