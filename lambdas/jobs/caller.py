"""Who asks, once they are known."""

from __future__ import annotations

from typing import NamedTuple


class Caller(NamedTuple):
    """Who asks. `key_id` is that of their API key, None for a user's own token.

    `until_ms` is when what they showed ends (epoch milliseconds), None for a key without an end.
    """

    owner: str
    scopes: frozenset[str]
    key_id: str | None = None
    until_ms: int | None = None
