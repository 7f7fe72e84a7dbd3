"""Accept: from what a user asks for to a job, or a refusal that tells all that is wrong. Also for changes (PATCH).

1. `scheduling` looks at the structure, and leaves the sound part of the document.
2. Each field of that part is judged for itself and replaces the job's: `requested`, `due_time`, `expecting`.
3. If anything was wrong, all of it is told at once; no fault raises a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lambdas.jobs import expecting
from lambdas.jobs.destination import origin_of
from lambdas.jobs.due_time import DueTime, check_zone_name, due_after, due_at, read_time
from lambdas.jobs.expecting import Confirmed, nobody
from lambdas.jobs.headers import is_secret
from lambdas.jobs.job import Expectation, Job, Request, RetryPolicy
from lambdas.jobs.requested import requested
from lambdas.jobs.scheduling import FIELDS, RETRY_FIELDS, Faults, Scheduling, sound_part

if TYPE_CHECKING:
    from lambdas.jobs.destination import Rules
    from lambdas.jobs.horizon import Horizon

_NOTHING_YET = Request(method="POST", url="")


def new_job(
    document: Mapping[str, Any],
    *,
    owner: str,
    job_id: str,
    now_ms: int,
    horizon: Horizon,
    rules: Rules,
    confirmed: Confirmed = nobody,
) -> Job:
    """The job that a document schedules, version 1, marked for the stream if it is near.

    `confirmed` says of an address whether it is the owner's and confirmed; it is asked only if the document names one.

    Raises RequestRefused with all faults of the document.
    """
    blank = Job(
        id=job_id,
        owner=owner,
        request=_NOTHING_YET,
        due_at_ms=now_ms,
        fire_at_ms=now_ms,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    faults = Faults()
    if "url" not in document:
        faults.add("url", "required", "A job needs a url: where its request goes.")
    if "at" not in document and "delay_seconds" not in document:
        _need_time(faults)
    job = _judged(blank, document, now_ms=now_ms, rules=rules, confirmed=confirmed, faults=faults)
    faults.refuse_if_any()
    return job.planned(now_ms=now_ms, horizon=horizon)


def edit(
    job: Job,
    patch: Mapping[str, Any],
    *,
    now_ms: int,
    horizon: Horizon,
    rules: Rules,
    confirmed: Confirmed = nobody,
) -> Job:
    """The next version of a scheduled job, as a JSON merge patch (RFC 7396) changes it; if it changes nothing, the very
    job that it got.

    null sets a field back to its default. `headers`, `body`, `expect` and `notify` are replaced whole, `retry` by its
    members; `body` and `body_base64` replace each other. Only what the patch names is judged. A patch that names a
    time moves the due time, and the job fires then; one that does not leaves both, also while a retry is waited for.
    Raises RequestRefused with all faults of the patch.
    """
    faults = Faults()
    nulls = {name for name in FIELDS if name in patch and patch[name] is None}
    document = {name: value for name, value in patch.items() if name not in nulls}
    if "url" in nulls:
        faults.add("url", "required", "A job needs a url; leave it out to keep the one it has.")
    if nulls & {"at", "delay_seconds"} and "at" not in document and "delay_seconds" not in document:
        _need_time(faults)
    if "secret_headers" in nulls:
        document["secret_headers"] = []
    base = _reset(job, nulls)
    if isinstance(document.get("retry"), dict):
        base, document["retry"] = _reset_retry(base, document["retry"])
    edited = _judged(base, document, now_ms=now_ms, rules=rules, confirmed=confirmed, faults=faults)
    if "headers" not in document:
        _keep_secrets_from_strangers(job.request, edited.request, faults)
    faults.refuse_if_any()
    return job if edited == job else edited.edited(now_ms=now_ms, horizon=horizon)


def _keep_secrets_from_strangers(before: Request, after: Request, faults: Faults) -> None:
    """Secrets are written and never read back (T7), so no change of the URL may have them sent to where they were not
    meant for. Browsers and curl drop such headers when they follow a redirect to another origin; a job would fail then
    long after its user has gone, so that they are asked to say what is meant."""
    if origin_of(before.url) == origin_of(after.url):
        return
    secret = [name for name, _ in after.headers if is_secret(name, before.secret_headers)]
    if secret:
        message = (
            f"The url leads to another scheme, host or port, and {', '.join(secret)} was written for "
            f"{origin_of(before.url)}. Give headers again, with what the new target is to get, or null for none."
        )
        faults.add("headers", "required", message)


def _need_time(faults: Faults) -> None:
    faults.add("at", "when_required", "A job needs a time: at or delay_seconds.")


def _judged(
    job: Job, document: Mapping[str, Any], *, now_ms: int, rules: Rules, confirmed: Confirmed, faults: Faults
) -> Job:
    """The job with every field that the document gives; where faults are added, it is not to be used."""
    given = sound_part(document, faults)
    request = requested(job.request, given, rules=rules, faults=faults)
    if request.url != job.request.url:  # what it waited for was another target
        job = replace(job, waiting_since_ms=None)
    job = _timed(replace(job, request=request), given, now_ms=now_ms, faults=faults)
    job = replace(job, retry=_retry(job.retry, given, faults))
    if "timeout_seconds" in given:
        job = replace(job, timeout_ms=round(given["timeout_seconds"] * 1000))
    if "expect" in given:
        job = replace(job, expect=expecting.expectation(given["expect"], faults))
    if "notify" in given:
        job = replace(job, notify=expecting.notify(given["notify"], faults, confirmed=confirmed))
    return replace(job, name=given.get("name", job.name))


def _timed(job: Job, given: Scheduling, *, now_ms: int, faults: Faults) -> Job:
    with faults.of("timezone"):
        if "timezone" in given:
            check_zone_name(given["timezone"])
            job = replace(job, timezone=given["timezone"])
    if "at" in given and "delay_seconds" in given:
        faults.add("at", "when_conflict", "Give at or delay_seconds, not both.")
    due: DueTime | None = None
    with faults.of("at"):
        if "at" in given:
            written = read_time(given["at"])
            if written.offset is not None or not faults.touch("timezone"):
                due = due_at(written, job.timezone, now_ms=now_ms)
    with faults.of("delay_seconds"):
        if "delay_seconds" in given:
            due = due_after(given["delay_seconds"], now_ms=now_ms)
    if due is None:
        return job
    notes = (*(note for note in job.notes if note.code != "at_ambiguous"), *due.notes)
    return replace(job, due_at_ms=due.ms, fire_at_ms=due.ms, notes=notes, waiting_since_ms=None)


def _retry(policy: RetryPolicy, given: Scheduling, faults: Faults) -> RetryPolicy:
    """A maximum alone lowers the minimum, if that is the default and thus nobody's choice."""
    asked = given.get("retry", {})
    policy = replace(policy, **asked)
    shortest, longest = policy.min_backoff_seconds, policy.max_backoff_seconds
    if shortest <= longest or faults.touch("retry.min_backoff_seconds", "retry.max_backoff_seconds"):
        return policy
    if "min_backoff_seconds" not in asked and shortest == RetryPolicy().min_backoff_seconds:
        return replace(policy, min_backoff_seconds=longest)
    at_fault = "min_backoff_seconds" if "min_backoff_seconds" in asked else "max_backoff_seconds"
    message = f"The minimum ({shortest} s) must not be over the maximum ({longest} s)."
    faults.add(f"retry.{at_fault}", "range", message)
    return policy


def _reset(job: Job, names: set[str]) -> Job:
    """The job with these fields as they are where nobody sets them. A time has no default."""
    request = job.request
    for name in names & {"method", "headers"}:
        request = replace(request, **{name: getattr(_NOTHING_YET, name)})
    if "body" in names or ("body_base64" in names and request.body and request.body.form == "base64"):
        request = replace(request, body=None)
    defaults: dict[str, Any] = {
        "timezone": None,
        "retry": RetryPolicy(),
        "expect": Expectation(),
        "notify": None,
        "name": None,
    }
    changes = {name: default for name, default in defaults.items() if name in names}
    if "timeout_seconds" in names:
        changes["timeout_ms"] = 30_000
    return replace(job, request=request, **changes)


def _reset_retry(job: Job, asked: dict[str, Any]) -> tuple[Job, dict[str, Any]]:
    """The members that are null back at their defaults, and the patch of `retry` without them."""
    nulls = [name for name in RETRY_FIELDS if name in asked and asked[name] is None]
    defaults = {name: getattr(RetryPolicy(), name) for name in nulls}
    rest = {name: value for name, value in asked.items() if name not in nulls}
    return replace(job, retry=replace(job.retry, **defaults)), rest
