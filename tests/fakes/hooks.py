"""What is to happen in the middle of a fake's work."""

from __future__ import annotations

from collections.abc import Callable

Hooks = dict[str, Callable[[], object]]
"""What is to happen at the next use of a method, by its name."""


def happen(hooks: Hooks, method: str) -> None:
    """Let it happen, once."""
    if hook := hooks.pop(method, None):
        hook()
