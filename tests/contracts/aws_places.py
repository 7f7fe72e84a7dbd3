"""What stands for AWS in the contract suites: clients made as the functions make theirs, tables and queues."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

from botocore.session import Session

from lambdas.adapters.aws import Service, make_client

KEYS_ONLY = {"ProjectionType": "KEYS_ONLY"}
NAME_AND_HOST = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name", "host"]}

_numbers = itertools.count()


def fresh_name(kind: str) -> str:
    """A name that nothing else in this run has."""
    return f"{kind}-{os.getpid()}-{next(_numbers)}"


@cache
def client(service: Service, endpoint_url: str | None = None) -> Any:
    """A client with the functions' own settings, of the place at `endpoint_url`; without one, of AWS as moto plays it.

    Tests share it, because making one takes longer than most tests do.
    """
    session = Session()
    session.set_credentials("test", "test")
    with mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL": endpoint_url} if endpoint_url else {}):
        return make_client(session, service)


def make_table(dynamodb: Any) -> str:
    """An empty table with the keys and indexes of section 4 of the design; returns its name."""
    name = fresh_name("jobs")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("pk", "sk"),
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "N" if attribute in ("fire_at", "due_at") else "S"}
            for attribute in ("pk", "sk", "due_shard", "fire_at", "owner_status", "due_at")
        ],
        GlobalSecondaryIndexes=[
            {"IndexName": "due", "KeySchema": _keys("due_shard", "fire_at"), "Projection": KEYS_ONLY},
            {"IndexName": "owner_status", "KeySchema": _keys("owner_status", "due_at"), "Projection": NAME_AND_HOST},
        ],
    )
    return name


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


@contextmanager
def interrupted(client: Any, event: str, happening: Callable[..., Any], *, skip: int = 0) -> Iterator[None]:
    """Let something happen, once, in the middle of a client's call: at botocore's `event`, such as
    `before-call.dynamodb.UpdateItem`, after that has come `skip` times. Calls that it makes itself are not counted;
    what it returns is what botocore takes from a handler of that event."""
    left = skip

    def handler(**kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        return happening(**kwargs) if left == -1 else None

    client.meta.events.register_first(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)
    assert left < 0, f"{event} did not come that often"


@contextmanager
def always(client: Any, event: str, happening: Callable[..., Any]) -> Iterator[None]:
    """Let something happen at every one of a client's events of a kind."""
    client.meta.events.register_first(event, happening)
    try:
        yield
    finally:
        client.meta.events.unregister(event, happening)


@contextmanager
def write_units(client: Any) -> Iterator[list[float]]:
    """A list that grows by the write units of each write, of the table and its indexes together."""
    with _units(client, "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems") as units:
        yield units


@contextmanager
def read_units(client: Any) -> Iterator[list[float]]:
    """The same for the read units of each read. Only DynamoDB Local counts them as AWS does."""
    with _units(client, "GetItem", "BatchGetItem", "Query", "Scan") as units:
        yield units


@contextmanager
def _units(client: Any, *operations: str) -> Iterator[list[float]]:
    """What each of these calls consumes."""
    units: list[float] = []

    def ask(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def note(parsed: dict[str, Any], **_: Any) -> None:
        if "ConsumedCapacity" in parsed:
            consumed = parsed["ConsumedCapacity"]  # a list, where several tables could be in one call
            units.append((consumed if isinstance(consumed, dict) else consumed[0])["CapacityUnits"])

    events = client.meta.events
    hooks: list[tuple[str, Callable[..., Any]]] = [("provide-client-params", ask), ("after-call", note)]
    hooked = [(f"{event}.dynamodb.{operation}", handler) for operation in operations for event, handler in hooks]
    for event, handler in hooked:
        events.register(event, handler)
    try:
        yield units
    finally:
        for event, handler in hooked:
            events.unregister(event, handler)
