"""The table of protections in docs/guarantees.md."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tests.mutants.protection import ROOT, Protection, parts

PAGE = ROOT / "docs" / "guarantees.md"
BEGIN, END = "<!-- written by make mutants -->\n", "<!-- until here -->\n"


def line(protection: Protection) -> str:
    """A protection's line: its row, what was taken out, and the tests that failed."""
    names = " ".join(f"`{parts(test)[1]}`" for test in protection.tests)
    return f"| {protection.row} | {protection.what} | {names} |\n"


def table(protections: Iterable[Protection]) -> str:
    return "| # | taken out | failed |\n|---|---|---|\n" + "".join(map(line, protections))


def written(
    page: str,
    protections: Iterable[Protection],
    *,
    proven: Collection[Protection] = (),
    unproven: Collection[Protection] = (),
) -> str:
    """The page with a table of those that were just proven, and of those whose very line it had and that were not tried
    in vain since."""
    before, _, rest = page.partition(BEGIN)
    had, _, after = rest.partition(END)
    shown = [one for one in protections if one in proven or (line(one) in had and one not in unproven)]
    return f"{before}{BEGIN}{table(shown)}{END}{after}"
