"""The program before the functions, whose ports are fakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.programs import Program, program
from tests.client import gateway as gateways
from tests.client.conftest import gateway, service

__all__ = ["cli", "gateway", "service", "stranger"]


@pytest.fixture
def cli(gateway: gateways.Gateway, tmp_path: Path) -> Program:
    """The program of a user who is signed in by the environment."""
    return program(tmp_path, gateway.url, gateways.TOKEN)


@pytest.fixture
def stranger(tmp_path: Path) -> Program:
    """The program of a user who is not signed in."""
    return program(tmp_path, None, None)
