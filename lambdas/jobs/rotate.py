"""An owner's signing secret: made when it is first asked for, replaced when they say so."""

from __future__ import annotations

from collections.abc import Callable

from lambdas.jobs.ports import SigningSecrets
from lambdas.jobs.signing import SigningSecret

NewKey = Callable[[], bytes]
"""Makes KEY_BYTES random bytes."""


def signing_secret(owner: str, *, secrets: SigningSecrets, new_key: NewKey, now_ms: int) -> SigningSecret:
    """The owner's secret. All who ask first, and at the same time, get the same one."""
    return secrets.read(owner) or secrets.write(owner, SigningSecret.of_key(new_key(), now_ms=now_ms))


def rotate(owner: str, *, secrets: SigningSecrets, new_key: NewKey, now_ms: int) -> SigningSecret:
    """Replace the owner's secret, or make the first one. Two rotations at the same time are one, with one answer."""
    found = secrets.read(owner)
    key = new_key()
    new = found.rotated(key, now_ms=now_ms) if found else SigningSecret.of_key(key, now_ms=now_ms)
    return secrets.write(owner, new)
