"""The fake of the owners' signing secrets."""

from __future__ import annotations

from lambdas.jobs.errors import DamagedSecret, StoreUnavailable
from lambdas.jobs.signing import SigningSecret
from tests.fakes.hooks import Hooks, happen


class FakeSigningSecrets:
    """Secrets in a dictionary. `down` makes every method raise StoreUnavailable, `damaged` holds owners whose secret
    cannot be understood, `told` those of them whose operators know; `before` and `after` are as those of the store."""

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.down = False
        self.damaged: set[str] = set()
        self.told: set[str] = set()
        self.reads = 0
        self._secrets: dict[str, SigningSecret] = {}

    def read(self, owner: str) -> SigningSecret | None:
        self._check("read")
        self.reads += 1
        found = self._understood(owner)
        happen(self.after, "read")
        return found

    def glance(self, owner: str) -> SigningSecret | None:
        return self.read(owner)

    def write(self, owner: str, secret: SigningSecret) -> SigningSecret:
        self._check("write")
        found = self._secrets.get(owner)
        if secret.version == (found.version if found else 0) + 1:
            self._put(owner, secret)
        happen(self.after, "write")
        return self._stored(owner)

    def replace(self, owner: str, secret: SigningSecret, damaged: DamagedSecret) -> SigningSecret:
        self._check("replace")
        found = self._secrets.get(owner)
        if found is not None and found.version == damaged.version:
            self._put(owner, secret)
        happen(self.after, "replace")
        return self._stored(owner)

    def note_told(self, owner: str, damaged: DamagedSecret, *, now_ms: int) -> None:
        self._check("note_told")
        found = self._secrets.get(owner)
        if found is not None and found.version == damaged.version:
            self.told.add(owner)
        happen(self.after, "note_told")

    def delete(self, owner: str) -> None:
        """What only an operator can do."""
        del self._secrets[owner]

    def _put(self, owner: str, secret: SigningSecret) -> None:
        self._secrets[owner] = secret
        self.damaged.discard(owner)
        self.told.discard(owner)

    def _stored(self, owner: str) -> SigningSecret:
        found = self._understood(owner)
        if found is None:
            raise StoreUnavailable("the secret was deleted while it was being replaced")
        return found

    def _understood(self, owner: str) -> SigningSecret | None:
        found = self._secrets.get(owner)
        if found is not None and owner in self.damaged:
            key = f"OWNER#{owner}/SIGNING"
            raise DamagedSecret(key, "a test said so", version=found.version, told=owner in self.told)
        return found

    def _check(self, method: str) -> None:
        if self.down:
            raise StoreUnavailable("a test said so")
        happen(self.before, method)
