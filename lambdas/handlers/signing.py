"""The routes of an owner's signing secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lambdas.handlers.desk import Desk, owner_of
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.jobs.errors import DamagedSecret, SecretUnreadable
from lambdas.jobs.rotate import rotate, signing_secret
from lambdas.jobs.view import shown_secret

if TYPE_CHECKING:
    from lambdas.jobs.signing import SigningSecret


def read_signing_secret(request: HttpRequest, desk: Desk) -> HttpAnswer:
    return _secret(signing_secret, request, desk)


def rotate_signing_secret(request: HttpRequest, desk: Desk) -> HttpAnswer:
    answer = _secret(rotate, request, desk)
    desk.journal.tell("secret_rotated", owner=owner_of(request), request_id=request.request_id)
    return answer


def _secret(act: Callable[..., SigningSecret], request: HttpRequest, desk: Desk) -> HttpAnswer:
    """The owner's signing secret after reading or rotating it. What `no-store` says of every answer counts here.

    Raises SecretUnreadable for one that is damaged, which its owner can replace.
    """
    owner = owner_of(request)
    now_ms = desk.clock.now_ms()
    try:
        secret = act(owner, secrets=desk.secrets(), new_key=desk.new_key, now_ms=now_ms)
    except DamagedSecret as damaged:
        desk.journal.tell("secret_damaged", owner=owner, error=str(damaged), request_id=request.request_id)
        raise SecretUnreadable from damaged
    return HttpAnswer(200, shown_secret(secret, now_ms=now_ms))
