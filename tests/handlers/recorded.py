"""Events as AWS delivers them, and parts of the functions made of fakes."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambdas.handlers.desk import Desk, SignIn
from lambdas.handlers.door import written
from lambdas.jobs.caller import Caller
from lambdas.jobs.destination import Rules
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.keys import EVERY_SCOPE
from lambdas.jobs.limiting import Limiter
from lambdas.jobs.limits import OwnerLimits
from lambdas.jobs.settle import Terms
from tests.examples import RETENTION_MS, new_id, new_key
from tests.fakes import (
    FakeAddresses,
    FakeAlerts,
    FakeClock,
    FakeCounters,
    FakeJobQueue,
    FakeJobStore,
    FakeJournal,
    FakeKeys,
    FakeOwners,
    FakeSender,
    FakeSigningSecrets,
    FakeTargets,
    FakeUsage,
)

API_URL = "https://jobs.example.com"
FIRST_JOB = "job_019970b42ccc7b0e8a54d1cf5d0a7f01"
SECOND_JOB = "job_019970b42ccc7b0e8a54d1cf5d0a7f02"
SIGN_IN = SignIn("https://id.example.com/.well-known/openid-configuration", "the-client")
TERMS = Terms(Horizon(), retention_ms=30 * 24 * 3_600_000, uniform=lambda low, high: low)


def event(name: str) -> Any:
    """The recorded event of this name."""
    return json.loads((Path(__file__).parent / "events" / f"{name}.json").read_text())


def http_event(
    method: str,
    path: str,
    content: bytes | str = "",
    *,
    owner: str | None,
    headers: Mapping[str, str],
    query: str = "",
    scopes: frozenset[str] = EVERY_SCOPE,
) -> Any:
    """The recorded request to the api, changed as told: bytes come as base64, as the gateway sends what may be binary.

    `headers` are added to the recorded ones, or replace them; `owner` is who asks as the function authorize told it,
    with these `scopes`, None for nobody.
    """
    changed = event("http_api")
    changed["rawPath"], changed["rawQueryString"] = path, query
    changed["requestContext"]["http"].update(method=method, path=path)
    changed["headers"].update({name.lower(): value for name, value in headers.items()})
    changed["isBase64Encoded"] = isinstance(content, bytes)
    changed["body"] = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    if owner is None:
        del changed["requestContext"]["authorizer"], changed["headers"]["authorization"]
    else:
        changed["requestContext"]["authorizer"]["lambda"] = written(Caller(owner, scopes))
    return changed


class FlushedJournal(FakeJournal):
    """A journal that counts how often its metrics were printed."""

    flushed: int = 0

    def flush(self) -> None:
        self.flushed += 1


@dataclass
class Service:
    """All ports as fakes under one clock."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeJobStore = field(default_factory=FakeJobStore)
    alerts: FakeAlerts = field(default_factory=FakeAlerts)
    secrets: FakeSigningSecrets = field(default_factory=FakeSigningSecrets)
    journal: FlushedJournal = field(default_factory=FlushedJournal)
    horizon: Horizon = field(default_factory=Horizon)
    limits: OwnerLimits = field(default_factory=OwnerLimits)
    sign_in: SignIn = SIGN_IN

    def __post_init__(self) -> None:
        self.queue = FakeJobQueue(self.clock)
        self.sender = FakeSender(self.clock)
        self.targets = FakeTargets()
        self.owners = FakeOwners()
        self.addresses = FakeAddresses()
        self.counters = FakeCounters()
        self.usage = FakeUsage(self.store)
        self.limiter = Limiter(usage=self.usage, journal=self.journal, defaults=self.limits)
        self.keys = FakeKeys()

    def desk(self, rules: Rules = Rules()) -> Desk:  # noqa: B008 (a frozen value)
        """What the api's routes need."""
        return Desk(
            keys=self.keys,
            store=self.store,
            journal=self.journal,
            clock=self.clock,
            horizon=self.horizon,
            rules=rules,
            retention_ms=RETENTION_MS,
            new_job_id=new_id,
            secrets=lambda: self.secrets,
            new_key=new_key,
            targets=lambda: self.targets,
            owners=lambda: self.owners,
            addresses=lambda: self.addresses,
            counters=lambda: self.counters,
            limiter=self.limiter,
            api_url=API_URL,
            sign_in=self.sign_in,
        )


class Context:
    """Lambda's context, of which only the time left is looked at."""

    def get_remaining_time_in_millis(self) -> int:
        return 120_000
