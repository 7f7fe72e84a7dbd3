"""The routes of who is asking: who they are to the service, and what they have set for all their jobs."""

from __future__ import annotations

from lambdas.handlers.desk import Desk, check_document_type, owner_of
from lambdas.handlers.door import caller_of
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.jobs.document import read_document
from lambdas.jobs.errors import DamagedSettings
from lambdas.jobs.keys import SCOPES
from lambdas.jobs.owner import OwnerSettings
from lambdas.jobs.set_owner import change_settings, seen_now


def read_me(request: HttpRequest, desk: Desk) -> HttpAnswer:
    """What cannot be read is said to be so beside the rest, which whoever signs in looks at."""
    owner = owner_of(request)
    try:
        return _me(request, seen_now(owner, store=desk.owners(), addresses=desk.addresses()), desk)
    except DamagedSettings as damaged:
        desk.journal.tell("settings_damaged", owner=owner, error=str(damaged), request_id=request.request_id)
        return _me(request, OwnerSettings(), desk, damaged=("notify",))


def change_me(request: HttpRequest, desk: Desk) -> HttpAnswer:
    owner = owner_of(request)
    check_document_type(request, patch=True)
    settings = change_settings(
        owner,
        read_document(request.body),
        store=desk.owners(),
        addresses=desk.addresses(),
        now_ms=desk.clock.now_ms(),
    )
    desk.journal.tell("owner_changed", owner=owner, request_id=request.request_id)
    return _me(request, settings, desk)


def _me(request: HttpRequest, settings: OwnerSettings, desk: Desk, *, damaged: tuple[str, ...] = ()) -> HttpAnswer:
    notify = {
        "on": list(settings.notify.on),
        "email": settings.notify.email,
        "addresses": {each.email: "confirmed" if each.confirmed else "unconfirmed" for each in settings.addresses},
    }
    caller = caller_of(request)
    used = desk.limiter.used(caller.owner, now_ms=desk.clock.now_ms())
    content = {
        "owner": caller.owner,
        "scopes": [scope for scope in SCOPES if scope in caller.scopes],
        "notify": notify,
        "limits": used.limits._asdict(),
        "usage": {"requests_this_minute": used.requests, "upcoming_jobs": used.upcoming},
        **({"damaged": list(damaged)} if damaged else {}),
    }
    return HttpAnswer(200, content)
