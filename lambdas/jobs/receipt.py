"""Receipts: what an Idempotency-Key was used for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEPT_MS = 24 * 3_600_000
"""How long a key stands for the request it came with."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """An owner's Idempotency-Key and what they asked for with it; both as SHA-256 in hexadecimal digits.

    Two owners may use the same key: neither learns of the other.
    """

    owner: str
    digest: str
    content: str

    @classmethod
    def of(cls, key: str, *, owner: str, route: str, document: Mapping[str, Any] | None = None) -> RequestKey:
        """The key of a request to `route` (method and path) with this document.

        Two requests have the same content if they go to the same route with the same JSON value: blanks, the order
        of members and escapes make no difference, the spelling of a number (1, 1.0) does.
        """
        content = json.dumps([route, document], sort_keys=True, separators=(",", ":"))
        return cls(owner, _sha256(key), _sha256(content))


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which jobs a request with a key makes, or which API key, and when it came (epoch ms).

    Each job that was asked for has its id here, in order, also one that was refused: whoever finds the receipt makes
    what is missing under the same ids.
    """

    key: RequestKey
    job_ids: tuple[str, ...]
    made_at_ms: int

    def has_lapsed(self, now_ms: int) -> bool:
        """Whether the key may be used for something new."""
        return self.made_at_ms + KEPT_MS <= now_ms


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
