"""The routes of the API: which path and method leads to which answer. Each translates, and calls the core once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.jobs import accept, asking, change, document, headers
from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import Fault, JobNotFound, RequestRefused
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.job import Job
from lambdas.jobs.listing import encode_cursor
from lambdas.jobs.outgoing import VERSION
from lambdas.jobs.ports import Clock, JobStore, Journal
from lambdas.jobs.view import shown

_JOB_ID = re.compile(r"job_[0-9a-f]{32}")


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


Route = Callable[[HttpRequest, Desk, str], HttpAnswer]


def answer(request: HttpRequest, desk: Desk) -> HttpAnswer:
    """Find the route and take it. Raises RequestRefused for what leads nowhere, and whatever the route raises."""
    for pattern, methods in _ROUTES:
        found = pattern.fullmatch(request.path)
        if not found:
            continue
        route = methods.get(request.method)
        if route is None:
            raise MethodNotAllowed(sorted(methods))
        return route(request, desk, *found.groups(default=""))
    message = "There is nothing at this path. The API's routes begin with /v1."
    raise RequestRefused(404, "Not found", [Fault("document", "not_found", message)])
