"""The door: below `/v1` nobody gets further whom it does not know, and nobody does what their token is not for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lambdas.jobs.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from lambdas.handlers.http import HttpRequest
    from lambdas.jobs.caller import Caller
    from lambdas.jobs.ports import Journal

GUARDED = "/v1/"


class Door(Protocol):
    """Whatever knows callers by what they show: `lambdas.jobs.caller.Doorkeeper`."""

    def who(self, authorization: str) -> Caller:
        """The caller. Raises Unauthenticated, and Unavailable when nobody can tell now."""
        ...


def let_in(request: HttpRequest, door: Door, journal: Journal) -> Caller | None:
    """Who asks; None where nobody is asked. Raises Unauthenticated, and Unavailable when nobody can tell now.

    Also for paths that do not exist: what there is here is not for strangers to find out. OPTIONS is for everybody,
    because browsers ask so before they send a token. The log says who came; the gateway's has the rest of the request.
    """
    if not request.path.startswith(GUARDED) or request.method == "OPTIONS":
        return None
    caller = door.who(request.headers.get("authorization", ""))
    journal.tell("called", owner=caller.owner, key_id=caller.key_id, request_id=request.request_id)
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
