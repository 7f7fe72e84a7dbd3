"""The routes of API keys."""

from __future__ import annotations

from lambdas.handlers.desk import Desk, check_document_type, owner_of
from lambdas.handlers.door import caller_of
from lambdas.handlers.http import HttpAnswer, HttpRequest
from lambdas.handlers.making import REPLAYED, key_of
from lambdas.jobs.document import read_document
from lambdas.jobs.headers import check_idempotency_key
from lambdas.jobs.new_key import Randomness, make_key, revoke_key, shown_key


def add_key(request: HttpRequest, desk: Desk) -> HttpAnswer:
    """The only answer that ever holds the key itself."""
    caller = caller_of(request)
    check_idempotency_key(request.headers.get("idempotency-key"))
    check_document_type(request)
    document = read_document(request.body)
    made = make_key(
        document,
        owner=caller.owner,
        allowed=caller.scopes,
        once=key_of(request, caller.owner, document),
        keys=desk.keys,
        receipts=desk.store,
        randomness=Randomness(desk.new_key()[:8].hex(), int.from_bytes(desk.new_key(), "big")),
        now_ms=desk.clock.now_ms(),
    )
    if made.text is None:
        return HttpAnswer(200, shown_key(made.key), REPLAYED)
    desk.journal.tell("key_made", key_id=made.key.id, owner=caller.owner, request_id=request.request_id)
    return HttpAnswer(201, {**shown_key(made.key), "key": made.text})


def list_keys(request: HttpRequest, desk: Desk) -> HttpAnswer:
    return HttpAnswer(200, {"keys": [shown_key(key) for key in desk.keys.of_owner(owner_of(request))]})


def delete_key(request: HttpRequest, desk: Desk, key_id: str) -> HttpAnswer:
    owner = owner_of(request)
    revoke_key(key_id, owner=owner, keys=desk.keys)
    desk.journal.tell("key_revoked", key_id=key_id, owner=owner, request_id=request.request_id)
    return HttpAnswer(204, None)
