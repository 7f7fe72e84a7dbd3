"""Who asks too much: requests are counted before anything else is done for them, and answers tell how it stands.

The headers are those of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-11): `RateLimit-Policy` is the limit,
`RateLimit` what remains of it and for how many seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdas.handlers.http import HttpRequest
    from lambdas.jobs.errors import QuotaExceeded, RateLimited
    from lambdas.jobs.limiting import Limiter
    from lambdas.jobs.limits import Meter
    from lambdas.jobs.ports import Clock


class Gate:
    """Where an owner's requests are counted. Requests without a token are the gateway's to limit."""

    def __init__(self, limiter: Limiter, clock: Clock) -> None:
        self.limiter = limiter
        self.clock = clock

    def enter(self, request: HttpRequest) -> None:
        """Count a request. Raises RateLimited."""
        if request.owner:
            take = self.limiter.request if schedules(request.method, request.path) else self.limiter.read
            take(request.owner, now_ms=self.clock.now_ms())

    def told(self, request: HttpRequest, refused: RateLimited | QuotaExceeded | None) -> Mapping[str, str]:
        """The headers that tell how the owner stands: if the request would make or move jobs, and if it is a 429."""
        meters = []
        if request.owner and schedules(request.method, request.path):
            meters.append(self.limiter.meter(request.owner, now_ms=self.clock.now_ms()))
        if refused is not None and refused.meter not in meters:
            meters.append(refused.meter)
        return _headers(meters) if meters else {}


def schedules(method: str, path: str) -> bool:
    """Whether a request would make, move or send something; whether it is well formed is nobody's concern yet."""
    return method in ("POST", "PATCH") and (path.startswith("/v1/jobs") or path == "/v1/test")


def _headers(meters: list[Meter]) -> dict[str, str]:
    policies = (_item(meter.name, q=meter.quota, w=meter.window_seconds) for meter in meters)
    limits = (_item(meter.name, r=meter.remaining, t=meter.reset_seconds) for meter in meters)
    return {"ratelimit-policy": ", ".join(policies), "ratelimit": ", ".join(limits)}


def _item(name: str, **parameters: int | None) -> str:
    """An item of a list as RFC 9651 writes it; the names are ours, without anything to escape."""
    known = (f";{key}={value}" for key, value in parameters.items() if value is not None)
    return f'"{name}"{"".join(known)}'
