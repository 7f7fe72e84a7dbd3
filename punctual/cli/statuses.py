"""How a status looks: a colour, and a sign for those who see none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Look(NamedTuple):
    """rich's name of a colour, and one character for a bar without colours."""

    colour: str
    block: str


LOOKS: Mapping[str, Look] = {
    "scheduled": Look("blue", "░"),
    "running": Look("cyan", "▒"),
    "succeeded": Look("green", "█"),
    "failed": Look("red", "×"),
    "cancelled": Look("bright_black", "·"),
}
"""In the order in which they are shown everywhere."""
