"""An owner's signing secret: made when it is first asked for, replaced when they say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from lambdas.jobs.errors import DamagedSecret
from lambdas.jobs.signing import SigningSecret

if TYPE_CHECKING:
    from lambdas.jobs.ports import SigningSecrets

NewKey = Callable[[], bytes]
"""Makes KEY_BYTES random bytes."""


def signing_secret(owner: str, *, secrets: SigningSecrets, new_key: NewKey, now_ms: int) -> SigningSecret:
    """The owner's secret. All who ask first, and at the same time, get the same one.

    One that is damaged (DamagedSecret) stays: only its owner can say that their receivers are to get another.
    """
    return secrets.read(owner) or secrets.write(owner, SigningSecret.of_key(new_key(), now_ms=now_ms))


def rotate(owner: str, *, secrets: SigningSecrets, new_key: NewKey, now_ms: int) -> SigningSecret:
    """Replace the owner's secret, or make the first one. Two rotations at the same time are one, with one answer.

    One that is damaged is replaced too; no receiver can have use for it any more, so the new one signs alone.
    """
    key = new_key()
    first = SigningSecret.of_key(key, now_ms=now_ms)
    try:
        found = secrets.read(owner)
    except DamagedSecret as damaged:
        return secrets.replace(owner, replace(first, version=(damaged.version or 0) + 1), damaged)
    return secrets.write(owner, found.rotated(key, now_ms=now_ms) if found else first)
