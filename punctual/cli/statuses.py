"""How a status looks: a style, a sign beside its word, and a block of a bar. Never told by colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Look(NamedTuple):
    """`style` is rich's."""

    sign: str
    style: str
    block: str


LOOKS: Mapping[str, Look] = {
    "scheduled": Look("○", "cyan", "░"),
    "running": Look("▶", "bold yellow", "▒"),
    "succeeded": Look("✓", "green", "█"),
    "failed": Look("✗", "bold red", "×"),
    "cancelled": Look("–", "dim", "·"),
}
"""In the order in which they are shown everywhere."""

UNKNOWN = Look("?", "", "?")
"""Of a status that this version has not heard of."""
