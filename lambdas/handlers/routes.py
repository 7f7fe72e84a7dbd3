"""The routes of the API: which path and method leads to which answer. Each translates, and calls the core once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from lambdas.handlers.desk import Desk, check_document_type, known_form, one_job, owner_of, versions_of
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.handlers.making import rerun_job, schedule_job
from lambdas.handlers.signing import read_signing_secret, rotate_signing_secret
from lambdas.handlers.targets import change_target, list_targets
from lambdas.jobs.accept import edit
from lambdas.jobs.asking import list_query
from lambdas.jobs.change import cancel, change
from lambdas.jobs.document import read_document
from lambdas.jobs.errors import Fault, RequestRefused
from lambdas.jobs.listing import encode_cursor
from lambdas.jobs.outgoing import VERSION
from lambdas.jobs.view import shown


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


def read_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    owner = owner_of(request)
    return one_job(desk.store.read(known_form(job_id), owner=owner, now_ms=desk.clock.now_ms()))


def list_jobs(request: HttpRequest, desk: Desk) -> HttpAnswer:
    query = list_query(request.query, owner=owner_of(request), cursor_key=desk.store.cursor_key)
    page = desk.store.list(query, now_ms=desk.clock.now_ms())
    cursor = None if page.after is None else encode_cursor(query, page.after, key=desk.store.cursor_key())
    return HttpAnswer(200, {"jobs": [shown(job, whole=False) for job in page.jobs], "next_cursor": cursor})


def change_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    owner = owner_of(request)
    check_document_type(request, patch=True)
    patch = read_document(request.body)
    now_ms = desk.clock.now_ms()
    job = change(
        known_form(job_id),
        lambda job: edit(job, patch, now_ms=now_ms, horizon=desk.horizon, rules=desk.rules),
        owner=owner,
        versions=versions_of(request),
        store=desk.store,
        now_ms=now_ms,
    )
    return one_job(job)


def cancel_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    job = cancel(
        known_form(job_id),
        owner=owner_of(request),
        versions=versions_of(request),
        store=desk.store,
        now_ms=desk.clock.now_ms(),
        retention_ms=desk.retention_ms,
    )
    return one_job(job)


def run_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    now_ms = desk.clock.now_ms()
    job = change(
        known_form(job_id),
        lambda job: job.run_now(now_ms=now_ms, horizon=desk.horizon),
        owner=owner_of(request),
        versions=versions_of(request),
        store=desk.store,
        now_ms=now_ms,
    )
    return one_job(job, 202)


def schedule_batch(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import batch  # rare, so that no other request waits for its import

    return batch.schedule_batch(request, desk)


def read_me(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import me  # rare as well

    return me.read_me(request, desk)


def health(_request: HttpRequest, _desk: Desk) -> HttpAnswer:
    """Says that the api itself answers; it asks nothing of the table, so that nobody can make it costly."""
    return HttpAnswer(200, {"status": "ok", "version": VERSION})


ROUTES: Mapping[str, Mapping[str, Callable[..., HttpAnswer]]] = {
    "/v1/jobs": {"POST": schedule_job, "GET": list_jobs},
    "/v1/jobs/batch": {"POST": schedule_batch},
    "/v1/jobs/(?P<job_id>[^/]+)": {"GET": read_job, "PATCH": change_job, "DELETE": cancel_job},
    "/v1/jobs/(?P<job_id>[^/]+)/run": {"POST": run_job},
    "/v1/jobs/(?P<job_id>[^/]+)/rerun": {"POST": rerun_job},
    "/v1/signing-secret": {"GET": read_signing_secret},
    "/v1/signing-secret/rotate": {"POST": rotate_signing_secret},
    "/v1/targets": {"GET": list_targets},
    "/v1/targets/(?P<host>[^/]+)": {"PATCH": change_target},
    "/v1/me": {"GET": read_me},
    "/health": {"GET": health},
}
