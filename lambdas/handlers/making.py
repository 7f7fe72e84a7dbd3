"""The routes that make jobs. Each may come with an Idempotency-Key, and then makes what it makes once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.handlers.desk import Desk, check_document_type, confirmed_by, known_form, one_job, owner_of
from lambdas.handlers.manners import client_request_id
from lambdas.jobs.accept import new_job
from lambdas.jobs.document import read_document
from lambdas.jobs.headers import check_idempotency_key
from lambdas.jobs.once import Intake, Made, Order, make_job
from lambdas.jobs.receipt import RequestKey
from lambdas.jobs.rerun import rerun

if TYPE_CHECKING:
    from lambdas.handlers.http import HttpAnswer, HttpRequest
    from lambdas.jobs.expecting import Confirmed
    from lambdas.jobs.job import Job

REPLAYED = {"idempotency-replayed": "true"}


def schedule_job(request: HttpRequest, desk: Desk) -> HttpAnswer:
    owner = owner_of(request)
    check_idempotency_key(request.headers.get("idempotency-key"))
    check_document_type(request)
    document = read_document(request.body)
    order = order_of(document, owner=owner, desk=desk, confirmed=confirmed_by(owner, desk))
    return _answer(make_job(order, key=key_of(request, owner, document), intake=intake_of(desk)), request, desk)


def rerun_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    owner = owner_of(request)
    check_idempotency_key(request.headers.get("idempotency-key"))
    known_form(job_id)

    def order(new_id: str, now_ms: int) -> Job:
        job = desk.store.read(job_id, owner=owner, now_ms=now_ms)
        again = rerun(job, job_id=new_id, now_ms=now_ms, horizon=desk.horizon)
        desk.limiter.admit(again, now_ms=desk.clock.now_ms())
        return again

    return _answer(make_job(order, key=key_of(request, owner, None), intake=intake_of(desk)), request, desk)


def order_of(document: Mapping[str, Any], *, owner: str, desk: Desk, confirmed: Confirmed) -> Order:
    """Makes the job that a document schedules."""

    def order(job_id: str, now_ms: int) -> Job:
        job = new_job(
            document,
            owner=owner,
            job_id=job_id,
            now_ms=now_ms,
            horizon=desk.horizon,
            rules=desk.rules,
            confirmed=confirmed,
        )
        desk.limiter.admit(job, now_ms=desk.clock.now_ms())
        return job

    return order


def intake_of(desk: Desk) -> Intake:
    return Intake(desk.store, desk.clock.now_ms(), desk.horizon, desk.new_job_id)


def key_of(request: HttpRequest, owner: str, document: Mapping[str, Any] | None) -> RequestKey | None:
    """The request's Idempotency-Key with what it stands for, None without one. Its form has been checked."""
    key = request.headers.get("idempotency-key")
    route = f"{request.method} {request.path}"
    return None if key is None else RequestKey.of(key, owner=owner, route=route, document=document)


def tell_accepted(made: Made, request: HttpRequest, desk: Desk) -> None:
    """Note a job that is new; one that was made before has been noted then."""
    if made.new:
        ids = {"request_id": request.request_id, "client_request_id": client_request_id(request)}
        desk.journal.tell("accepted", job_id=made.job.id, **ids)


def _answer(made: Made, request: HttpRequest, desk: Desk) -> HttpAnswer:
    tell_accepted(made, request, desk)
    location = {"location": f"{desk.api_url}/v1/jobs/{made.job.id}"}
    return one_job(made.job, 201, location) if made.new else one_job(made.job, 200, location | REPLAYED)
