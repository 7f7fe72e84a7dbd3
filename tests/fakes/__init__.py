"""Small fakes of the ports, with behaviour: tests look at what came of it, not at who called whom.

The store, the queue and the alerts run through the same contract suites as the adapters (`tests/contracts/`), so that
a fake cannot drift from what it stands for.
"""

from __future__ import annotations

from tests.fakes.alerts import FakeAlerts
from tests.fakes.clock import NOW_MS, FakeClock
from tests.fakes.hooks import Hooks
from tests.fakes.job_queue import FakeJobQueue
from tests.fakes.job_store import FakeJobStore
from tests.fakes.journal import FakeJournal, Told
from tests.fakes.sender import FakeOpened, FakeSender, Script, Sent
from tests.fakes.signing_secrets import FakeSigningSecrets
from tests.fakes.targets import FakeTargets

__all__ = [
    "NOW_MS",
    "FakeAlerts",
    "FakeClock",
    "FakeJobQueue",
    "FakeJobStore",
    "FakeJournal",
    "FakeOpened",
    "FakeSender",
    "FakeSigningSecrets",
    "FakeTargets",
    "Hooks",
    "Script",
    "Sent",
    "Told",
]
