"""The table *Targets that behave badly* of docs/api.md, which the tests of the sender go by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from lambdas.jobs.sending import Answer, Failure

_PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "api.md").read_text()


def promised() -> Mapping[str, str]:
    """What the target does → the attempt's error code, or "" where its answer counts."""
    table = _PAGE.split("\n### Targets that behave badly\n", 1)[1].split("\n### ", 1)[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    codes = {what: comes_of_it for what, comes_of_it in rows if not what.startswith(("---", "what the target"))}
    return {what: comes_of_it.strip("`") if comes_of_it.startswith("`") else "" for what, comes_of_it in codes.items()}


def came_of_it(result: Answer | Failure) -> str:
    """The same of a result."""
    return result.code if isinstance(result, Failure) else ""
