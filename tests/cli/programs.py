"""The real program in a process of its own: piped, or before a terminal whose screen can be read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "punctual.cli.main")
PATIENCE_SECONDS = 60
QUIET_SECONDS = 0.1
"""So long nothing more comes of what a program draws at one time."""


@dataclass(frozen=True)
class Finished:
    """How a run ended, and what it printed."""

    code: int
    out: str
    err: str


class Terminal:
    """A program before a terminal. `text` is what its screen shows."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, *, columns: int, rows: int) -> None:
        self.process = process
        self.raw = b""
        """All that the program has written, escapes and all."""
        self._master = master
        self._screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=1)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        """The screen's lines from the top, without trailing blanks."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def all_text(self) -> str:
        """What has left the screen at its top, then what is on it."""
        past = ["".join(line[x].data for x in range(self._screen.columns)) for line in self._screen.history.top]
        return "\n".join([*(line.rstrip() for line in past), self.text])

    def wait_for(self, shown: str | Callable[[str], bool]) -> str:
        """Read until the screen shows this, and what is drawn with it. Returns its text."""
        meets = shown if callable(shown) else lambda text: shown in text
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not meets(self.text):
            if not self._read(deadline):
                raise AssertionError(f"{shown!r} was not shown, but:\n{self.text}")
        for _ in range(10):  # what is drawn anew all the time is never quiet
            if not select.select([self._master], [], [], QUIET_SECONDS)[0] or not self._read(deadline):
                break
        return self.text

    def type(self, text: str) -> None:
        """Type this. `\\r` is the enter key, `\\x03` Ctrl-C."""
        os.write(self._master, text.encode())

    def resize(self, *, columns: int, rows: int) -> None:
        """Make its window another size."""
        self._screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def echoes(self) -> bool:
        """Whether what is typed is shown by the terminal itself, as it is for a shell."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def finished(self) -> int:
        """Read to the end. Returns the exit code."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._read(deadline):
            pass
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def _read(self, deadline: float) -> bool:
        if not select.select([self._master], [], [], max(0, deadline - time.monotonic()))[0]:
            raise AssertionError(f"the program was silent for too long; its screen:\n{self.text}")
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)


@dataclass(frozen=True)
class Program:
    """The program with an environment and a folder to run in."""

    environment: Mapping[str, str]
    folder: Path

    def run(self, *arguments: str, stdin: str | None = "", **changes: str) -> Finished:
        """Run it piped. `stdin` None: closed. `changes` are to the environment."""
        with contextlib.ExitStack() as stack:
            closed = {"preexec_fn": lambda: os.close(0)} if stdin is None else {}
            process = stack.enter_context(
                subprocess.Popen(
                    [*PROGRAM, *arguments],
                    stdin=subprocess.PIPE if stdin is not None else None,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env={**self.environment, **changes},
                    cwd=self.folder,
                    text=True,
                    encoding="utf-8",
                    **closed,  # type: ignore[call-overload]
                )
            )
            stack.callback(process.kill)  # one that hangs fails its test and no other
            out, err = process.communicate(stdin, timeout=PATIENCE_SECONDS)
        return Finished(process.returncode, out, err)

    @contextlib.contextmanager
    def before_terminal(
        self, *arguments: str, columns: int = 100, rows: int = 30, **changes: str
    ) -> Iterator[Terminal]:
        """Run it in a real pseudo-terminal. What still runs at the end of the block is ended."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        process = subprocess.Popen(
            [*PROGRAM, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**self.environment, "TERM": "xterm-256color", **changes},
            cwd=self.folder,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        try:
            yield Terminal(process, master, columns=columns, rows=rows)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=PATIENCE_SECONDS)
            os.close(master)


def program(folder: Path, api_url: str | None, token: str | None, **more: str) -> Program:
    """The program as a user has it whose home is `folder`, in the zone Europe/Berlin."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "TZ": "Europe/Berlin",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",  # that of whoever runs the tests is left alone
        **more,
    }
    if api_url and token:
        environment |= {"PUNCTUAL_API_URL": api_url, "PUNCTUAL_TOKEN": token}
    return Program(environment, folder)


def lines(text: str) -> Sequence[str]:
    """Lines that are not empty."""
    return [line for line in text.splitlines() if line.strip()]
