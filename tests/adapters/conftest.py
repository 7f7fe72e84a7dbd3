"""Tables for what is the store's own, on the places that stand for DynamoDB; the sender's
targets that speak TLS, and its reads, counted."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.adapters.guarded_socket import GuardedSocket
from tests.adapters.certificates import Authority
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


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who vouches for the certificates of a file's targets."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def off_the_wire(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each read of the sender took from the network, TLS included."""
    counts: list[int] = []
    recv, recv_into = socket.socket.recv, socket.socket.recv_into

    def counted_recv(sock: socket.socket, *args: Any) -> bytes:
        data = recv(sock, *args)
        if isinstance(sock, GuardedSocket):
            counts.append(len(data))
        return data

    def counted_recv_into(sock: socket.socket, *args: Any) -> int:
        count = recv_into(sock, *args)
        if isinstance(sock, GuardedSocket):
            counts.append(count)
        return count

    monkeypatch.setattr(socket.socket, "recv", counted_recv)
    monkeypatch.setattr(socket.socket, "recv_into", counted_recv_into)
    return counts
