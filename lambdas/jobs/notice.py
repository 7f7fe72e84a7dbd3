"""What a person is told about a job's end, to be understood without opening a console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.jobs.instant import readable, rfc3339
from lambdas.jobs.job import Attempt, Job, Status
from lambdas.jobs.ports import Alert

if TYPE_CHECKING:
    from lambdas.jobs.grouping import Crowd, GroupKey, Named

_SHOWN_ATTEMPTS = 5
_LONGEST_NAME = 60


def notice_of(job: Job) -> Alert:
    """The alert for a job that has ended: what was asked, when, what came back, what to do.

    What users and targets wrote is shown on one line each, without control characters. The query of the URL, the
    headers and the bodies stay out: they may hold secrets, and mail is read by many eyes.
    """
    verb = "failed" if job.status is Status.FAILED else str(job.status)
    name = one_line(job.name or "", _LONGEST_NAME)
    called = f"“{name}”" if name else job.id
    lines = [
        f"The job {called} has {verb}.",
        "",
        f"Asked for   {job.request.method} {_without_query(job.request.url)}",
        f"Due         {readable(job.due_at_ms)}" + (f" ({job.timezone})" if job.timezone else ""),
        f"Ended       {readable(job.finished_at_ms or job.updated_at_ms)} after {_times(job.attempt_count)}",
        f"Job         {job.id}",
        f"Owner       {one_line(job.owner, 200)}",
        "",
        "What came back:",
        *(f"  {_attempt_line(attempt)}" for attempt in job.attempts[-_SHOWN_ATTEMPTS:]),
        "",
        "What to do:",
        f"  {_advice(job)}",
        f"  All that is known of it: GET /v1/jobs/{job.id}",
    ]
    email = job.notify.email if job.notify else None
    return Alert(f"Punctual: {name or job.id} {verb}", "\n".join(lines) + "\n", owner=job.owner, email=email)


def notice_of_many(crowd: Crowd, key: GroupKey, *, alone: int) -> Alert:
    """One alert for all jobs that failed at one host for one reason. `alone` were told one by one before."""
    jobs = "1 job" if crowd.count == 1 else f"{crowd.count} jobs"
    host = one_line(key.host, _LONGEST_NAME)
    reason = _reason(key)
    lines = [
        f"{jobs} at {host} failed for one reason: {reason}.",
        "",
        f"Due         {_span(crowd.due_ms)}",
        f"Ended       {_span(crowd.ended_ms)}",
        f"Owner       {one_line(key.owner, 200)}",
        "",
        "The first of them:" if crowd.count > len(crowd.first) else "These are:",
        *(f"  {_named(job)}" for job in crowd.first),
        *([f"  and {crowd.count - len(crowd.first)} more"] if crowd.count > len(crowd.first) else []),
        *(["", f"Before them {alone} failed in the same way, and were told one by one."] if alone else []),
        "",
        "What to do:",
        f"  {_ADVICE.get(key.code, _GENERAL_ADVICE)}",
        f"  All of them: GET /v1/jobs?status=failed&from={rfc3339(crowd.due_ms[0])}&to={rfc3339(crowd.due_ms[1] + 1)}",
    ]
    subject = f"Punctual: {jobs} at {host} failed: {reason}"
    return Alert(subject, "\n".join(lines) + "\n", owner=key.owner, email=key.email)


def operators_notice(subject: str, lines: list[str]) -> Alert:
    """An alert about the service itself, for those who run it."""
    return Alert(subject=f"Punctual: {subject}", text="\n".join(lines) + "\n")


def one_line(text: str, longest: int) -> str:
    """Text of strangers for one line of a mail: printable characters only, cut to a length."""
    clean = "".join(c if c.isprintable() else " " for c in text).strip()
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def _without_query(url: str) -> str:
    base, mark, _ = url.partition("#")[0].partition("?")
    return one_line(base, 300) + ("?…" if mark else "")


def _named(job: Named) -> str:
    name = one_line(job.name or "", _LONGEST_NAME)
    return f"{job.job_id} “{name}”" if name else job.job_id


def _span(ms: tuple[int, int]) -> str:
    first, last = ms
    return readable(first) if first == last else f"{readable(first)} to {readable(last)}"


def _reason(key: GroupKey) -> str:
    """In our own words, for a subject line: what the targets said differs from job to job."""
    if key.status_code is not None and key.code in ("status_retryable", "status_permanent"):
        return f"the target answered {key.status_code}"
    return _REASONS.get(key.code) or one_line(key.code, 40)


def _times(count: int) -> str:
    return "1 attempt" if count == 1 else f"{count} attempts"


def _attempt_line(attempt: Attempt) -> str:
    said = one_line(attempt.error.message, 300) if attempt.error else f"The target answered {attempt.status_code}."
    return f"{attempt.number}. {_when_sent(attempt)}: {said}"


def _when_sent(attempt: Attempt) -> str:
    if attempt.started_at_ms is not None:
        return readable(attempt.started_at_ms)
    # A worker that died may have sent the request; of all others it is known that they did not.
    return "time unknown" if attempt.error and attempt.error.code == "died" else "not sent"


def _advice(job: Job) -> str:
    if job.status is Status.SUCCEEDED:
        return "Nothing. The job asked to have its success told."
    last = job.last_attempt
    code = last.error.code if last and last.error else None
    return _ADVICE.get(code or "", _GENERAL_ADVICE)


_GENERAL_ADVICE = "Mend what the target complains of, then schedule the job again."

_REASONS = {
    "name_not_found": "the host name was not found",
    "address_denied": "the address is not public",
    "connect_failed": "the connection was refused",
    "connect_timeout": "the connection took too long",
    "tls_failed": "the TLS handshake failed",
    "certificate_invalid": "the certificate is not valid",
    "timeout": "no answer in time",
    "connection_lost": "the connection was lost",
    "bad_response": "the answer is not HTTP",
    "expectation_failed": "the answer is not what the job expects",
    "died": "the workers died",
    "request_damaged": "the stored request cannot be read",
    "secret_damaged": "the signing secret cannot be read",  # nosec B105 - about a secret, not one
    "target_denied": "the target is on the deny-list",
}

_ADVICE = {
    "name_not_found": "Check the host name in the URL: the name service does not know it.",
    "address_denied": "The name leads to an address that is not public, so it is never called. Check the URL.",
    "certificate_invalid": "Renew or correct the target's certificate, then schedule the job again.",
    "tls_failed": "The target does not speak TLS 1.2 or newer here. Check its port and its TLS settings.",
    "connect_failed": "The target refused the connection. Check that it runs and may be reached from the internet.",
    "connect_timeout": "The target did not take the connection. Check that it may be reached from the internet.",
    "timeout": "The target took longer than the job's time-out. Make it answer sooner, or raise timeout_seconds.",
    "connection_lost": "The work may have been done. Look at the target before you schedule the job again.",
    "bad_response": "The work may have been done, but the answer is not HTTP. Check the target and its port.",
    "status_retryable": "The target kept answering with an error. When it is well again, schedule the job again.",
    "target_denied": "Nothing was sent. Mend what the target refused, then lift it: PATCH /v1/targets/{host}.",
    "request_damaged": "Nothing was sent. Tell the operators, who may bring it back, or schedule the job anew.",
    "secret_damaged": "Make a new secret (POST /v1/signing-secret/rotate), tell your receivers, send the job again.",  # nosec B105
    "status_permanent": "The target refuses this request as it is. Correct the request, then schedule it again.",
    "expectation_failed": "The target answered, but not what the job's expect asks for. Correct one of the two.",
    "died": "The request may have been sent. Check at the target by its Idempotency-Key before you schedule it again.",
}
