"""How a target knows that a request is Punctual's: the signature of Standard Webhooks, with a secret of its owner.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdas.jobs.sending import OutgoingRequest

PURPOSE = "signing-secret"
"""What secrets are sealed for. It is bound into each seal, and the functions' rights on the key name it."""

KEY_BYTES = 32
"""The specification allows 24 to 64 random bytes; more than SHA-256's own 32 would add nothing."""

OVERLAP_MS = 24 * 3_600_000
"""How long a secret that was replaced signs too, so that receivers can be told of the new one at leisure."""

REMEMBERED_MS = 60_000
"""How long a worker goes by what it has read of an owner's secret, that there is none included."""

_PREFIX = "whsec_"
_SECRET = re.compile(r"whsec_(?:[0-9A-Za-z+/]{4})+(?:[0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?")


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """An owner's secret, as receivers are given it: `whsec_` and the Base64 of its key.

    `previous` is the one that it replaced, which signs too until `previous_expires_at_ms`. `version` rises by one with
    each rotation. What is secret is left out of the text of this value, so that no log can show it.
    """

    current: str = field(repr=False)
    created_at_ms: int
    version: int = 1
    previous: str | None = field(default=None, repr=False)
    previous_expires_at_ms: int | None = None

    @classmethod
    def of_key(cls, key: bytes, *, now_ms: int) -> SigningSecret:
        """An owner's first secret, with KEY_BYTES random bytes as its key."""
        return cls(_PREFIX + base64.b64encode(key).decode("ascii"), now_ms)

    def rotated(self, key: bytes, *, now_ms: int) -> SigningSecret:
        """A new secret, with this one beside it for as long as the overlap.

        At most two sign at a time: a rotation inside the overlap of another ends that overlap, and the oldest of the
        three signs no more. Whoever rotates again so soon most likely wants to be rid of something.
        """
        return replace(
            self.of_key(key, now_ms=now_ms),
            version=self.version + 1,
            previous=self.current,
            previous_expires_at_ms=now_ms + OVERLAP_MS,
        )

    def overlaps(self, now_ms: int) -> bool:
        """Whether the previous secret signs too."""
        return self.previous is not None and now_ms < (self.previous_expires_at_ms or 0)

    def signing(self, now_ms: int) -> tuple[str, ...]:
        """The secrets that sign at this time, the newest first."""
        return (self.current, self.previous) if self.previous and self.overlaps(now_ms) else (self.current,)


def is_secret(text: str) -> bool:
    """Whether the text has the form of a secret. Raises TypeError for what is no text."""
    return bool(_SECRET.fullmatch(text))


def signed(request: OutgoingRequest, secret: SigningSecret, *, message_id: str, at_ms: int) -> OutgoingRequest:
    """The request with its signature: over the id, the time in whole seconds, and the body byte for byte.

    No body is signed as an empty one: nobody who receives it could tell them apart.
    """
    timestamp = str(at_ms // 1000)
    content = b".".join((message_id.encode("ascii"), timestamp.encode("ascii"), request.body or b""))
    signatures = " ".join(_signature(one, content) for one in secret.signing(at_ms))
    ours = (("webhook-id", message_id), ("webhook-timestamp", timestamp), ("webhook-signature", signatures))
    return replace(request, headers=(*request.headers, *ours))


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode("ascii")
