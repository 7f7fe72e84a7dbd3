"""What the core's tests share."""

from __future__ import annotations

from hypothesis import settings

# How long one example may take says nothing on a machine that is busy; what must be fast has a test of its own.
settings.register_profile("punctual", deadline=None)
settings.load_profile("punctual")
