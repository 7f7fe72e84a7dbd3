"""Who asks: what a request's `Authorization` says, and what they may do.

A signed-in user shows the issuer's access token, a program an API key. Both come the same way, and every route takes
both.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lambdas.jobs.caller import Caller
from lambdas.jobs.errors import DamagedItem, StoreUnavailable, Unauthenticated
from lambdas.jobs.keys import EVERY_SCOPE, ApiKey, hash_of, key_id_of, looks_like_a_key
from lambdas.jobs.token import Issuer, check_claims

if TYPE_CHECKING:
    from lambdas.jobs.ports import Clock, Journal, KeyStore, Tokens


class Doorkeeper:
    """Knows callers by what they show, and remembers none of them: the gateway does, for as long as it may."""

    def __init__(
        self,
        *,
        issuer: Issuer,
        tokens: Tokens,
        keys: KeyStore,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._issuer = issuer
        self._tokens = tokens
        self._keys = keys
        self._journal = journal
        self._clock = clock

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
        claims = self._tokens.claims(token)
        check_claims(claims, issuer=self._issuer, now_ms=now_ms)
        scope = claims.get("scope")
        named = EVERY_SCOPE.intersection(scope.split() if isinstance(scope, str) else ())
        # An issuer that knows nothing of our scopes leaves none out: its tokens may do all that their users may.
        return Caller(claims["sub"], named or EVERY_SCOPE, until_ms=int(claims["exp"] * 1000))

    def _who_has_key(self, text: str) -> Caller:
        key_id = key_id_of(text)
        if key_id is None:
            raise Unauthenticated("This is no whole API key; it was cut off or mistyped.")
        key, now_ms = self._find(key_id), self._clock.now_ms()
        if key is None or not key.is_opened_by(hash_of(text)):
            raise self._refused(key_id, "unknown", "There is no such API key, or it was revoked.")
        if key.is_over(now_ms):
            raise self._refused(key_id, "expired", "The API key has expired.")
        if key.use_is_to_be_noted(now_ms):
            with suppress(StoreUnavailable):  # it is only for looking at; the next look-up tries again
                self._keys.note_use(key, now_ms=now_ms)
        return Caller(key.owner, frozenset(key.scopes), key.id, key.expires_at_ms)

    def _find(self, key_id: str) -> ApiKey | None:
        try:
            return self._keys.find(key_id)
        except DamagedItem as damaged:
            self._journal.tell("key_damaged", key_id=key_id, why=damaged.why)
            return None

    def _refused(self, key_id: str, reason: str, why: str) -> Unauthenticated:
        self._journal.tell("key_refused", key_id=key_id, reason=reason)
        return Unauthenticated(why)
