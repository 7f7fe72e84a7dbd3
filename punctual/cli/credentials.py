"""Which service is asked, and with which token: the environment, or the service that runs beside."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from punctual.cli.errors import NotSignedIn

STACK_FILE = Path(".local") / "stack.json"
"""Written by `make run` while the service is up."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A service and who asks it. `source` says where they were found, for people."""

    api_url: str
    token: str = field(repr=False)
    source: str


def find(*, environment: Mapping[str, str] = os.environ, folder: Path | None = None) -> Credentials:
    """What to use. Raises NotSignedIn if there is nothing."""
    url, token = environment.get("PUNCTUAL_API_URL"), environment.get("PUNCTUAL_TOKEN")
    if url and token:
        return Credentials(url, token, "PUNCTUAL_API_URL and PUNCTUAL_TOKEN")
    start = folder or Path.cwd()
    for place in (start, *start.parents):
        file = place / STACK_FILE
        if file.is_file():
            stack = json.loads(file.read_text("utf-8"))
            return Credentials(stack["api_url"], stack["token"], str(file))
    raise NotSignedIn(
        "You are not signed in.", hint="Set PUNCTUAL_API_URL and PUNCTUAL_TOKEN, or go where `make run` runs."
    )
