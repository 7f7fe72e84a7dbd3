"""Tables for what is the store's own, on the places that stand for DynamoDB."""

from __future__ import annotations

import pytest

from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from tests.contracts.conftest import EMULATOR, Table, moto, table_in

__all__ = ["moto", "store", "table"]


@pytest.fixture(params=["moto", EMULATOR])
def table(request: pytest.FixtureRequest) -> Table:
    """An empty table."""
    return table_in(request.param, request)


@pytest.fixture
def store(table: Table) -> DynamoDbJobStore:
    """A store on the table. Tests of races make a second one, for the rival."""
    return table.store()
