"""An issuer of tokens: what Cognito makes, and what forgers make."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lambdas.adapters.jwt_tokens import rs256_key
from lambdas.jobs.errors import IssuerUnavailable
from lambdas.jobs.token import Issuer
from tests.fakes import NOW_MS

NAME, CLIENT, KEY_ID = "https://issuer.example.com/pool", "client-1", "key-1"
ISSUER = Issuer(NAME, frozenset({CLIENT, "client-2"}))
CLAIMS: dict[str, Any] = {
    "sub": "ada",
    "iss": NAME,
    "client_id": CLIENT,
    "token_use": "access",
    "iat": NOW_MS // 1000 - 60,
    "exp": NOW_MS // 1000 + 3_600,
    "scope": "aws.cognito.signin.user.admin",
}
"""As Cognito has them in an access token, as of the fakes' clock."""


def private_key(number: int = 0, bits: int = 2_048) -> rsa.RSAPrivateKey:
    """One of several private keys; the issuer's own is number 0."""
    return _made_once(number, bits)


@cache
def _made_once(_number: int, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


def token(*, key: rsa.RSAPrivateKey | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A signed token with these changes; a claim that is None is left out. `key` and `header` are the issuer's."""
    named = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    signed = ".".join(map(encoded, [{"alg": "RS256", "kid": KEY_ID, "typ": "JWT", **(header or {})}, named]))
    signature = (key or private_key()).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64url(signature)}"


def encoded(value: Any) -> str:
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def jwk(number: int = 0, bits: int = 2_048, **changes: Any) -> dict[str, Any]:
    """A public key as an issuer publishes it."""
    public = private_key(number, bits).public_key().public_numbers()
    size = (bits + 7) // 8
    published = {
        "kid": KEY_ID,
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "n": base64url(public.n.to_bytes(size, "big")),
        "e": base64url(public.e.to_bytes(3, "big")),
    }
    return {**published, **changes}


class FakeIssuerKeys:
    """The issuer's keys in a dictionary; `down` makes them unavailable."""

    def __init__(self) -> None:
        self.down = False

    def key(self, key_id: str) -> RSAPublicKey | None:
        if self.down:
            raise IssuerUnavailable("a test said so")
        return rs256_key(jwk()) if key_id == KEY_ID else None
