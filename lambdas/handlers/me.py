"""The routes of who is asking: who they are to the service, and what they have set for all their jobs."""

from __future__ import annotations

from lambdas.handlers.desk import Desk, check_document_type, owner_of
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.jobs.document import read_document
from lambdas.jobs.owner import OwnerSettings
from lambdas.jobs.set_owner import change_settings, seen_now


def read_me(request: HttpRequest, desk: Desk) -> HttpAnswer:
    owner = owner_of(request)
    return _me(owner, seen_now(owner, store=desk.owners(), addresses=desk.addresses()), desk)


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
    return _me(owner, settings, desk)


def _me(owner: str, settings: OwnerSettings, desk: Desk) -> HttpAnswer:
    notify = {
        "on": list(settings.notify.on),
        "email": settings.notify.email,
        "addresses": {each.email: "confirmed" if each.confirmed else "unconfirmed" for each in settings.addresses},
    }
    used = desk.limiter.used(owner, now_ms=desk.clock.now_ms())
    usage = {"requests_this_minute": used.requests, "upcoming_jobs": used.upcoming}
    return HttpAnswer(200, {"owner": owner, "notify": notify, "limits": used.limits._asdict(), "usage": usage})
