"""What to do about a test whose service is not on this machine."""

from __future__ import annotations

import os

import pytest


def require(met: bool, otherwise: str) -> None:
    """A missing service skips a test at home and fails it in CI, so that nobody loses coverage without noticing."""
    if met:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(otherwise)
    pytest.skip(otherwise)
