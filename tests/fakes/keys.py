"""The fake of the store of API keys; it runs through the same contract suite as the adapter."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from lambdas.jobs.errors import DamagedItem, KeyExists, KeysFull, StoreUnavailable
from lambdas.jobs.keys import MOST_KEYS, ApiKey


class FakeKeys:
    """Keys in a dictionary. `down` makes every method raise StoreUnavailable, `damaged` holds ids of keys that cannot
    be understood; `lost` methods raise once before they do anything; `finds` and `notes` count what
    the door asks and writes."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        self.down = False
        self.lost: set[str] = set()
        self.damaged: set[str] = set()
        self.finds = 0
        self.notes = 0
        self._keys: dict[str, ApiKey] = {}
        self._most = most
        self._lock = threading.Lock()

    def add(self, key: ApiKey) -> None:
        self._check()
        if "add" in self.lost:
            self.lost.remove("add")
            raise StoreUnavailable("a test said so")
        with self._lock:
            found = self._keys.get(key.id)
            if found is not None and found != key:
                raise KeyExists
            if found is None and sum(each.owner == key.owner for each in self._keys.values()) >= self._most:
                raise KeysFull
            self._keys[key.id] = key

    def find(self, key_id: str) -> ApiKey | None:
        self._check()
        self.finds += 1
        if key_id in self.damaged:
            raise DamagedItem(f"KEY#{key_id}", "a test said so")
        with self._lock:
            return self._keys.get(key_id)

    def of_owner(self, owner: str) -> Sequence[ApiKey]:
        self._check()
        with self._lock:
            keys = [key for key in self._keys.values() if key.owner == owner and key.id not in self.damaged]
        return sorted(keys, key=lambda key: (key.created_at_ms, key.id))

    def revoke(self, key_id: str, *, owner: str) -> bool:
        self._check()
        with self._lock:
            key = self._keys.get(key_id)
            if key is None or key.owner != owner:
                return False
            del self._keys[key_id]
        return True

    def note_use(self, key: ApiKey, *, now_ms: int) -> None:
        self._check()
        self.notes += 1
        with self._lock:
            if found := self._keys.get(key.id):
                self._keys[key.id] = replace(found, last_used_at_ms=now_ms)

    def _check(self) -> None:
        if self.down:
            raise StoreUnavailable("a test said so")
