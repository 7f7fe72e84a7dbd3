"""What a measurement found, beside what it may be."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the tables.

    Values that belong together (p50 and p99) are one figure; each may be at most its target, and those behind the
    last target may be anything. `floor` is what the least that does the same took in the same run. `key` names the
    figure for good, `name` is what people read.
    """

    key: str
    name: str
    unit: str
    values: tuple[float, ...]
    targets: tuple[float, ...] = ()
    floor: tuple[float, ...] = ()

    @property
    def met(self) -> bool | None:
        """Whether every value is within its target; None if there is no target."""
        if not self.targets:
            return None
        return all(value <= target for value, target in zip(self.values, self.targets, strict=False))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Figure:
        """The reverse of `asdict`, from JSON."""
        return cls(
            key=values["key"],
            name=values["name"],
            unit=values["unit"],
            values=tuple(values["values"]),
            targets=tuple(values["targets"]),
            floor=tuple(values["floor"]),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the bench found. `details` are numbers that other parts work with, by name."""

    figures: tuple[Figure, ...]
    details: Mapping[str, float] = field(default_factory=dict)

    def figure(self, key: str) -> Figure:
        """The figure of this key. Raises KeyError."""
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise KeyError(key)

    def to_dict(self) -> dict[str, Any]:
        return {"figures": [asdict(figure) for figure in self.figures], "details": dict(self.details)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Part:
        return cls(tuple(map(Figure.from_dict, values["figures"])), values["details"])


def median_of(parts: Sequence[Part]) -> Part:
    """One part from several measurements of it: the median of each value. All have the same figures and details."""
    first = parts[0]
    figures = []
    for figure in first.figures:
        same = [part.figure(figure.key) for part in parts]
        figures.append(
            Figure(
                key=figure.key,
                name=figure.name,
                unit=figure.unit,
                values=_medians([one.values for one in same]),
                targets=figure.targets,
                floor=_medians([one.floor for one in same]),
            )
        )
    details = {name: statistics.median(part.details[name] for part in parts) for name in first.details}
    return Part(tuple(figures), details)


def _medians(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(statistics.median(column) for column in zip(*rows, strict=True))
