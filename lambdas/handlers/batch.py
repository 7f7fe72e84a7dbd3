"""The route that makes many jobs at once, each judged for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.handlers.desk import Desk, check_document_type, confirmed_by, owner_of, tell_damaged
from lambdas.handlers.http import HttpAnswer, HttpRequest, problem
from lambdas.handlers.making import REPLAYED, intake_of, key_of, order_of, tell_accepted
from lambdas.jobs.document import read_document
from lambdas.jobs.errors import Fault, JobUnreadable, RequestRefused
from lambdas.jobs.expecting import Confirmed
from lambdas.jobs.headers import check_idempotency_key
from lambdas.jobs.once import Made, Order, make_jobs
from lambdas.jobs.view import shown

if TYPE_CHECKING:
    from lambdas.jobs.expecting import Confirmed
    from lambdas.jobs.job import Job

LARGEST_BATCH = 100
LARGEST_DOCUMENT = 4 * 1024 * 1024
"""Bytes."""


def schedule_batch(request: HttpRequest, desk: Desk) -> HttpAnswer:
    owner = owner_of(request)
    check_idempotency_key(request.headers.get("idempotency-key"))
    check_document_type(request)
    document = read_document(request.body, largest=LARGEST_DOCUMENT)
    now_ms = desk.clock.now_ms()
    entries = _entries(document, most=min(LARGEST_BATCH, desk.limiter.limits(owner, now_ms=now_ms).requests_per_minute))
    desk.limiter.request(owner, now_ms=now_ms, units=len(entries) - 1)  # one was counted when it came
    confirmed = confirmed_by(owner, desk)  # one for all, so that a hundred jobs ask once for their address
    orders = [_order_of(entry, owner=owner, desk=desk, confirmed=confirmed) for entry in entries]
    made, replayed = make_jobs(orders, key=key_of(request, owner, document), intake=intake_of(desk))
    results = [_result(each, request, desk) for each in made]
    return HttpAnswer(207, {"results": results}, REPLAYED if replayed else {})


def _entries(document: Mapping[str, Any], *, most: int) -> list[Any]:
    """The jobs of a batch, `most` at most: as many as one batch takes, or as the owner may send in a minute.

    Raises RequestRefused with all that is wrong with the batch itself.
    """
    faults = [
        Fault(name[:200], "unknown_field", "There is no such field; a batch has jobs, and nothing else.")
        for name in document
        if name != "jobs"
    ]
    entries = document.get("jobs")
    right = f"jobs must be a list of 1 to {most} jobs."
    if "jobs" not in document:
        faults.append(Fault("jobs", "required", right))
    elif not isinstance(entries, list):
        faults.append(Fault("jobs", "type", right))
    elif not 1 <= len(entries) <= most:
        faults.append(Fault("jobs", "range", right))
    if faults or not isinstance(entries, list):
        raise RequestRefused(422, "Invalid request", faults[:LARGEST_BATCH])
    return entries


def _order_of(entry: Any, *, owner: str, desk: Desk, confirmed: Confirmed) -> Order:
    if isinstance(entry, dict):
        return order_of(entry, owner=owner, desk=desk, confirmed=confirmed)

    def refuse(_job_id: str, _now_ms: int) -> Job:
        fault = Fault("document", "not_an_object", "A job must be a JSON object.")
        raise RequestRefused(422, "Invalid request", [fault])

    return refuse


def _result(made: Made | RequestRefused | None, request: HttpRequest, desk: Desk) -> dict[str, Any]:
    """A job's part of the answer: as it would be alone, without the request's body."""
    if isinstance(made, Made):
        tell_accepted(made, request, desk)
        return {"status": 201 if made.new else 200, "job": shown(made.job, whole=False)}
    if isinstance(made, JobUnreadable):
        tell_damaged(made.damaged, request, desk)
    if made is None:
        fault = Fault("document", "unavailable", "This job could not be stored now; send it again soon.")
        made = RequestRefused(503, "Service unavailable", [fault])
    refusal = problem(made.status, made.title, made.faults, request_id=request.request_id, api_url=desk.api_url)
    return {"status": refusal.status, "problem": refusal.content}
