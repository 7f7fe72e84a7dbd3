"""The client before the function api, whose ports are fakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lambdas import wiring
from lambdas.handlers.desk import Desk
from lambdas.jobs.destination import Rules
from punctual import Client
from tests.client import gateway as gateways
from tests.examples import RETENTION_MS, new_id
from tests.handlers.recorded import Service


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    desk = Desk(service.store, service.journal, service.clock, service.horizon, Rules(), RETENTION_MS, new_id)
    monkeypatch.setattr(wiring, "api_parts", lambda: (desk, service.journal))
    return service


@pytest.fixture
def gateway(service: Service) -> Iterator[gateways.Gateway]:
    with gateways.serving() as serving:
        yield serving


@pytest.fixture
def client(gateway: gateways.Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # between retries
    with Client(gateway.url, gateways.TOKEN) as client:
        yield client
