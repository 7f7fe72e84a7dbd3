"""The issuer's public keys, as it publishes them on the web (RFC 7517)."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from lambdas.adapters.aws import outages_as
from lambdas.adapters.jwt_tokens import rs256_key
from lambdas.jobs.errors import IssuerUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from lambdas.jobs.ports import Clock

FRESH_MS = 3_600_000
"""How long the keys are gone by before they are asked for again."""

ASK_AGAIN_MS = 30_000
"""How long a key that was not among them counts as none: strangers must not make us ask for each of their tokens."""

_TIMEOUT_SECONDS = 2
"""To connect, and again for the answer. Two fetches must end within the ten seconds that the api has."""


class HttpIssuerKeys:
    """Keys from a URL: that of the keys themselves, or of an OpenID Connect configuration that names it.

    They are fetched when first needed, and once an hour. While the issuer is away, those that are known go on to count.
    No redirect is followed, and no proxy of the environment is asked.
    """

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._session = URLLib3Session(timeout=_TIMEOUT_SECONDS)
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._fetched_ms: int | None = None
        self._asked_ms: int | None = None
        self._lock = threading.Lock()

    def key(self, key_id: str) -> RSAPublicKey | None:
        with self._lock:
            now_ms = self._clock.now_ms()
            if not self._is_younger(self._fetched_ms, FRESH_MS, now_ms) or key_id not in self._keys:
                if not self._is_younger(self._asked_ms, ASK_AGAIN_MS, now_ms):
                    self._ask(now_ms)
                if key_id not in self._keys and self._fetched_ms != self._asked_ms:
                    raise IssuerUnavailable("the issuer's keys cannot be had")
            return self._keys.get(key_id)

    def _ask(self, now_ms: int) -> None:
        self._asked_ms = now_ms
        try:
            self._keys, self._fetched_ms = self._fetch(), now_ms
        except IssuerUnavailable:
            if not self._keys:
                self._asked_ms = None  # the next request tries again
                raise

    def _is_younger(self, since_ms: int | None, age_ms: int, now_ms: int) -> bool:
        # A clock that was set back must not make an old answer young again.
        return since_ms is not None and 0 <= now_ms - since_ms < age_ms

    def _fetch(self) -> Mapping[str, RSAPublicKey]:
        document = self._get(self._url)
        if "jwks_uri" in document:
            url = document["jwks_uri"]
            # Whoever can change what comes over plain HTTP would choose whom we believe.
            if not (isinstance(url, str) and url.startswith("https://")):
                raise IssuerUnavailable("the issuer names no https address of its keys")
            document = self._get(url)
        published = document.get("keys")
        if not isinstance(published, list):
            raise IssuerUnavailable("the issuer publishes no keys")
        ours = [jwk for jwk in published if isinstance(jwk, dict) and isinstance(jwk.get("kid"), str)]
        return {jwk["kid"]: key for jwk in ours if (key := rs256_key(jwk)) is not None}

    def _get(self, url: str) -> Mapping[str, Any]:
        with outages_as(IssuerUnavailable):
            answer = self._session.send(AWSRequest("GET", url, headers={"accept": "application/json"}).prepare())
        try:
            document = json.loads(answer.content) if answer.status_code == 200 else None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise IssuerUnavailable(f"the issuer answered {answer.status_code}, and not with its keys")
        return document
