"""The program before the functions, whose ports are fakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdas.handlers import pages
from lambdas.handlers.desk import SignIn
from tests.cli import issuers
from tests.cli.programs import Program, program
from tests.cli.users import User, turn_at_the_callback
from tests.client import gateway as gateways
from tests.client.conftest import client, gateway, service
from tests.described import written_pages
from tests.handlers.recorded import Service

__all__ = ["cli", "client", "gateway", "service", "stranger"]


@pytest.fixture
def cli(gateway: gateways.Gateway, tmp_path: Path) -> Program:
    """The program of a user who is signed in by the environment."""
    return program(tmp_path, gateway.url, gateways.TOKEN)


@pytest.fixture
def stranger(tmp_path: Path) -> Program:
    """The program of a user who is not signed in."""
    return program(tmp_path, None, None)


@pytest.fixture
def issuer(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[issuers.Issuer]:
    """The issuer that the service behind `gateway` names."""
    folder = tmp_path / "pages"
    folder.mkdir()
    monkeypatch.setattr(pages, "FOLDER", written_pages(folder))
    with issuers.serving(gateways.TOKEN) as serving:
        service.sign_in = SignIn(serving.configuration_url, issuers.CLIENT)
        yield serving


@pytest.fixture
def callback_port() -> Iterator[None]:
    with turn_at_the_callback():
        yield


@pytest.fixture
def user(stranger: Program, gateway: gateways.Gateway, issuer: issuers.Issuer) -> User:
    """Somebody who is not signed in yet, at a service that names `issuer`."""
    return User(stranger, gateway.url)
