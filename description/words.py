"""What docs/api.md says, for machines: its tables and examples, so that no sentence has to be written twice."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
API_PAGE = ROOT / "docs" / "api.md"
ERRORS_PAGE = ROOT / "docs" / "errors.md"


@cache
def api_page() -> str:
    """docs/api.md."""
    return API_PAGE.read_text("utf-8")


@cache
def section(heading: str) -> str:
    """The text of docs/api.md under a heading, up to the next of the same level or a higher one."""
    found = re.search(rf"^(##+) {re.escape(heading)}\n", api_page(), re.MULTILINE)
    if found is None:
        raise KeyError(f"docs/api.md has no heading {heading!r}")
    rest = found.string[found.end() :]
    return re.split(rf"^#{{2,{len(found[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(heading: str) -> list[tuple[str, ...]]:
    """The rows of the tables under a heading, cell by cell as they are written."""
    lines = [line for line in section(heading).splitlines() if line.startswith("| ")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines[1:]]


@cache
def meanings(heading: str) -> dict[str, str]:
    """What the table under a heading says of each name in its first column: Markdown, with links to our own page."""
    told = {}
    for names, meaning, *limits in rows(heading):
        limited = f" Limits: {limits[0]}." if limits and limits[0].strip(" |") else ""
        for name in re.findall(r"`([^`]+)`", names):
            told[name] = linked(meaning.strip(" |") + limited)
    return told


def linked(markdown: str) -> str:
    """Markdown of docs/api.md for readers elsewhere: links lead to the page that the service shows."""
    here = re.sub(r"\]\((?:api\.md|errors\.md)?#([\w-]+)\)", r"](/docs#\1)", markdown)
    return re.sub(r"\[([^]]+)\]\([\w/.-]+\.md(?:#[\w-]+)?\)", r"\1", here)


def example(heading: str, number: int = 0) -> Any:
    """A JSON example under a heading, counted from 0."""
    return json.loads(re.findall(r"```json\n(.*?)```", section(heading), re.DOTALL)[number])


@cache
def codes_by_status() -> dict[int, tuple[str, ...]]:
    """The codes of problems by HTTP status, in the order of the table of errors."""
    by_status: dict[int, list[str]] = {}
    for status, codes, *_ in rows("Errors"):
        by_status.setdefault(int(status), []).extend(re.findall(r"`(\w+)`", codes))
    return {status: tuple(dict.fromkeys(codes)) for status, codes in by_status.items()}


@cache
def attempt_codes() -> tuple[str, ...]:
    """The codes of attempts that did not succeed."""
    return tuple(re.findall(r"^\| `(\w+)` \|", section("What becomes of an attempt"), re.MULTILINE))
