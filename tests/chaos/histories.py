"""Made-up runs: a job whose history is as it should be, to be spoilt by a test in one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.chaos.history import Change, History, Injected, JobHistory
from tests.chaos.planned import Fault, Given, Kind, Plan, PlannedChange, PlannedJob
from tests.live.target import Received

BEGAN_MS = 1_790_000_000_000.0
JOB_ID = "job_1"
DUE_S = 60.0
DUE_MS = BEGAN_MS + DUE_S * 1000


def moment(ms: float) -> str:
    """Epoch milliseconds as the API writes them."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


def planned(kind: Kind = Kind.WELL, **fields: Any) -> PlannedJob:
    return PlannedJob(number=1, kind=kind, owner=0, made_s=0, ahead_s=DUE_S, **fields)


def attempt(number: int, outcome: str, **fields: Any) -> dict[str, Any]:
    """An entry of `attempts`; `error` is a code."""
    error = fields.pop("error", None)
    nothing = dict.fromkeys(("status_code", "lateness_ms", "next_attempt_at"))
    told = None if error is None else {"code": error, "message": ""}
    return {**nothing, "number": number, "outcome": outcome, "error": told, **fields}


def request(number: int = 1, arrived_ms: float = DUE_MS, **headers: str) -> Received:
    """What came to the target."""
    sent = {"idempotency-key": JOB_ID, "punctual-attempt": str(number), **headers}
    return Received("POST", "/jobs/1", sent, b"", arrived_ms, 40_000 + number)


def shown(status: str, *attempts: dict[str, Any], due_ms: float = DUE_MS) -> dict[str, Any]:
    """The job as the API shows it."""
    return {"status": status, "due_at": moment(due_ms), "attempts": attempts, "attempt_count": len(attempts)}


def succeeded(**fields: Any) -> JobHistory:
    """A job of a target that is well."""
    job = JobHistory(
        planned(),
        JOB_ID,
        due_ms=DUE_MS,
        requests=(request(),),
        shown=shown("succeeded", attempt(1, "succeeded", status_code=200, lateness_ms=1)),
    )
    return replace(job, **fields)


def failed(**fields: Any) -> JobHistory:
    """A job that its target refused."""
    refused = attempt(1, "failed", status_code=404, error="status_permanent", lateness_ms=1)
    job = JobHistory(
        planned(Kind.BROKEN, answers=(Given(404),)),
        JOB_ID,
        due_ms=DUE_MS,
        requests=(request(),),
        shown=shown("failed", refused),
        alerted=True,
    )
    return replace(job, **fields)


def killed(**fields: Any) -> JobHistory:
    """A job whose first worker was killed in mid-request."""
    job = JobHistory(
        planned(answers=(Given(kill=Fault.KILL_DURING), Given())),
        JOB_ID,
        due_ms=DUE_MS,
        requests=(request(1), request(2, DUE_MS + 120_000)),
        shown=shown("succeeded", attempt(1, "died", error="died"), attempt(2, "succeeded", status_code=200)),
    )
    return replace(job, **fields)


def changed(*changes: Change, job: JobHistory | None = None, **fields: Any) -> JobHistory:
    """A job that its owner changed."""
    kept = job or succeeded()
    plans = tuple(PlannedChange(1.0, None) for _ in changes)
    return replace(kept, planned=replace(kept.planned, changes=plans), changes=changes, **fields)


KILL = Injected(Fault.KILL_DURING, DUE_MS + 10, running=frozenset({(JOB_ID, 1)}))
"""What the job of `killed` died of."""


def run(*jobs: JobHistory, **fields: Any) -> History:
    """A run of these jobs; unless told otherwise every failure was alerted."""
    plan = Plan(seed=1, seconds=120, jobs=tuple(job.planned for job in jobs), faults=())
    return History(plan, jobs, ["ann", "bob"], **{"alerts": [f"Punctual: {JOB_ID} failed"], **fields})
