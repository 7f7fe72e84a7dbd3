"""What a caller shows → who they are, for the gateway to hand on to the functions behind it.

The answer always lets the request pass: whoever is not known is refused behind the gateway, in the API's own form and
with the reason, which the gateway could not say. Where nobody can tell now (table or issuer is away) this raises: the
gateway answers 500 and remembers nothing.
"""

from __future__ import annotations

from typing import Any

from lambdas import wiring
from lambdas.handlers.door import refusal, written
from lambdas.jobs.errors import Unauthenticated


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Know one caller, by the one value under which the gateway remembers the answer."""
    doorkeeper, journal = wiring.authorize_parts()
    (shown,) = event["identitySource"]
    try:
        told = written(doorkeeper.who(shown))
    except Unauthenticated as refused:
        told = refusal(refused)
    finally:
        journal.flush()
    return {"isAuthorized": True, "context": told}
