"""`make manual`: the part of docs/cli.md that comes from the commands."""

from __future__ import annotations

from local import paths
from punctual.cli.manual import MARK, manual

PAGE = paths.ROOT / "docs" / "cli.md"


def renewed(page: str) -> str:
    """The page with what follows the mark made anew."""
    written, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError(f"the page has no line {MARK}")
    return written + manual()


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
