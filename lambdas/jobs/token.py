"""What an access token claims (RFC 7519, 4): whose it is, for whom, and until when. Its signature has been checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.jobs.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping

SKEW_MS = 60_000
"""So far ahead the issuer's clock may be when it says since when a token counts. Its end counts to the second."""

_LATEST = 1e12
"""Seconds. Beyond any date, and within what can be counted with."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who makes our tokens (`iss`), and whom they must be for: audiences, or clients of a user pool."""

    name: str
    audience: frozenset[str]


def check_claims(claims: Mapping[str, Any], *, issuer: Issuer, now_ms: int) -> None:
    """Raise Unauthenticated unless these are the claims of an access token of the issuer, for us, and still good.

    Of a token that passes, `sub` is text and `exp` a number of seconds.
    """
    if claims.get("iss") != issuer.name or not _is_for(issuer.audience, claims):
        raise Unauthenticated("The token is for another service.")
    if claims.get("token_use", "access") != "access":  # Cognito says so; its other kind tells who a user is
        raise Unauthenticated("The token is no access token.")
    # Comparisons that also fail for NaN, which Python's JSON takes for a number.
    if not (_is_number(claims.get("exp")) and now_ms < claims["exp"] * 1000):
        raise Unauthenticated("The token has expired.")
    for name in ("nbf", "iat"):
        if name in claims and not (_is_number(claims[name]) and claims[name] * 1000 <= now_ms + SKEW_MS):
            raise Unauthenticated("The token is not valid yet.")
    subject = claims.get("sub")  # at most 255 ASCII characters by OpenID Connect Core, section 2
    if not (isinstance(subject, str) and 1 <= len(subject) <= 255 and subject.isascii() and subject.isprintable()):
        raise Unauthenticated("The token does not say whose it is.")


def _is_for(audience: frozenset[str], claims: Mapping[str, Any]) -> bool:
    """By `aud`; access tokens of Cognito have none, and name the client instead."""
    named = claims.get("aud", claims.get("client_id"))
    names = named if isinstance(named, list) else [named]
    return any(isinstance(name, str) and name in audience for name in names)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LATEST
