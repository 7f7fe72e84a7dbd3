"""The routes of targets: which of the owner's are in trouble, and lifting what is held against one."""

from __future__ import annotations

from urllib.parse import unquote

from lambdas.handlers.desk import Desk, check_document_type, owner_of
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.jobs.document import read_document
from lambdas.jobs.lift import check_lift, lift
from lambdas.jobs.target_view import shown_target, shown_well


def list_targets(request: HttpRequest, desk: Desk) -> HttpAnswer:
    targets, now_ms = desk.targets().list(owner_of(request)), desk.clock.now_ms()
    return HttpAnswer(200, {"targets": [shown_target(target, now_ms=now_ms) for target in targets]})


def change_target(request: HttpRequest, desk: Desk, host: str) -> HttpAnswer:
    owner = owner_of(request)
    check_document_type(request, patch=True)
    check_lift(read_document(request.body))
    host = unquote(host).lower()
    lift(owner, host, targets=desk.targets())
    desk.journal.tell("target_lifted", host=host, request_id=request.request_id)
    return HttpAnswer(200, shown_well(host))
