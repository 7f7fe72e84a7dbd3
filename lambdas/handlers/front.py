"""What functions behind the gateway share: from its event to a route, and from whatever comes of it to an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from lambdas.handlers.door import check_scope, let_in
from lambdas.handlers.http import HttpAnswer, HttpRequest, problem
from lambdas.handlers.manners import client_request_id, to_event
from lambdas.jobs.errors import (
    DamagedJob,
    Fault,
    Forbidden,
    JobUnreadable,
    QuotaExceeded,
    RateLimited,
    RequestRefused,
    Unauthenticated,
    Unavailable,
    whereabouts,
)

if TYPE_CHECKING:
    from lambdas.jobs.ports import Clock, Journal

RETRY_AFTER_SECONDS = "2"

Routes = Mapping[str, Mapping[str, tuple[str | None, Callable[..., HttpAnswer]]]]
"""For each pattern of a path its methods; for each of these what it asks of its caller (one of the scopes in
`lambdas.jobs.keys`, None for nothing), and what it does: it takes the request, the parts that the function's routes
share, and what the pattern names."""

T = TypeVar("T")


class Front(Protocol):
    """What routes work with has these at least. `api_url` is where users reach the service."""

    @property
    def clock(self) -> Clock: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def api_url(self) -> str: ...


class Gate(Protocol):
    """Who counts requests before they are answered."""

    def enter(self, request: HttpRequest) -> None:
        """Count a request. Raises RateLimited."""
        ...

    def told(self, request: HttpRequest, refused: RateLimited | QuotaExceeded | None) -> Mapping[str, str]:
        """What the headers of the answer say of limits; `refused` is why it is a 429, if it is."""
        ...


class MethodNotAllowed(RequestRefused):
    """The path exists, but not with this method; `allowed` are those it has."""

    def __init__(self, allowed: Sequence[str]) -> None:
        message = f"This path takes {' and '.join(allowed)}."
        super().__init__(405, "Method not allowed", [Fault("document", "method_not_allowed", message)])
        self.allowed = tuple(allowed)


def _routed(request: HttpRequest, desk: Front, routes: Routes) -> HttpAnswer:
    """Find the route and take it. Raises RequestRefused for what leads nowhere, and whatever the route raises."""
    for pattern, methods in routes.items():
        found = re.fullmatch(pattern, request.path)
        if found is None:
            continue
        allowed = sorted({*methods, "OPTIONS", *(("HEAD",) if "GET" in methods else ())})
        if request.method == "OPTIONS":
            return HttpAnswer(204, None, {"allow": ", ".join(allowed)})
        route = methods.get("GET" if request.is_read else request.method)
        if route is None:
            raise MethodNotAllowed(allowed)
        scope, act = route
        check_scope(request, scope)
        return act(request, desk, **found.groupdict())
    message = "There is nothing at this path. Jobs are at /v1/jobs."
    raise RequestRefused(404, "Not found", [Fault("document", "not_found", message)])


def respond(event: dict[str, Any], desk: Front, routes: Routes, gate: Gate | None = None) -> dict[str, Any]:
    """Answer one request, if it may pass the gate.

    Whatever happens, the answer is JSON of ours, and says no more than the user may know.
    """
    try:
        request = HttpRequest.from_event(event)
    except RequestRefused as refused:
        request_id = str(event["requestContext"]["requestId"])
        unread = problem(refused.status, refused.title, refused.faults, request_id=request_id, api_url=desk.api_url)
        return to_event(unread, None)
    caller = _tried(lambda: let_in(request, now_ms=desk.clock.now_ms()), request, desk)
    if isinstance(caller, HttpAnswer):
        return to_event(caller, request)
    known = replace(request, caller=caller)
    answer = _tried(lambda: _answer(known, desk, routes, gate), known, desk, gate)
    if gate is not None:
        answer = replace(answer, headers={**gate.told(known, None), **answer.headers})
    return to_event(answer, request)


def _answer(request: HttpRequest, desk: Front, routes: Routes, gate: Gate | None) -> HttpAnswer:
    if gate is not None:
        gate.enter(request)
    return _routed(request, desk, routes)


def _tried(act: Callable[[], T], request: HttpRequest, desk: Front, gate: Gate | None = None) -> T | HttpAnswer:
    """What comes of it, or the answer that says why nothing does."""
    refusal = partial(problem, request_id=request.request_id, api_url=desk.api_url)
    ids = {"request_id": request.request_id, "client_request_id": client_request_id(request)}
    try:
        return act()
    except RequestRefused as refused:
        headers = _headers_of(refused, request, gate)
        return refusal(refused.status, refused.title, refused.faults, headers=headers)
    except DamagedJob as damaged:
        desk.journal.tell("job_damaged", **ids, job_id=damaged.job_id, error=damaged.why)
        unreadable = JobUnreadable(damaged)
        return refusal(unreadable.status, unreadable.title, unreadable.faults)
    except Unavailable as error:
        desk.journal.tell("unavailable", **ids, error=str(error))
        fault = Fault("document", "unavailable", "The service cannot do this now. Nothing was changed; try again soon.")
        return refusal(503, "Service unavailable", (fault,), headers={"retry-after": RETRY_AFTER_SECONDS})
    except Exception as error:  # a defect of ours: the log says where, the user learns the request id
        desk.journal.tell("defect", **ids, error=whereabouts(error))
        fault = Fault("document", "internal", "Something went wrong here. Tell the operators the request_id.")
        return refusal(500, "Internal error", (fault,))


def _headers_of(refused: RequestRefused, request: HttpRequest, gate: Gate | None) -> Mapping[str, str]:
    """What HTTP wants said beside a refusal (RFC 9110, 11.6.1 and 15.5.6; RFC 6750, 3; RFC 6585, 4)."""
    match refused:
        case MethodNotAllowed():
            return {"allow": ", ".join(refused.allowed)}
        case Unauthenticated():
            return {"www-authenticate": "Bearer"}
        case Forbidden():
            return {"www-authenticate": f'Bearer error="insufficient_scope", scope="{refused.scope}"'}
        case RateLimited() | QuotaExceeded():
            told = gate.told(request, refused) if gate is not None else {}
            return {**told, "retry-after": str(refused.retry_after_seconds)}
    return {}
