"""The client before the functions, whose ports are fakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from punctual import Client
from tests.client import gateway as gateways
from tests.handlers.checks import stand_in
from tests.handlers.recorded import Service


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    return stand_in(monkeypatch)


@pytest.fixture
def gateway(service: Service) -> Iterator[gateways.Gateway]:
    with gateways.serving() as serving:
        yield serving


@pytest.fixture
def client(gateway: gateways.Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # between retries
    with Client(gateway.url, gateways.TOKEN) as client:
        yield client
