"""The door: below `/v1` nobody gets further whom it does not know, and nobody does what their token is not for.

The function authorize has found out who asks, and the gateway hands on what it said, for as long as its cache holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.jobs.caller import Caller
from lambdas.jobs.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdas.handlers.http import HttpRequest

GUARDED = "/v1/"


def written(caller: Caller) -> dict[str, str]:
    """A caller as the gateway hands them on: text by name."""
    return {
        "owner": caller.owner,
        "scopes": " ".join(sorted(caller.scopes)),
        "key_id": caller.key_id or "",
        "until_ms": "" if caller.until_ms is None else str(caller.until_ms),
    }


def refusal(refused: Unauthenticated) -> dict[str, str]:
    """The same for nobody: why they are not known."""
    return {"refused": refused.why}


def let_in(request: HttpRequest, *, now_ms: int) -> Caller | None:
    """Who asks; None where nobody is asked. Raises Unauthenticated.

    Also for paths that do not exist: what there is here is not for strangers to find out. OPTIONS is for everybody,
    because browsers ask so before they send a token.
    """
    if not request.path.startswith(GUARDED) or request.method == "OPTIONS":
        return None
    told = request.authorized
    if "refused" in told:
        raise Unauthenticated(told["refused"])
    caller = _read(told)
    if caller.until_ms is not None and now_ms >= caller.until_ms:  # what the gateway remembers may be over by now
        raise Unauthenticated("The token or the API key has expired.")
    return caller


def caller_of(request: HttpRequest) -> Caller:
    """Who asks. Nobody else gets to a route that needs it; this is for the day when somebody does."""
    if request.caller is None:
        raise Unauthenticated("Nobody knows whose token this is.")
    return request.caller


def check_scope(request: HttpRequest, scope: str | None) -> None:
    """Raises Forbidden unless the caller may do what a route asks this scope for."""
    if scope is not None and scope not in caller_of(request).scopes:
        raise Forbidden(scope)


def _read(told: Mapping[str, str]) -> Caller:
    """The reverse of `written`. Raises Unauthenticated for what names nobody."""
    owner = told.get("owner")
    if not owner:
        raise Unauthenticated("There is no token.")
    until_ms = told.get("until_ms")
    return Caller(
        owner=owner,
        scopes=frozenset(told.get("scopes", "").split()),
        key_id=told.get("key_id") or None,
        until_ms=int(until_ms) if until_ms else None,
    )
