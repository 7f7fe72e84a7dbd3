"""Where secrets are kept: in the system's keyring if there is one that works, else in a file for their owner only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from punctual.cli.errors import NotSignedIn
from punctual.cli.files import made_private, write_private

SERVICE = "punctual"
"""What the keyring knows us by; its user name is that of the profile."""

KEYRING, FILE = "keyring", "file"


class Vault:
    """The secrets of profiles, by their names. `warn` is told what people should know of."""

    def __init__(self, folder: Path, *, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn

    def file_of(self, name: str) -> Path:
        """Where the secrets of a profile are, unless the keyring has them."""
        return self._folder / f"{name}.json"

    def keep(self, name: str, secrets: Mapping[str, Any], *, place: str = KEYRING) -> str:
        """Keep them, there if it can be. Returns where they are: "keyring" or "file"."""
        text = json.dumps(secrets)
        if place == KEYRING and self._keep_in_keyring(name, text):
            self.file_of(name).unlink(missing_ok=True)
            return KEYRING
        write_private(self.file_of(name), text + "\n")
        return FILE

    def read(self, name: str, place: str) -> Mapping[str, Any]:
        """What was kept there. Raises NotSignedIn if it cannot be had."""
        try:
            text = self._read_keyring(name) if place == KEYRING else self._read_file(name)
            secrets = json.loads(text)
            if not isinstance(secrets, dict):
                raise ValueError("it is no JSON object")
            return secrets
        except Exception as error:  # a keyring raises what it likes
            where = "the system's keyring" if place == KEYRING else self.file_of(name)
            raise NotSignedIn(
                f"The secrets of profile {name} cannot be read from {where}: {_words(error)}",
                hint=f"Sign in again with `punctual login --profile {name}`.",
            ) from error

    def forget(self, name: str, place: str) -> None:
        """Remove them from wherever they are."""
        self.file_of(name).unlink(missing_ok=True)
        if place == KEYRING:
            try:
                import keyring

                keyring.delete_password(SERVICE, name)
            except Exception as error:
                self._warn(f"The system's keyring did not remove the secrets of profile {name}: {_words(error)}")

    def _keep_in_keyring(self, name: str, text: str) -> bool:
        try:
            import keyring
        except ImportError:  # an extra
            return False
        try:
            keyring.set_password(SERVICE, name, text)
            if keyring.get_password(SERVICE, name) != text:
                raise ValueError("it does not give back what it is given")
        except Exception as error:
            self._warn(
                f"The system's keyring cannot be used ({_words(error)}). "
                f"The secrets are in {self.file_of(name)}, which only you may read."
            )
            return False
        return True

    def _read_keyring(self, name: str) -> str:
        import keyring

        text = keyring.get_password(SERVICE, name)
        if text is None:
            raise ValueError("it has none")
        return text

    def _read_file(self, name: str) -> str:
        file = self.file_of(name)
        if made_private(file):
            self._warn(f"Others on this machine could read {file}. Now only you may; sign in again if they should not.")
        return file.read_text("utf-8")


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
