"""The things behind the ports, each made anew for a test: the fakes, and the adapters on what stands for AWS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from moto import mock_aws

from lambdas.adapters.dynamodb_alert_groups import DynamoDbAlertGroups
from lambdas.adapters.dynamodb_counters import DynamoDbCounters
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.adapters.dynamodb_keys import DynamoDbKeys
from lambdas.adapters.dynamodb_owners import DynamoDbOwners
from lambdas.adapters.dynamodb_signing_secrets import DynamoDbSigningSecrets
from lambdas.adapters.dynamodb_targets import DynamoDbTargets
from lambdas.adapters.dynamodb_usage import DynamoDbUsage
from lambdas.adapters.kms_seal import KmsSeal
from lambdas.jobs.ports import AlertGroups, Counters, JobStore, KeyStore, OwnerStore, SigningSecrets, Targets, Usage
from local.emulator import Emulator
from tests.contracts.aws_places import client, make_table
from tests.contracts.dynamodb_local.running import NotHere, running
from tests.contracts.mailboxes import AddressesUnderTest, FakeAddressesUnderTest, SnsAddressesUnderTest
from tests.contracts.queue_places import (
    AlertsUnderTest,
    FakeAlertsUnderTest,
    FakeQueueUnderTest,
    QueueUnderTest,
    SnsUnderTest,
    SqsUnderTest,
)
from tests.examples import RETENTION_MS
from tests.fakes import (
    NOW_MS,
    FakeAlertGroups,
    FakeClock,
    FakeCounters,
    FakeJobStore,
    FakeKeys,
    FakeOwners,
    FakeSigningSecrets,
    FakeTargets,
    FakeUsage,
)

PAGE = 5
"""Jobs on one page of the due index: few, so that tests turn pages."""

LOOKED_THROUGH = 5
"""Entries that a page looks through for names and hosts."""

MOST_KEYS = 6
"""API keys of one owner: few, so that tests come to the end of them."""

EMULATOR = pytest.param("emulator", marks=pytest.mark.emulator)
DYNAMODB_LOCAL = pytest.param("dynamodb-local", marks=pytest.mark.emulator)


@pytest.fixture(scope="session")
def dynamodb_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of Amazon's own DynamoDB for one machine. Nice to have: where it cannot run, its tests are skipped."""
    try:
        with running(tmp_path_factory.mktemp("dynamodb-local") / "log") as endpoint_url:
            yield endpoint_url
    except NotHere as reason:
        pytest.skip(f"DynamoDB Local: {reason}")


@pytest.fixture
def moto() -> Iterator[None]:
    """AWS as moto plays it, empty, inside this process."""
    with mock_aws():
        yield


@dataclass(frozen=True, slots=True)
class Table:
    """A table of its own for a test."""

    client: Any
    name: str

    def owners(self) -> DynamoDbOwners:
        return DynamoDbOwners(self.client, self.name)

    def alert_groups(self) -> DynamoDbAlertGroups:
        return DynamoDbAlertGroups(self.client, self.name)

    def counters(self) -> DynamoDbCounters:
        return DynamoDbCounters(self.client, self.name)

    def keys(self) -> DynamoDbKeys:
        return DynamoDbKeys(self.client, self.name, most=MOST_KEYS)

    def store(self, *, due_page: int = PAGE) -> DynamoDbJobStore:
        return DynamoDbJobStore(
            self.client, self.name, retention_ms=RETENTION_MS, due_page=due_page, look_through=LOOKED_THROUGH
        )

    def targets(self) -> DynamoDbTargets:
        return DynamoDbTargets(self.client, self.name)

    def usage(self) -> DynamoDbUsage:
        return DynamoDbUsage(self.client, self.name)


@dataclass(frozen=True, slots=True)
class Used:
    """The usage of owners and the store that their jobs are in."""

    usage: Usage
    store: JobStore


@pytest.fixture(params=["moto", EMULATOR, DYNAMODB_LOCAL])
def table(request: pytest.FixtureRequest) -> Table:
    """An empty table, on each of the places that stand for DynamoDB."""
    return table_in(request.param, request)


@pytest.fixture(params=["fake", "moto", EMULATOR, DYNAMODB_LOCAL])
def store(request: pytest.FixtureRequest) -> JobStore:
    """An empty job store: the fake, and the adapter on each of the places that stand for DynamoDB."""
    if request.param == "fake":
        return FakeJobStore(page_size=PAGE)
    return table_in(request.param, request).store()


@pytest.fixture(params=["fake", "moto", EMULATOR, DYNAMODB_LOCAL])
def targets(request: pytest.FixtureRequest) -> Targets:
    """Records of targets, none yet: the fake, and the adapter on each of the places that stand for DynamoDB."""
    return FakeTargets() if request.param == "fake" else table_in(request.param, request).targets()


@pytest.fixture(params=["fake", "moto", EMULATOR, DYNAMODB_LOCAL])
def used(request: pytest.FixtureRequest) -> Used:
    """What owners use, nothing yet, and the jobs that are counted."""
    if request.param == "fake":
        store = FakeJobStore()
        return Used(FakeUsage(store), store)
    table = table_in(request.param, request)
    return Used(table.usage(), table.store())


