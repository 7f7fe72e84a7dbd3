"""API keys: what programs show instead of a signed-in user's token.

A key is `punctual_live_<id>_<secret><checksum>`. The id finds it in the table, which keeps no more of it than a hash.
The checksum lets scanners of published code, and us, tell a key from what only looks like one without asking anybody.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import string
import zlib
from dataclasses import dataclass

SCOPES = {
    "jobs:read": "read, list and count jobs; see targets",
    "jobs:write": "schedule, change, cancel, run and try out jobs; lift what is held against a target",
    "keys:read": "list API keys",
    "keys:write": "make and revoke API keys; read and rotate the signing secret",
    "account:write": "change who is told of what",
}
"""What a key may be allowed, and what that is. None of them includes another: a program that only schedules need not
be able to read."""

EVERY_SCOPE = frozenset(SCOPES)

MOST_KEYS = 100
"""Of one owner, those that are over and not deleted yet included."""

SECRET_LENGTH = 43
"""Digits of base 62: 256 bits."""

USE_NOTED_EVERY_MS = 3_600_000
"""How often, at most, the use of a key is written down."""

_PREFIX = "punctual_live"
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECKSUM_LENGTH = 6
_ID = re.compile(r"[0-9a-f]{16}")
_FORM = re.compile(
    rf"({_PREFIX}_({_ID.pattern})_[0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. Times are epoch milliseconds; `hash` is SHA-256 of the whole key.

    A slow hash would protect a secret that people choose; this one is 256 random bits.
    """

    id: str
    owner: str
    name: str
    scopes: tuple[str, ...]
    created_at_ms: int
    hash: bytes
    expires_at_ms: int | None = None
    last_used_at_ms: int | None = None

    def is_opened_by(self, hashed: bytes) -> bool:
        """Whether this is the hash of the key's text. Compared in constant time."""
        return hmac.compare_digest(self.hash, hashed)

    def is_over(self, now_ms: int) -> bool:
        return self.expires_at_ms is not None and self.expires_at_ms <= now_ms

    def use_is_to_be_noted(self, now_ms: int) -> bool:
        return self.last_used_at_ms is None or now_ms - self.last_used_at_ms >= USE_NOTED_EVERY_MS


def key_text(key_id: str, secret: int) -> str:
    """The text of a key. `key_id` is 16 hexadecimal digits, `secret` at most 256 bits, random."""
    body = f"{_PREFIX}_{key_id}_{_base62(secret, SECRET_LENGTH)}"
    return body + _checksum(body)


def is_key_id(text: str) -> bool:
    """Whether this could be a key's id: what cannot is not looked for."""
    return _ID.fullmatch(text) is not None


def looks_like_a_key(text: str) -> bool:
    """Whether this was meant to be a key, and not some other kind of token."""
    return text.startswith(f"{_PREFIX}_")


def key_id_of(text: str) -> str | None:
    """The id in a key's text; None if it is no key, or was not copied whole."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(found[1]) != found[3]:
        return None
    return found[2]


def hash_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode("ascii")), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
