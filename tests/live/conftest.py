"""Fixtures of the live tests: the deployed stack, and a target that jobs are sent to."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from local import paths
from tests.live import deployed_stack, target
from tests.services.missing import require


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[deployed_stack.DeployedStack]:
    """The service, deployed by the real `cdk deploy` into an emulator; shared by all tests of a run."""
    require(paths.CDK.exists() and paths.EMULATOR_VENV.exists(), "the tools are not installed: run `make setup`")
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # then each process has a folder of its own, below the one they share
        folder = folder.parent
    with deployed_stack.shared(folder / "stack") as running:
        yield running


@pytest.fixture(scope="session")
def receiver() -> Iterator[target.Target]:
    """A server to send jobs to. Tests take paths of their own."""
    with target.serving() as serving:
        yield serving