@pytest.fixture(params=["fake", "moto", EMULATOR, DYNAMODB_LOCAL])
def keys(request: pytest.FixtureRequest) -> KeyStore:
    """API keys, none yet."""
    return FakeKeys(MOST_KEYS) if request.param == "fake" else table_in(request.param, request).keys()


@pytest.fixture(params=["fake", "moto", EMULATOR, DYNAMODB_LOCAL])
def alert_groups(request: pytest.FixtureRequest) -> AlertGroups:
    """What failures wait to be told together: nothing yet."""
    if request.param == "fake":
        return FakeAlertGroups()
    return table_in(request.param, request).alert_groups()


@pytest.fixture(params=["fake", "moto", EMULATOR, DYNAMODB_LOCAL])
def counters(request: pytest.FixtureRequest) -> Counters:
    """Counters of jobs: nothing counted yet."""
    return FakeCounters() if request.param == "fake" else table_in(request.param, request).counters()


@pytest.fixture(params=["fake", "moto", EMULATOR])
def job_queue(request: pytest.FixtureRequest) -> Iterator[QueueUnderTest]:
    """An empty jobs queue with its dead letters; moto's clock stands until a test moves it."""
    if request.param == "fake":
        yield FakeQueueUnderTest()
    elif request.param == "emulator":
        yield SqsUnderTest(client("sqs", endpoint_of(request.param, request)), move_time=None)
    else:
        sqs = client("sqs", endpoint_of(request.param, request))
        with time_machine.travel(NOW_MS / 1000, tick=False) as traveller:
            yield SqsUnderTest(sqs, move_time=traveller.shift)


@pytest.fixture(params=["fake", "moto", EMULATOR])
def alerts(request: pytest.FixtureRequest) -> AlertsUnderTest:
    """A channel of alerts, and a subscriber of it."""
    if request.param == "fake":
        return FakeAlertsUnderTest()
    endpoint_url = endpoint_of(request.param, request)
    return SnsUnderTest.made(client("sns", endpoint_url), client("sqs", endpoint_url), endpoint_url)


@pytest.fixture(params=["fake", "moto", EMULATOR])
def mailboxes(request: pytest.FixtureRequest) -> AddressesUnderTest:
    """Owners' mailboxes, of which none is known yet."""
    if request.param == "fake":
        return FakeAddressesUnderTest()
    endpoint_url = endpoint_of(request.param, request)
    return SnsAddressesUnderTest(client("sns", endpoint_url), endpoint_url)


@pytest.fixture(params=["fake", EMULATOR])
def mailboxes_that_wait(request: pytest.FixtureRequest) -> AddressesUnderTest:
    """The same, where an address is not taken for confirmed before its link was followed."""
    if request.param == "fake":
        return FakeAddressesUnderTest()
    endpoint_url = endpoint_of(request.param, request)
    return SnsAddressesUnderTest(client("sns", endpoint_url), endpoint_url)


@pytest.fixture(params=["fake", "moto", EMULATOR, DYNAMODB_LOCAL])
def owners(request: pytest.FixtureRequest) -> OwnerStore:
    """What owners have set: nothing yet."""
    return FakeOwners() if request.param == "fake" else table_in(request.param, request).owners()


@dataclass(frozen=True, slots=True)
class Vault:
    """A table and a key of its own for a test, where secrets lie."""

    table: Table
    kms: Any
    key_arn: str
    clock: FakeClock

    def secrets(self, *, purpose: str = "signing-secret") -> DynamoDbSigningSecrets:
        seal = KmsSeal(lambda: self.kms, key_arn=self.key_arn, purpose=purpose)
        return DynamoDbSigningSecrets(self.table.client, self.table.name, seal=seal, clock=self.clock)


@pytest.fixture(params=["moto", EMULATOR])
def vault(request: pytest.FixtureRequest) -> Vault:
    """An empty table and a new key, on each of the places that have both."""
    return vault_in(request.param, request)


@pytest.fixture(params=["fake", "moto", EMULATOR])
def secrets(request: pytest.FixtureRequest) -> SigningSecrets:
    """Signing secrets of nobody yet: the fake, and the adapter on each of the places that have a table and keys."""
    return FakeSigningSecrets() if request.param == "fake" else vault_in(request.param, request).secrets()


def vault_in(place: str, request: pytest.FixtureRequest) -> Vault:
    kms = client("kms", endpoint_of(place, request))
    return Vault(table_in(place, request), kms, kms.create_key()["KeyMetadata"]["Arn"], FakeClock())


def table_in(place: str, request: pytest.FixtureRequest) -> Table:
    dynamodb = client("dynamodb", endpoint_of(place, request))
    return Table(dynamodb, make_table(dynamodb))


def endpoint_of(place: str, request: pytest.FixtureRequest) -> str | None:
    """Where a place listens; None for moto, which is everywhere inside this process."""
    if place == "emulator":
        started: Emulator = request.getfixturevalue("emulator")
        return started.endpoint_url
    if place == "dynamodb-local":
        url: str = request.getfixturevalue("dynamodb_local")
        return url
    request.getfixturevalue("moto")
    return None
