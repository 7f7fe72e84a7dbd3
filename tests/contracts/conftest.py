"""The things behind the ports, each made anew for a test: the fakes, and the adapters on what stands for AWS."""

from __future__ import annotations

import pytest

from lambdas.jobs.ports import JobStore
from tests.fakes import FakeJobStore

PAGE = 5
"""Jobs on one page of the due index: few, so that tests turn pages."""


@pytest.fixture(params=["fake"])
def store(request: pytest.FixtureRequest) -> JobStore:
    """An empty job store."""
    return FakeJobStore(page_size=PAGE)
