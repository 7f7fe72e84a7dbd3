"""Profiles: which services a user is signed in to, by names of the user's own. Their secrets are elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from punctual.cli.errors import CommandFailed, Misused, NotSignedIn
from punctual.cli.files import locked, write_private
from punctual.cli.vault import Vault

FIRST = "default"
"""The name of a profile that got none."""

LOCAL = "local"
"""The stack that runs beside. It is found, not signed in to."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Profile:
    """A service, and how its user is signed in there: `by` "browser", "password" or "key".

    `place` is where the secrets are; `issuer` what `Issuer.as_raw` gave, None for a key.
    """

    api_url: str
    by: str
    place: str
    issuer: Mapping[str, Any] | None = None


def checked_name(name: str) -> str:
    """The name, if a profile may have it. Raises Misused."""
    if name == LOCAL:
        raise Misused(f"The profile {LOCAL} is the service that `make run` starts; it needs no sign-in.")
    if not _NAME.fullmatch(name):
        raise Misused(f"{name!r} is no name of a profile: letters, digits and . _ - are, up to 64.")
    return name


class Profiles:
    """The user's profiles, in a folder of the platform's own, and their secrets."""

    def __init__(self, folder: Path | None = None, *, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn

    @cached_property
    def folder(self) -> Path:
        """Where they are: the platform's place for settings of a user."""
        if self._folder is not None:
            return self._folder
        from platformdirs import user_config_path

        return user_config_path("punctual", appauthor=False)

    @cached_property
    def vault(self) -> Vault:
        """Their secrets."""
        return Vault(self.folder / "secrets", warn=self._warn)

    @property
    def _file(self) -> Path:
        return self.folder / "profiles.json"

    def all(self) -> Mapping[str, Profile]:
        """Every profile by its name."""
        return self._read()[1]

    @property
    def default(self) -> str | None:
        """The name of the profile that counts when none is named; None if there is none."""
        return self._read()[0]

    def get(self, name: str) -> Profile:
        """The profile of this name. Raises NotSignedIn."""
        profiles = self.all()
        if name not in profiles:
            there = f"There are: {', '.join(profiles)}." if profiles else "There is none at all."
            raise NotSignedIn(
                f"There is no profile {name}. {there}", hint=f"Make it with `punctual login --profile {name} API_URL`."
            )
        return profiles[name]

    def put(self, name: str, profile: Profile) -> None:
        """Keep a profile. The first one is the default."""
        with self._changing() as (default, profiles):
            profiles[name] = profile
            self._write(default or name, profiles)

    def use(self, name: str) -> None:
        """Make a profile the default. Raises NotSignedIn if there is none of this name."""
        self.get(name)
        with self._changing() as (_, profiles):
            self._write(name, profiles)

    def remove(self, name: str) -> str | None:
        """Forget a profile. Returns the name of the default from now on: if it was this one, the one that is left."""
        with self._changing() as (default, profiles):
            profiles.pop(name, None)
            if default == name:
                default = next(iter(profiles)) if len(profiles) == 1 else None
            self._write(default, profiles)
        return default

    def renewing(self, name: str) -> AbstractContextManager[None]:
        """A block in which no other process renews the tokens of this profile."""
        return locked(self.folder / "secrets" / f"{name}.lock")

    @contextmanager
    def _changing(self) -> Iterator[tuple[str | None, dict[str, Profile]]]:
        with locked(self.folder / "profiles.lock"):
            yield self._read()

    def _read(self) -> tuple[str | None, dict[str, Profile]]:
        try:
            raw = json.loads(self._file.read_text("utf-8"))
            return raw["default"], {name: Profile(**each) for name, each in raw["profiles"].items()}
        except FileNotFoundError:
            return None, {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandFailed(
                f"{self._file} cannot be read: {error}", hint="Mend it, or delete it and sign in again."
            ) from error

    def _write(self, default: str | None, profiles: Mapping[str, Profile]) -> None:
        raw = {"default": default, "profiles": {name: asdict(profile) for name, profile in profiles.items()}}
        write_private(self._file, json.dumps(raw, indent=2) + "\n")
