"""Somebody who signs in with the program."""

from __future__ import annotations

import contextlib
import fcntl
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.cli import browser
from tests.cli.programs import Finished, Program

BROWSER = f"{shlex.quote(sys.executable)} {shlex.quote(browser.__file__)} %s"
KEY = "punctual_live_5f0c2a91d7e84b36_" + "k" * 49


@contextlib.contextmanager
def turn_at_the_callback() -> Iterator[None]:
    """The port of the callback is one for the whole machine: tests that use it take turns, whoever runs them."""
    with open(Path(tempfile.gettempdir()) / "punctual-tests-8976.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


class User:
    """Somebody with the program, a browser, and the service's address."""

    def __init__(self, program: Program, api_url: str) -> None:
        self.program = program
        self.api_url = api_url
        self.saw = program.folder / "seen.html"

    def login(self, *options: str, stdin: str = "", **changes: str) -> Finished:
        everything = {"BROWSER": BROWSER, "BROWSER_SAW": str(self.saw), **changes}
        return self.program.run("login", self.api_url, *options, stdin=stdin, **everything)

    def run(self, *arguments: str, **changes: str) -> Finished:
        return self.program.run(*arguments, **changes)

    @property
    def secrets(self) -> Path:
        return self.program.folder / "config" / "punctual" / "secrets" / "default.json"

    @property
    def is_signed_in(self) -> bool:
        return self.run("whoami").code == 0
