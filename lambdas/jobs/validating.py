"""Validate: what scheduling a document would say, criterion by criterion, with nothing stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.jobs.accept import new_job
from lambdas.jobs.criteria import CRITERIA, Criterion, shown_criterion
from lambdas.jobs.destination import Rules, canonical_url
from lambdas.jobs.errors import Fault, RequestRefused, ValueRefused
from lambdas.jobs.expecting import Confirmed, nobody
from lambdas.jobs.view import shown

if TYPE_CHECKING:
    from lambdas.jobs.horizon import Horizon
    from lambdas.jobs.job import Job
    from lambdas.jobs.ports import Names

PREVIEWED = (
    *("name", "request", "due_at", "timezone", "due_at_local"),
    *("retry", "timeout_seconds", "expect", "notify", "notes"),
)
"""What of a job is known before there is one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a criterion is met. `detail` says what would be right, or why it was not judged; None if all is well."""

    criterion: Criterion
    passed: bool
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """What scheduling would say: the job that it would make, or None; and a verdict for every criterion."""

    job: Job | None
    verdicts: tuple[Verdict, ...]


def validate(
    document: Mapping[str, Any],
    *,
    owner: str,
    job_id: str,
    now_ms: int,
    horizon: Horizon,
    rules: Rules,
    names: Names,
    confirmed: Confirmed = nobody,
) -> Validation:
    """Judge a document as scheduling does, and look its host up besides.

    Where the host leads now decides its own criterion only: a job for a name that does not exist yet is accepted.
    """
    job: Job | None = None
    faults: tuple[Fault, ...] = ()
    try:
        job = new_job(
            document,
            owner=owner,
            job_id=job_id,
            now_ms=now_ms,
            horizon=horizon,
            rules=rules,
            confirmed=confirmed,
        )
    except RequestRefused as refused:
        faults = refused.faults
    url = document.get("url")
    if isinstance(url, str) and not any(fault.field == "url" for fault in faults):
        faults = (*faults, *_resolve_faults(url, rules, names))
    return Validation(job, _verdicts(faults))


def _resolve_faults(url: str, rules: Rules, names: Names) -> tuple[Fault, ...]:
    try:
        names.check(canonical_url(url, rules))
    except ValueRefused as refused:
        return (Fault("url", refused.code, refused.message),)
    return ()


def _verdicts(faults: Sequence[Fault]) -> tuple[Verdict, ...]:
    """A verdict for each criterion: failed with all that is wrong, not judged as one before it failed, or passed."""
    told = {criterion.name: [f.message for f in faults if criterion.is_failed_by(f)] for criterion in CRITERIA}
    return tuple(_verdict(criterion, told) for criterion in CRITERIA)


def _verdict(criterion: Criterion, told: Mapping[str, Sequence[str]]) -> Verdict:
    if told[criterion.name]:
        return Verdict(criterion, False, " ".join(told[criterion.name]))
    missing = next((name for name in criterion.after if told[name]), None)
    if missing is not None:
        return Verdict(criterion, False, f"Not judged, as {missing} is not met.")
    return Verdict(criterion, True)


def shown_validation(validation: Validation) -> dict[str, Any]:
    """A validation as the API shows it; `job` is what scheduling would make of the document, as far as it is known."""
    job = validation.job
    preview = None if job is None else shown(job, whole=True)
    return {
        "valid": job is not None,
        "criteria": [
            {**shown_criterion(verdict.criterion), "passed": verdict.passed, "detail": verdict.detail}
            for verdict in validation.verdicts
        ],
        "job": None if preview is None else {name: preview[name] for name in PREVIEWED},
    }
