"""Who asks: what a request's `Authorization` says, and what they may do.

A signed-in user shows the issuer's access token, a program an API key. Both come the same way, and every route takes
both.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdas.jobs.errors import DamagedItem, StoreUnavailable, Unauthenticated
from lambdas.jobs.keys import SCOPES, ApiKey, hash_of, key_id_of, looks_like_a_key
from lambdas.jobs.remembered import Remembered
from lambdas.jobs.token import Issuer, claims_of

if TYPE_CHECKING:
    from lambdas.jobs.ports import Clock, IssuerKeys, Journal, KeyStore

KEY_REMEMBERED_MS = 30_000
"""How long one process goes by what it read of a key: as long, at most, a revoked one still opens."""

EVERY_SCOPE = frozenset(SCOPES)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `key_id` is that of their API key, None for a user's own token."""

    owner: str
    scopes: frozenset[str]
    key_id: str | None = None


class Doorkeeper:
    """Knows callers by what they show. `notes_uses` is False where nothing may be written."""

    def __init__(
        self,
        *,
        issuer: Issuer,
        issuer_keys: IssuerKeys,
        keys: KeyStore,
        journal: Journal,
        clock: Clock,
        notes_uses: bool = True,
    ) -> None:
        self._issuer = issuer
        self._issuer_keys = issuer_keys
        self._keys = keys
        self._journal = journal
        self._clock = clock
        self._notes_uses = notes_uses
        self._opened = Remembered(self._open, clock=clock, for_ms=KEY_REMEMBERED_MS, most=1_000)

    def who(self, authorization: str) -> Caller:
        """The caller, by the header `Authorization` as it came; empty is none.

        Raises Unauthenticated, and Unavailable when nobody can tell now.
        """
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("There is no token.")
        token = token.strip()
        return self._who_has_key(token) if looks_like_a_key(token) else self._who_has_token(token)

    def _who_has_token(self, token: str) -> Caller:
        now_ms = self._clock.now_ms()
        claims = claims_of(token, issuer=self._issuer, keys=self._issuer_keys, now_ms=now_ms)
        scope = claims.get("scope")
        named = EVERY_SCOPE.intersection(scope.split() if isinstance(scope, str) else ())
        # An issuer that knows nothing of our scopes leaves none out: its tokens may do all that their users may.
        return Caller(claims["sub"], named or EVERY_SCOPE)

    def _who_has_key(self, text: str) -> Caller:
        key_id = key_id_of(text)
        if key_id is None:
            raise Unauthenticated("This is no whole API key; it was cut off or mistyped.")
        key = self._opened.get((key_id, hash_of(text)))
        if key is None:
            raise self._refused(key_id, "unknown", "There is no such API key, or it was revoked.")
        if key.is_over(self._clock.now_ms()):
            raise self._refused(key_id, "expired", "The API key has expired.")
        return Caller(key.owner, frozenset(key.scopes), key.id)

    def _open(self, shown: tuple[str, bytes]) -> ApiKey | None:
        """The key of this id if this is its hash; and a note that it was used, if the last one is old."""
        key_id, hashed = shown
        try:
            key = self._keys.find(key_id)
        except DamagedItem as damaged:
            self._journal.tell("key_damaged", key_id=key_id, why=damaged.why)
            return None
        if key is None or not key.is_opened_by(hashed):
            return None
        now_ms = self._clock.now_ms()
        if self._notes_uses and key.use_is_to_be_noted(now_ms) and not key.is_over(now_ms):
            with suppress(StoreUnavailable):  # it is only for looking at; the next look-up tries again
                self._keys.note_use(key, now_ms=now_ms)
        return key

    def _refused(self, key_id: str, reason: str, why: str) -> Unauthenticated:
        self._journal.tell("key_refused", key_id=key_id, reason=reason)
        return Unauthenticated(why)
