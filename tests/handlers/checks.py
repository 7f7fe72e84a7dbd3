"""The functions check and api over fakes."""

from __future__ import annotations

import pytest

from lambdas import wiring
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


def stand_in(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Fakes in the place of what `wiring` gives to the functions `api` and `check`, until the test is over."""
    service = Service()
    monkeypatch.setattr(wiring, "api_parts", lambda: (service.desk(), service.journal))
    monkeypatch.setattr(wiring, "check_parts", lambda: (Checks(service).bench, service.journal))
    return service
