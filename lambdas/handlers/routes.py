"""The routes of the API: which path and method leads to which answer. Each translates, and calls the core once."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from lambdas.handlers.desk import (
    Desk,
    admitted,
    check_document_type,
    confirmed_by,
    known_form,
    one_job,
    owner_of,
    tell_damaged,
    versions_of,
)
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.handlers.making import rerun_job, schedule_job
from lambdas.jobs.accept import edit
from lambdas.jobs.asking import list_query
from lambdas.jobs.change import cancel, change
from lambdas.jobs.document import read_document
from lambdas.jobs.listing import encode_cursor
from lambdas.jobs.view import most_room, shown

if TYPE_CHECKING:
    from lambdas.handlers.front import Routes
    from lambdas.jobs.listing import JobPage, ListQuery

LARGEST_ANSWER = 6_000_000
"""Bytes; AWS takes 6 MB (6,291,556) from a Lambda function, and answers 500 to what is larger."""


def read_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    owner = owner_of(request)
    return one_job(desk.store.read(known_form(job_id), owner=owner, now_ms=desk.clock.now_ms()))


def list_jobs(request: HttpRequest, desk: Desk) -> HttpAnswer:
    query = list_query(request.query, owner=owner_of(request), cursor_key=desk.store.cursor_key)
    page = _page_that_fits(query, desk)
    cursor = None if page.after is None else encode_cursor(query, page.after, key=desk.store.cursor_key())
    for each in page.damaged:
        tell_damaged(each, request, desk)
    damaged = {"damaged": [each.job_id for each in page.damaged]} if page.damaged else {}
    jobs = [shown(job, whole=False) for job in page.jobs]
    return HttpAnswer(200, {"jobs": jobs, "next_cursor": cursor, **damaged})


def _page_that_fits(query: ListQuery, desk: Desk) -> JobPage:
    """The page that is asked for, or as much of it as one answer takes. Few jobs have so much to show."""
    while True:
        page = desk.store.list(query, now_ms=desk.clock.now_ms())
        ends = accumulate(map(most_room, page.jobs))
        fitting = max(1, sum(end <= LARGEST_ANSWER for end in ends))
        if fitting >= len(page.jobs):
            return page
        query = replace(query, limit=fitting)


def change_job(request: HttpRequest, desk: Desk, job_id: str) -> HttpAnswer:
    owner = owner_of(request)
    check_document_type(request, patch=True)
    patch = read_document(request.body)
    now_ms = desk.clock.now_ms()
    job = change(
        known_form(job_id),
        admitted(
            desk,
            lambda job: edit(
                job, patch, now_ms=now_ms, horizon=desk.horizon, rules=desk.rules, confirmed=confirmed_by(owner, desk)
            ),
        ),
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
        admitted(desk, lambda job: job.run_now(now_ms=now_ms, horizon=desk.horizon)),
        owner=owner_of(request),
        versions=versions_of(request),
        store=desk.store,
        now_ms=now_ms,
    )
    return one_job(job, 202)


# What follows is rare: each is imported by the first request that needs it, so that no other waits for it.


def schedule_batch(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import batch

    return batch.schedule_batch(request, desk)


def read_signing_secret(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import signing

    return signing.read_signing_secret(request, desk)


def rotate_signing_secret(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import signing

    return signing.rotate_signing_secret(request, desk)


def list_targets(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import targets

    return targets.list_targets(request, desk)


def change_target(request: HttpRequest, desk: Desk, host: str) -> HttpAnswer:
    from lambdas.handlers import targets

    return targets.change_target(request, desk, host)


def read_me(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import me

    return me.read_me(request, desk)


def change_me(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import me

    return me.change_me(request, desk)


def read_stats(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import stats

    return stats.read_stats(request, desk)


def list_criteria(_request: HttpRequest, _desk: Desk) -> HttpAnswer:
    from lambdas.jobs.criteria import CRITERIA, shown_criterion  # rare as well

    return HttpAnswer(200, {"criteria": [shown_criterion(criterion) for criterion in CRITERIA]})


def of_another_function(request: HttpRequest, _desk: Desk) -> HttpAnswer:
    """The gateway hands these to the function check; they are here for the methods that they do not take."""
    raise RuntimeError(f"{request.path} came to the api")


def add_key(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import keys  # rare, like the two below

    return keys.add_key(request, desk)


def list_keys(request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import keys

    return keys.list_keys(request, desk)


def delete_key(request: HttpRequest, desk: Desk, key_id: str) -> HttpAnswer:
    from lambdas.handlers import keys

    return keys.delete_key(request, desk, key_id)


def read_description(_request: HttpRequest, desk: Desk) -> HttpAnswer:
    from lambdas.handlers import pages  # rare as well

    return pages.description(desk.sign_in)


def read_docs(_request: HttpRequest, _desk: Desk) -> HttpAnswer:
    from lambdas.handlers import pages

    return pages.page("docs")


def health(_request: HttpRequest, _desk: Desk) -> HttpAnswer:
    """Says that the api itself answers; it asks nothing of the table, so that nobody can make it costly."""
    from lambdas.jobs.outgoing import VERSION

    return HttpAnswer(200, {"status": "ok", "version": VERSION})


ROUTES: Routes = {
    "/v1/jobs": {"POST": ("jobs:write", schedule_job), "GET": ("jobs:read", list_jobs)},
    "/v1/jobs/batch": {"POST": ("jobs:write", schedule_batch)},
    "/v1/jobs/(?P<job_id>[^/]+)": {
        "GET": ("jobs:read", read_job),
        "PATCH": ("jobs:write", change_job),
        "DELETE": ("jobs:write", cancel_job),
    },
    "/v1/jobs/(?P<job_id>[^/]+)/run": {"POST": ("jobs:write", run_job)},
    "/v1/jobs/(?P<job_id>[^/]+)/rerun": {"POST": ("jobs:write", rerun_job)},
    "/v1/keys": {"POST": ("keys:write", add_key), "GET": ("keys:read", list_keys)},
    "/v1/keys/(?P<key_id>[^/]+)": {"DELETE": ("keys:write", delete_key)},
    "/v1/signing-secret": {"GET": ("keys:write", read_signing_secret)},
    "/v1/signing-secret/rotate": {"POST": ("keys:write", rotate_signing_secret)},
    "/v1/targets": {"GET": ("jobs:read", list_targets)},
    "/v1/targets/(?P<host>[^/]+)": {"PATCH": ("jobs:write", change_target)},
    "/v1/me": {"GET": (None, read_me), "PATCH": ("account:write", change_me)},
    "/v1/criteria": {"GET": (None, list_criteria)},
    "/v1/validate": {"POST": ("jobs:write", of_another_function)},
    "/v1/test": {"POST": ("jobs:write", of_another_function)},
    "/v1/stats": {"GET": ("jobs:read", read_stats)},
    "/health": {"GET": (None, health)},
    "/openapi.json": {"GET": (None, read_description)},
    "/docs": {"GET": (None, read_docs)},
}
"""What each route asks of its caller (one of `lambdas.jobs.keys.SCOPES`, None for nothing) and what it does."""
