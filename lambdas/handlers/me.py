"""The routes of who is asking: who they are to the service, and what they have set for all their jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.handlers.desk import Desk, check_document_type, owner_of
from lambdas.handlers.door import caller_of
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.jobs.document import read_document
from lambdas.jobs.keys import SCOPES
from lambdas.jobs.set_owner import change_settings, seen_now

if TYPE_CHECKING:
    from lambdas.jobs.owner import OwnerSettings


def read_me(request: HttpRequest, desk: Desk) -> HttpAnswer:
    owner = owner_of(request)
    return _me(request, seen_now(owner, store=desk.owners(), addresses=desk.addresses()), desk)


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


def _me(request: HttpRequest, settings: OwnerSettings, desk: Desk) -> HttpAnswer:
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
    }
    return HttpAnswer(200, content)
