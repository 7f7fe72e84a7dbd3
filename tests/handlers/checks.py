"""The function check over fakes."""

from __future__ import annotations

from lambdas.handlers import check
from lambdas.jobs.destination import Rules
from tests.fakes import FakeNames
from tests.handlers.recorded import API_URL, Service

DIGITS = "019970b42ccc7b0e8a54d1cf5d0a7f01"


class Checks:
    """Its parts, around those of a service."""

    def __init__(self, service: Service | None = None) -> None:
        self.service = service or Service()
        self.names = FakeNames()
        self.bench = check.Bench(
            journal=self.service.journal,
            clock=self.service.clock,
            horizon=self.service.horizon,
            rules=Rules(),
            names=self.names,
            sender=self.service.sender,
            secrets=self.service.secrets,
            owners=lambda: self.service.owners,
            addresses=lambda: self.service.addresses,
            limiter=self.service.limiter,
            api_url=API_URL,
            new_id=lambda: DIGITS,
        )
