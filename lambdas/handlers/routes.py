"""The routes of the API: which path and method leads to which answer. Each translates, and calls the core once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.handlers.manners import client_request_id
from lambdas.jobs.accept import edit, new_job
from lambdas.jobs.asking import list_query
from lambdas.jobs.change import cancel, change
from lambdas.jobs.destination import Rules
from lambdas.jobs.document import check_media_type, read_document
from lambdas.jobs.errors import Fault, JobNotFound, RequestRefused
from lambdas.jobs.headers import check_idempotency_key
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.job import Job
from lambdas.jobs.listing import encode_cursor
from lambdas.jobs.outgoing import VERSION
from lambdas.jobs.ports import Clock, JobStore, Journal
from lambdas.jobs.view import shown

JOB_ID = re.compile(r"job_[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the routes need. `new_job_id` makes an id that no other job has."""

    store: JobStore
    journal: Journal
    clock: Clock
    horizon: Horizon
    rules: Rules
    retention_ms: int
    new_job_id: Callable[[], str]


class MethodNotAllowed(RequestRefused):
    """The path exists, but not with this method; `allowed` are those it has."""

    def __init__(self, allowed: Sequence[str]) -> None:
        message = f"This path takes {' and '.join(allowed)}."
        super().__init__(405, "Method not allowed", [Fault("document", "method_not_allowed", message)])
        self.allowed = tuple(allowed)


def answer(request: HttpRequest, desk: Desk) -> HttpAnswer:
    """Find the route and take it. Raises RequestRefused for what leads nowhere, and whatever the route raises."""
    for pattern, methods in ROUTES.items():
        found = re.fullmatch(pattern, request.path)
        if found is None:
            continue
        allowed = sorted({*methods, "OPTIONS", *(("HEAD",) if "GET" in methods else ())})
        if request.method == "OPTIONS":
            return HttpAnswer(204, None, {"allow": ", ".join(allowed)})
        route = methods.get("GET" if request.is_read else request.method)
        if route is None:
            raise MethodNotAllowed(allowed)
        return route(request, desk, **found.groupdict())
    message = "There is nothing at this path. Jobs are at /v1/jobs."
    raise RequestRefused(404, "Not found", [Fault("document", "not_found", message)])


def schedule_job(request: HttpRequest, desk: Desk) -> HttpAnswer:
    owner = _owner(request)
    check_idempotency_key(request.headers.get("idempotency-key"))
    _check_media_type(request)
    job = desk.store.add(
        new_job(
            read_document(request.body),
            owner=owner,
            job_id=desk.new_job_id(),
            now_ms=desk.clock.now_ms(),
            horizon=desk.horizon,
            rules=desk.rules,
        )
    )
    desk.journal.tell(
        "accepted", job_id=job.id, request_id=request.request_id, client_request_id=client_request_id(request)
    )
    return _one(job, 201, {"location": f"/v1/jobs/{job.id}"})


def read_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    owner = _owner(request)
    return _one(desk.store.read(_known_form(job_id), owner=owner, now_ms=desk.clock.now_ms()))


def list_jobs(request: HttpRequest, desk: Desk) -> HttpAnswer:
    query = list_query(request.query, owner=_owner(request))
    page = desk.store.list(query, now_ms=desk.clock.now_ms())
    cursor = None if page.after is None else encode_cursor(query, page.after)
    return HttpAnswer(200, {"jobs": [shown(job, whole=False) for job in page.jobs], "next_cursor": cursor})


def change_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    owner = _owner(request)
    _check_media_type(request, patch=True)
    patch = read_document(request.body)
    now_ms = desk.clock.now_ms()
    job = change(
        _known_form(job_id),
        lambda job: edit(job, patch, now_ms=now_ms, horizon=desk.horizon, rules=desk.rules),
        owner=owner,
        versions=_if_match(request),
        store=desk.store,
        now_ms=now_ms,
    )
    return _one(job)


def cancel_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    job = cancel(
        _known_form(job_id),
        owner=_owner(request),
        versions=_if_match(request),
        store=desk.store,
        now_ms=desk.clock.now_ms(),
        retention_ms=desk.retention_ms,
    )
    return _one(job)


def health(_request: HttpRequest, _desk: Desk) -> HttpAnswer:
    """Says that the api itself answers; it asks nothing of the table, so that nobody can make it costly."""
    return HttpAnswer(200, {"status": "ok", "version": VERSION})


ROUTES: Mapping[str, Mapping[str, Callable[..., HttpAnswer]]] = {
    "/v1/jobs": {"POST": schedule_job, "GET": list_jobs},
    "/v1/jobs/(?P<job_id>[^/]+)": {"GET": read_job, "PATCH": change_job, "DELETE": cancel_job},
    "/health": {"GET": health},
}


def _one(job: Job, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    return HttpAnswer(status, shown(job, whole=True), {"etag": f'"{job.version}"', **(headers or {})})


def _owner(request: HttpRequest) -> str:
    """Whose token it is. The gateway lets nobody without one pass; this is for the day when it does."""
    if not request.owner:
        message = "Send a valid token: Authorization: Bearer <token>."
        raise RequestRefused(401, "Unauthenticated", [Fault("Authorization", "unauthenticated", message)])
    return request.owner


def _known_form(job_id: str) -> str:
    """The id, if it could be one: what cannot be is not looked for."""
    if not JOB_ID.fullmatch(job_id):
        raise JobNotFound
    return job_id


def _check_media_type(request: HttpRequest, *, patch: bool = False) -> None:
    check_media_type(request.headers.get("content-type"), request.headers.get("content-encoding"), patch=patch)


def _if_match(request: HttpRequest) -> frozenset[int] | None:
    """The versions in `If-Match` (`3`, `"3"` or several), None for any. What is no version of ours matches nothing."""
    value = request.headers.get("if-match", "*").strip()
    if value == "*":
        return None
    tags = [tag.strip().strip('"') for tag in value.split(",")]
    return frozenset(int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 16)
