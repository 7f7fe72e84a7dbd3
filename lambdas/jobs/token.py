"""Access tokens: the issuer's JWTs (RFC 7519), signed with RS256 (RFC 7518, 3.3) and nothing else.

Checked without a library: what those that know RSA add to a cold start, and why none is needed, is in
docs/decisions/who-asks.md. Nothing here is secret, and nothing that a forger wrote is parsed as a signature: the block
that a right one unpacks to is made here and compared whole, as RFC 8017 says in 8.2.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.jobs.errors import Unauthenticated

if TYPE_CHECKING:
    from lambdas.jobs.ports import IssuerKeys

LONGEST_TOKEN = 10_240
"""Characters. API Gateway takes no more than this in all headers together."""

SKEW_MS = 60_000
"""So far ahead the issuer's clock may be when it says since when a token counts. Its end counts to the second."""

_SMALLEST_BITS, _LARGEST_BITS = 2_048, 8_192
"""RFC 7518, 3.3; and what can be checked in a millisecond."""

_LARGEST_EXPONENT = 2**32

_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 in a signed block (RFC 8017, 9.2, note 1)."""


@dataclass(frozen=True, slots=True)
class RsaKey:
    """A public key."""

    modulus: int
    exponent: int

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> RsaKey | None:
        """A key as the issuer publishes it (RFC 7517), None if it is not meant for RS256 or too weak for it."""
        if jwk.get("kty") != "RSA" or jwk.get("use", "sig") != "sig" or jwk.get("alg", "RS256") != "RS256":
            return None
        try:
            modulus, exponent = (int.from_bytes(_decoded(str(jwk[name])), "big") for name in ("n", "e"))
        except (KeyError, ValueError):
            return None
        fits = _SMALLEST_BITS <= modulus.bit_length() <= _LARGEST_BITS and 3 <= exponent <= _LARGEST_EXPONENT
        return cls(modulus, exponent) if fits and modulus % 2 and exponent % 2 else None

    def has_signed(self, content: bytes, signature: bytes) -> bool:
        """Whether this is the signature of the content by RSASSA-PKCS1-v1_5 with SHA-256."""
        size = (self.modulus.bit_length() + 7) // 8
        number = int.from_bytes(signature, "big")
        if len(signature) != size or number >= self.modulus:
            return False
        digest = _SHA256 + hashlib.sha256(content).digest()
        right = b"\0\1" + b"\xff" * (size - 3 - len(digest)) + b"\0" + digest
        return hmac.compare_digest(pow(number, self.exponent, self.modulus).to_bytes(size, "big"), right)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who makes our tokens (`iss`), and whom they must be for: audiences, or clients of a user pool."""

    name: str
    audience: frozenset[str]


def claims_of(token: str, *, issuer: Issuer, keys: IssuerKeys, now_ms: int) -> Mapping[str, Any]:
    """What a valid token claims; `sub` is text. Raises Unauthenticated, and IssuerUnavailable."""
    parts = token.split(".", 3)
    if len(token) > LONGEST_TOKEN or len(parts) != 3:
        raise Unauthenticated("The token is neither a JWT nor an API key.")
    header, key_id = _json(parts[0]), None
    if header.get("alg") == "RS256" and "crit" not in header:
        key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise Unauthenticated("The token is not one that this service's issuer makes (RS256).")
    key = keys.key(key_id)
    if key is None or not key.has_signed(f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2])):
        raise Unauthenticated("The token is not signed by this service's issuer.")
    claims = _json(parts[1])
    _check(claims, issuer, now_ms)
    return claims


def _check(claims: Mapping[str, Any], issuer: Issuer, now_ms: int) -> None:
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
    return isinstance(value, int | float) and not isinstance(value, bool)


def _json(part: str) -> Mapping[str, Any]:
    try:
        value = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Unauthenticated("The token is neither a JWT nor an API key.")
    return value


def _bytes(part: str) -> bytes:
    try:
        return _decoded(part)
    except ValueError:
        raise Unauthenticated("The token is neither a JWT nor an API key.") from None


def _decoded(text: str) -> bytes:
    """Base64url without padding, in its one right spelling (RFC 7515, 2). Raises ValueError."""
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(content).rstrip(b"=") != text.encode():
        raise ValueError("not in its one right spelling")
    return content
