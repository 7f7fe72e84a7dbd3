"""The routes of who is asking: who they are to the service."""

from __future__ import annotations

from lambdas.handlers.desk import Desk, owner_of
from lambdas.handlers.http import HttpAnswer, HttpRequest


def read_me(request: HttpRequest, _desk: Desk) -> HttpAnswer:
    return HttpAnswer(200, {"owner": owner_of(request)})
