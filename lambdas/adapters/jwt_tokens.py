"""Access tokens as the issuer signs them: JWTs (RFC 7519) with RS256 (RFC 7518, 3.3), and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import InvalidSignatureError, PyJWTError

from lambdas.jobs.errors import Unauthenticated

if TYPE_CHECKING:
    from jwt.types import Options

ALGORITHM = "RS256"

LONGEST_TOKEN = 10_240
"""Characters. API Gateway takes no more than this in all headers together."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
"""RFC 7515, 7.1. Libraries pass over padding and blanks."""

_SMALLEST_BITS, _LARGEST_BITS = 2_048, 8_192
"""RFC 7518, 3.3; and what can be checked in a millisecond."""

_NO_TOKEN = "The token is neither a JWT nor an API key."  # nosec B105 - a sentence

# The core judges the claims, by the clock that it is given and by what Cognito puts in the place of an audience.
_ONLY_THE_SIGNATURE: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


class IssuerKeys(Protocol):
    """The public keys of the issuer, by which its tokens are known."""

    def key(self, key_id: str) -> RSAPublicKey | None:
        """The key of this id; None if the issuer has none. Raises IssuerUnavailable when nobody can tell."""
        ...


def rs256_key(jwk: Mapping[str, Any]) -> RSAPublicKey | None:
    """A key as the issuer publishes it (RFC 7517), None if it is not meant for RS256 or too weak for it."""
    if jwk.get("kty") != "RSA" or jwk.get("use", "sig") != "sig" or jwk.get("alg", ALGORITHM) != ALGORITHM:
        return None
    try:
        key = PyJWK(dict(jwk), ALGORITHM).key
    except (PyJWTError, ValueError, TypeError):
        return None
    # An issuer that publishes its private key too is none to be believed.
    return key if isinstance(key, RSAPublicKey) and _SMALLEST_BITS <= key.key_size <= _LARGEST_BITS else None


class JwtTokens:
    """Implements the port `Tokens` with PyJWT."""

    def __init__(self, keys: IssuerKeys) -> None:
        self._keys = keys

    def claims(self, token: str) -> Mapping[str, Any]:
        key = self._keys.key(_key_id(token))
        try:
            if key is None:
                raise InvalidSignatureError
            claims: Mapping[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=_ONLY_THE_SIGNATURE)
        except InvalidSignatureError:
            raise Unauthenticated("The token is not signed by this service's issuer.") from None
        except (PyJWTError, ValueError, RecursionError):
            raise Unauthenticated(_NO_TOKEN) from None
        return claims


def _key_id(token: str) -> str:
    """Which of the issuer's keys a token says that it is signed with. The algorithm is not the token's to choose."""
    try:
        if len(token) > LONGEST_TOKEN or not _COMPACT.fullmatch(token):
            raise ValueError
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError):
        raise Unauthenticated(_NO_TOKEN) from None
    key_id = header.get("kid")
    if header.get("alg") != ALGORITHM or "crit" in header or not isinstance(key_id, str):
        raise Unauthenticated(f"The token is not one that this service's issuer makes ({ALGORITHM}).")
    return key_id
