"""The commands that the documents show to users: what each asks for, the answer shown below it, and whether that is
what was answered."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from description.operations import OPERATIONS
from description.words import FENCED, ROOT

PAGES = ("README.md", "docs/api.md", "docs/receiving.md")
"""Those whose commands a user pastes. Operators have commands of their own, in docs/operating.md."""
FOR_THE_MACHINE = ("make ", "python3 -m venv")
"""What a command begins with that installs or starts something."""
SOME_ID = re.compile(r"job_[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PASSING = re.compile(r"2026-\d\d-\d\dT[\d:.]+Z")
"""A time of the day on which the documents were written; what is due is later, and shown as it is."""
MORE = "…"


@dataclass(frozen=True)
class Shown:
    """A command of a page. `route` is a key of OPERATIONS, or None for what only sets a variable."""

    page: str
    command: str
    answer: str | None
    route: tuple[str, str] | None

    def __str__(self) -> str:
        return f"{self.page}: {self.command}"


def commands(page: str) -> Iterator[Shown]:
    """Those of a page that a user pastes, in their order. An answer stands right below its command."""
    text = (ROOT / page).read_text("utf-8")
    blocks = list(FENCED.finditer(text))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] != "sh" or block[2].startswith(FOR_THE_MACHINE):
            continue
        answered = following is not None and following[1] != "sh" and not text[block.end() : following.start()].strip()
        yield Shown(page, block[2], following[2] if following and answered else None, _route(block[2]))


def _route(command: str) -> tuple[str, str] | None:
    words = shlex.split(command, comments=True)
    assert words.count("curl") <= 1, f"two requests in one block: {command}"
    if "curl" not in words:
        return None
    (url,) = (word for word in words if word.startswith("$API"))
    method = words[words.index("-X") + 1] if "-X" in words else "POST" if "-d" in words else "GET"
    path = url.removeprefix("$API").partition("?")[0]
    fitting = [
        template
        for asked, template in OPERATIONS
        if asked == method and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path)
    ]
    assert fitting, f"no route is {method} {path}"
    return method, min(fitting, key=lambda template: template.count("{"))


class Reading:
    """What a reader of a page knows by now: which id of theirs stands for which of the page's."""

    def __init__(self, instead: dict[str, str]) -> None:
        """`instead` has what the reader puts in from the beginning, such as the address of a server of theirs."""
        self._instead = dict(instead)

    def own(self, text: str) -> str:
        """A text of the page with the reader's own things in it."""
        for theirs, mine in self._instead.items():
            text = text.replace(theirs, mine)
        return text

    def faults(self, shown: Any, seen: Any, where: str = "") -> list[str]:
        """Where an answer is not as it is shown. Ids that are met for the first time are learned."""
        if isinstance(shown, dict) and isinstance(seen, dict):
            missing = [f"{where}.{name} is not there" for name in shown if name not in seen and name != MORE]
            untold = [f"{where}.{name} is not shown" for name in seen if name not in shown and MORE not in shown]
            both = [name for name in shown if name in seen]
            return (
                missing + untold + [f for name in both for f in self.faults(shown[name], seen[name], f"{where}.{name}")]
            )
        if isinstance(shown, list) and isinstance(seen, list):
            return self._faults_of_list(shown, seen, where)
        if self._is(shown, seen, where):
            return []
        return [f"{where} is {seen!r}, not {shown!r}"]

    def _faults_of_list(self, shown: Sequence[Any], seen: Sequence[Any], where: str) -> list[str]:
        if MORE not in shown:
            if len(shown) != len(seen):
                return [f"{where} has {len(seen)} elements, not {len(shown)}"]
            return [
                f for n, pair in enumerate(zip(shown, seen, strict=True)) for f in self.faults(*pair, f"{where}.{n}")
            ]
        wanted = [element for element in shown if element != MORE]
        return [
            f"{where} has nothing like {element!r}"
            for element in wanted
            if all(self.faults(element, each) for each in seen)
        ]

    def _is(self, shown: Any, seen: Any, where: str) -> bool:
        if isinstance(shown, str) and isinstance(seen, str):
            mine = self.own(shown)
            if SOME_ID.fullmatch(shown) and mine == shown and SOME_ID.fullmatch(seen):
                if seen in self._instead.values():
                    return False
                self._instead[shown] = seen
                return True
            if PASSING.fullmatch(shown):
                return re.fullmatch(r"[\d-]{10}T[\d:.]{12}Z", seen) is not None
            return seen.startswith(mine.removesuffix(MORE)) if mine.endswith(MORE) else seen == mine
        if where.endswith("_ms") or where.startswith(".usage."):
            return isinstance(seen, int)
        return type(shown) is type(seen) and bool(shown == seen)


def documented(route: tuple[str, str]) -> tuple[int, set[str]]:
    """The status and the headers that the table of routes says of a success."""
    method, path = route
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    told = re.search(rf"^\| `{method} {re.escape(path)}` \|.*\| (\d\d\d)([^|]*?)(?:;[^|]*)? \|$", page, re.MULTILINE)
    assert told is not None, f"the table of routes has no {method} {path}"
    return int(told[1]), set(re.findall(r"`([A-Z][A-Za-z-]+)[:`]", told[2]))


def pages_with_curl() -> set[str]:
    """Every page that has a command for the API."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    return {
        str(path.relative_to(ROOT)) for path in found if re.search(r"^curl .*\$API", path.read_text(), re.MULTILINE)
    }
