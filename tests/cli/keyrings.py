"""Keyrings for PYTHON_KEYRING_BACKEND, by keyring's own API: what a system has that is not this one."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, KeyringLocked, PasswordDeleteError


class Kept(KeyringBackend):
    """One that works, and outlives the program: its secrets are in the file that TEST_KEYRING names."""

    priority = 5

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write({**self._read(), f"{service}/{username}": password})

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}/{username}")

    def delete_password(self, service: str, username: str) -> None:
        secrets = self._read()
        if secrets.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("There is none.")
        self._write(secrets)

    def _read(self) -> dict[str, str]:
        file = Path(os.environ["TEST_KEYRING"])
        return dict(json.loads(file.read_text())) if file.exists() else {}

    def _write(self, secrets: dict[str, str]) -> None:
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(secrets))


class Locked(Kept):
    """One that nobody unlocks, as over ssh."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("Failed to unlock the collection!")

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked("Failed to unlock the collection!")


class Broken(Kept):
    """One whose service raises what is no error of keyring's."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("DBus connection closed\nwith more lines")


class Forgetful(Kept):
    """One that says yes and keeps nothing, as keyring's own null does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Small(Kept):
    """One with as little room as Windows' own."""

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password) > 20:
            raise KeyringError("CredWrite: the stub received bad data")
        super().set_password(service, username, password)
