"""The documents, as tests read them: pages and their sections."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def page(name: str) -> str:
    """The text of a file, by its path from the root."""
    return (ROOT / name).read_text("utf-8")


def section(name: str, heading: str) -> str:
    """The text of a page under a heading, up to the next of the same level."""
    return page(name).split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
