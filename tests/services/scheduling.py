"""Which process gets which test when several run tests at once (pytest -n)."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

TOGETHER = ("tests/live/test_killing.py", "tests/live/test_secrets.py")
"""Files whose tests share a stack of their own, or go on where the one before ended: all in one process.

xdist has a mark for that, `xdist_group`. With pytest 9 it does nothing: it changes names that pytest does not look at
any more.
"""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Every test goes to whichever process is free, but those that belong together to one."""

    def _split_scope(self, nodeid: str) -> Any:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid
