"""Fakes of what owners have set and of their mailboxes; they run through the same contract suites as the adapters."""

from __future__ import annotations

import threading

from lambdas.jobs.errors import AddressRefused, AlertsUnavailable, DamagedSettings, StoreUnavailable
from lambdas.jobs.owner import OwnerSettings
from tests.fakes.hooks import Hooks


class FakeOwners:
    """Settings in a dictionary, each write atomic. `before[method]` is called once, at the next use of that method, and
    `after["write"]` after the next write.

    `down` makes every method raise, `damaged` holds owners whose settings cannot be understood until they are replaced.
    """

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.down = False
        self.damaged: set[str] = set()
        self._settings: dict[str, OwnerSettings] = {}
        self._lock = threading.Lock()

    def read(self, owner: str) -> OwnerSettings:
        self._happen("read")
        return self._read(owner)

    def glance(self, owner: str) -> OwnerSettings:
        self._happen("glance")
        return self._read(owner)

    def write(self, owner: str, settings: OwnerSettings) -> bool:
        self._happen("write")
        with self._lock:
            found = self._settings.get(owner, OwnerSettings())
            if owner not in self.damaged and found.version == settings.version - 1:
                found = self._settings[owner] = settings
        if happen := self.after.pop("write", None):
            happen()
        return found == settings

    def replace(self, owner: str, settings: OwnerSettings, damaged: DamagedSettings) -> bool:
        self._happen("replace")
        with self._lock:
            if owner in self.damaged and damaged.version == self._version(owner):
                self.damaged.remove(owner)
                self._settings[owner] = settings
            return self._settings.get(owner) == settings

    def _read(self, owner: str) -> OwnerSettings:
        with self._lock:
            if owner in self.damaged:
                raise DamagedSettings(f"OWNER#{owner}", "a test said so", version=self._version(owner))
            return self._settings.get(owner, OwnerSettings())

    def _version(self, owner: str) -> int:
        return self._settings.get(owner, OwnerSettings()).version

    def _happen(self, method: str) -> None:
        if self.down:
            raise StoreUnavailable("a test said so")
        if happen := self.before.pop(method, None):
            happen()


class FakeAddresses:
    """Mailboxes that get links. `links` holds each link that was sent; `confirm` follows one, `unsubscribe` undoes it.

    `looks` holds each question whether one was followed. `down` makes every method raise; to an address at
    `refused.example` no mail can be sent.
    """

    def __init__(self) -> None:
        self.links: list[tuple[str, str]] = []
        self.looks: list[tuple[str, str]] = []
        self.down = False
        self._confirmed: dict[tuple[str, str], bool] = {}

    def ask(self, owner: str, email: str) -> None:
        self._check()
        if email.endswith("@refused.example"):
            raise AddressRefused(email)
        if not self._confirmed.setdefault((owner, email), False):
            self.links.append((owner, email))

    def is_confirmed(self, owner: str, email: str) -> bool:
        self._check()
        self.looks.append((owner, email))
        return self._confirmed.get((owner, email), False)

    def forget(self, owner: str, email: str) -> None:
        self._check()
        self._confirmed.pop((owner, email), None)

    def confirm(self, owner: str, email: str) -> None:
        assert (owner, email) in self.links
        self._confirmed[owner, email] = True

    def unsubscribe(self, owner: str, email: str) -> None:
        self._confirmed[owner, email] = False

    def _check(self) -> None:
        if self.down:
            raise AlertsUnavailable("a test said so")
