"""HTTPS requests → answers."""

from __future__ import annotations

from typing import Any

from lambdas import wiring
from lambdas.handlers.desk import Desk
from lambdas.handlers.http import HttpAnswer, HttpRequest, problem
from lambdas.handlers.manners import client_request_id, to_event
from lambdas.handlers.routes import MethodNotAllowed, answer
from lambdas.jobs.errors import Fault, RequestRefused, Unavailable, whereabouts

RETRY_AFTER_SECONDS = "2"


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request. Whatever happens, the answer is JSON of ours, and says no more than the user may know."""
    desk, journal = wiring.api_parts()
    try:
        request = HttpRequest.from_event(event)
    except RequestRefused as refused:
        request_id = str(event["requestContext"]["requestId"])
        return to_event(problem(refused.status, refused.title, refused.faults, request_id), None)
    result = _answer(request, desk)
    journal.flush()
    return to_event(result, request)


def _answer(request: HttpRequest, desk: Desk) -> HttpAnswer:
    request_id = request.request_id
    ids = {"request_id": request_id, "client_request_id": client_request_id(request)}
    try:
        return answer(request, desk)
    except MethodNotAllowed as refused:
        return problem(refused.status, refused.title, refused.faults, request_id, {"allow": ", ".join(refused.allowed)})
    except RequestRefused as refused:
        return problem(refused.status, refused.title, refused.faults, request_id)
    except Unavailable as error:
        desk.journal.tell("unavailable", **ids, error=str(error))
        fault = Fault("document", "unavailable", "The service cannot do this now. Nothing was changed; try again soon.")
        return problem(503, "Service unavailable", (fault,), request_id, {"retry-after": RETRY_AFTER_SECONDS})
    except Exception as error:  # a defect of ours: the log says where, the user learns the request id
        desk.journal.tell("defect", **ids, error=whereabouts(error))
        fault = Fault("document", "internal", "Something went wrong here. Tell the operators the request_id.")
        return problem(500, "Internal error", (fault,), request_id)
