"""Where a command prints: data to stdout, talk to stderr, in the form that was asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from punctual.cli.plain import escaped_in_json, plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    Entry = tuple[Mapping[str, Any], str, Sequence[str | Text]]


class Terminal:
    """What a command prints to. `as_json` and `quiet` are the two forms for scripts; otherwise it is for people."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False, colour: bool | None = None) -> None:
        """`colour` None: where it is a terminal, unless NO_COLOR is set or TERM is "dumb"."""
        self.as_json = as_json
        self.quiet = quiet
        self._colour = colour
        self._consoles: dict[str, Console] = {}

    @property
    def interactive(self) -> bool:
        """Whether somebody can be asked: both what is read and where questions go are a terminal."""
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def draws(self) -> bool:
        """Whether stderr is a terminal on which lines can be drawn over (countdowns, progress), and somebody looks."""
        return sys.stderr.isatty() and not self.quiet and not self.as_json and os.environ.get("TERM") != "dumb"

    @property
    def aligns(self) -> bool:
        """Whether what goes to stdout is laid out for people; else it is for programs, a line for each thing."""
        return sys.stdout.isatty() or bool(self._colour)

    @property
    def width(self) -> int:
        """Columns of stdout; plenty where it is no terminal, so that nothing is left out."""
        return self.out.width if self.aligns else 200

    def answer(self, item: Mapping[str, Any], *, ids: Iterable[str], shown: Callable[[], None]) -> None:
        """What a command is for: one JSON object, ids, or what `shown` prints."""
        if self.as_json:
            self.json(item)
        elif self.quiet:
            self.ids(ids)
        else:
            shown()

    def json(self, item: Mapping[str, Any]) -> None:
        """One JSON object on a line of its own, so that any number of them can be read one by one."""
        text = json.dumps(item, ensure_ascii=not _writes_unicode(), separators=(",", ":"))
        sys.stdout.write(escaped_in_json(text) + "\n")
        sys.stdout.flush()

    def ids(self, ids: Iterable[str]) -> None:
        """Ids, a line each."""
        for one in ids:
            sys.stdout.write(plain(one) + "\n")
        sys.stdout.flush()

    def show(self, *what: RenderableType) -> None:
        """Something for people, to stdout. Strings are made harmless here, and no markup in them is understood."""
        self._print("stdout", what)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
        """Rows to stdout: aligned below headings in a terminal; else as they come, tabs between, nothing shortened.

        Cells are made harmless here. A Text gives its style to the whole cell.
        """
        if not self.aligns:
            for row in rows:
                self.line(*map(str, row))
            return
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(heading)
        for row in rows:
            table.add_row(*(Text(plain(str(cell)), style=cell.style if isinstance(cell, Text) else "") for cell in row))
        self.out.print(table)

    def line(self, *cells: str) -> None:
        """A line to stdout for programs: cells with tabs between, made harmless, nothing shortened."""
        sys.stdout.write("\t".join(map(plain, cells)) + "\n")

    def listing(self, headings: Sequence[str], entries: Sequence[Entry], *, none: str) -> None:
        """Things that are listed, each as its JSON object, its id and its row; `none` is said when there are none."""
        if self.as_json:
            for item, _, _ in entries:
                self.json(item)
        elif self.quiet:
            self.ids(one for _, one, _ in entries)
        elif entries:
            self.table(headings, [row for _, _, row in entries])
        if not entries:
            self.say(none)

    def say(self, *what: RenderableType) -> None:
        """Talk, to stderr. Nothing is said with --quiet."""
        if not self.quiet:
            self.warn(*what)

    def warn(self, *what: RenderableType) -> None:
        """Talk that is said with --quiet too: errors, and what scripts should not miss."""
        self._print("stderr", what)

    @property
    def out(self) -> Console:
        """rich's console of stdout, for what is drawn live."""
        return self._console("stdout")

    @property
    def err(self) -> Console:
        """rich's console of stderr, for what is drawn live."""
        return self._console("stderr")

    def _print(self, name: str, what: tuple[RenderableType, ...]) -> None:
        # A Text is made of harmless parts by whoever styles it; of a string nobody has to think.
        what = tuple(plain(part, lines=True) if isinstance(part, str) else part for part in what)
        if name not in self._consoles and all(isinstance(part, str) for part in what):
            # rich takes 40 ms of CPU to be there; once it draws, it has to know of all that is printed.
            click.echo(" ".join(map(str, what)), err=name == "stderr")
            return
        from rich.text import Text

        console = self._console(name)
        strings = all(isinstance(part, str) for part in what)
        piped = not console.is_terminal and all(isinstance(part, str | Text) for part in what)
        console.print(*what, soft_wrap=strings or piped)

    def _console(self, name: str) -> Console:
        if name not in self._consoles:
            from rich.console import Console

            self._consoles[name] = Console(
                stderr=name == "stderr",
                no_color=None if self._colour is None else not self._colour,
                force_terminal=True if self._colour else None,
                markup=False,
                emoji=False,
                highlight=False,
            )
        return self._consoles[name]


def _writes_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
