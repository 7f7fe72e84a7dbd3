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
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
"""A block of code in a page: its language, and its text."""


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
    """Markdown of docs/api.md for readers elsewhere: links lead to the page that the service shows,
    from where the description is: `docs` beside `openapi.json`."""
    here = re.sub(r"\]\((?:api\.md|errors\.md)?#([\w-]+)\)", r"](docs#\1)", markdown)
    return re.sub(r"\[([^]]+)\]\([\w/.-]+\.md(?:#[\w-]+)?\)", r"\1", here)


def example(heading: str, number: int = 0) -> Any:
    """An answer that is shown under a heading, counted from 0, without the marks for what is left out there."""
    answers = [text for kind, text in FENCED.findall(section(heading)) if kind in ("", "json")]
    return _without_marks(answer(answers[number]))


def sent(heading: str, number: int = 0) -> Any:
    """The document that a command under a heading sends, counted from 0."""
    return json.loads(re.findall(r" -d '(.*?)'", section(heading), re.DOTALL)[number])


def answer(shown: str) -> Any:
    """The JSON of a shown answer. `…` for members or elements that are left out is a member or element "…" in it."""
    inside: list[str] = []
    written = []
    for part in re.findall(r'"(?:[^"\\]|\\.)*"|[][{}…]|[^][{}…"]+', shown):
        if part in "[{":
            inside.append(part)
        elif part in "]}":
            inside.pop()
        written.append(part if part != "…" else '"…"' if inside[-1] == "[" else '"…": "…"')
    return json.loads("".join(written))


def _without_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_marks(member) for name, member in value.items() if name != "…"}
    if isinstance(value, list):
        return [_without_marks(element) for element in value if element != "…"]
    return value


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
