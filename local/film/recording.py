"""What a terminal showed, and when: commands are typed, run in a pseudo-terminal, and their screens kept."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyte

PROMPT = "\x1b[1;32m$\x1b[0m "
TYPING_SECONDS = 0.045
BEFORE_ENTER_SECONDS = 0.6
READING_SECONDS = 3.0
"""How long the screen stays as it is after a command."""


class Run(NamedTuple):
    """Neighbouring cells that look alike. `colour` is pyte's: a name, six hexadecimal digits, or "default"."""

    column: int
    text: str
    colour: str
    bold: bool


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A screen, and from when on it was seen, in seconds."""

    at: float
    lines: tuple[Line, ...]


@dataclass
class Recording:
    """A terminal whose screens are kept. Times between typing and output are those that they were."""

    columns: int
    rows: int
    environment: dict[str, str]
    frames: list[Frame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._screen = pyte.Screen(self.columns, self.rows)
        self._screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.ByteStream(self._screen)
        self._now = 0.0

    def run(self, command: str, arguments: Sequence[str]) -> int:
        """Type `command`, run `arguments`, and leave what it printed. Returns the exit code."""
        self._show(PROMPT)
        for character in command:
            self._now += TYPING_SECONDS
            self._show(character)
        self._now += BEFORE_ENTER_SECONDS
        self._show("\r\n")
        code = self._play(arguments)
        self._now += READING_SECONDS
        return code

    @property
    def seconds(self) -> float:
        """How long it takes to see it."""
        return self._now

    def _play(self, arguments: Sequence[str]) -> int:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
        began, start = time.monotonic(), self._now
        with subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave, env=self.environment) as process:
            os.close(slave)
            while True:
                try:
                    data = os.read(master, 65_536)
                except OSError:  # the program has ended
                    break
                self._now = start + time.monotonic() - began
                self._show(data.decode("utf-8", "replace"))
        os.close(master)
        return process.returncode

    def _show(self, text: str) -> None:
        self._stream.feed(text.encode())
        lines = tuple(self._line(row) for row in range(self.rows))
        if not self.frames or self.frames[-1].lines != lines:
            self.frames.append(Frame(self._now, lines))

    def _line(self, row: int) -> Line:
        cells = self._screen.buffer[row]
        runs: list[Run] = []
        for column in range(self.columns):
            cell = cells[column]
            last = runs[-1] if runs else None
            if last and (last.colour, last.bold) == (cell.fg, cell.bold) and last.column + len(last.text) == column:
                runs[-1] = last._replace(text=last.text + cell.data)
            else:
                runs.append(Run(column, cell.data, cell.fg, cell.bold))
        return tuple(run for run in runs if run.text.strip())
