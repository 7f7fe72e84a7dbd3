"""Small fakes of the ports, with behaviour: tests look at what came of it, not at who called whom.

Those of stores, queues and alerts run through the same contract suites as the adapters (`tests/contracts/`), so that
a fake cannot drift from what it stands for.
"""

from __future__ import annotations

from tests.fakes.alert_groups import FakeAlertGroups
from tests.fakes.alerts import FakeAlerts
from tests.fakes.clock import NOW_MS, FakeClock
from tests.fakes.counters import FakeCounters
from tests.fakes.hooks import Hooks
from tests.fakes.job_queue import FakeJobQueue
from tests.fakes.job_store import FakeJobStore
from tests.fakes.journal import FakeJournal, Told
from tests.fakes.keys import FakeKeys
from tests.fakes.names import FakeNames
from tests.fakes.owners import FakeAddresses, FakeOwners
from tests.fakes.sender import FakeOpened, FakeSender, Script, Sent
from tests.fakes.signing_secrets import FakeSigningSecrets
from tests.fakes.targets import FakeTargets
from tests.fakes.usage import FakeUsage

__all__ = [
    "NOW_MS",
    "FakeAddresses",
    "FakeAlertGroups",
    "FakeAlerts",
    "FakeClock",
    "FakeCounters",
    "FakeJobQueue",
    "FakeJobStore",
    "FakeJournal",
    "FakeKeys",
    "FakeNames",
    "FakeOpened",
    "FakeOwners",
    "FakeSender",
    "FakeSigningSecrets",
    "FakeTargets",
    "FakeUsage",
    "Hooks",
    "Script",
    "Sent",
    "Told",
]
