"""What a target receives: the user's request with the service's own headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.jobs.instant import rfc3339
from lambdas.jobs.sending import OutgoingRequest

if TYPE_CHECKING:
    from lambdas.jobs.job import Job

VERSION = "0.1.0"
USER_AGENT = f"Punctual/{VERSION}"


def outgoing_request(job: Job) -> OutgoingRequest:
    """The request of the job's running attempt.

    `Idempotency-Key` is the job's id on every attempt, unless the user set one: a receiver that keeps the keys it
    has seen turns "at least once" into "once".
    """
    request = job.request
    theirs = {name.lower() for name, _ in request.headers}
    ours = [("User-Agent", USER_AGENT)]
    if "idempotency-key" not in theirs:
        ours.append(("Idempotency-Key", job.id))
    if request.body is not None and request.body.form == "json" and "content-type" not in theirs:
        ours.append(("Content-Type", "application/json"))
    ours += [
        ("Punctual-Job-Id", job.id),
        ("Punctual-Attempt", str(job.attempt_count)),
        ("Punctual-Due-At", rfc3339(job.due_at_ms)),
    ]
    return OutgoingRequest(
        method=request.method,
        url=request.url,
        headers=(*request.headers, *ours),
        body=None if request.body is None else request.body.content,
    )
