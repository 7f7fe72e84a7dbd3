"""What operators would see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the journal."""

    event: str
    facts: Mapping[str, str | int | float | None]


@dataclass(slots=True)
class FakeJournal:
    """Remembers what operators would see."""

    lines: list[Told] = field(default_factory=list)

    def tell(self, event: str, **facts: str | int | float | None) -> None:
        self.lines.append(Told(event, facts))

    def events(self) -> list[str]:
        """The names of what happened, in order."""
        return [line.event for line in self.lines]

    def of(self, event: str) -> list[Mapping[str, str | int | float | None]]:
        """The facts of each event of this name."""
        return [line.facts for line in self.lines if line.event == event]
