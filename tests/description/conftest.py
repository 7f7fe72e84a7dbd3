"""What the tests of the description share."""

from __future__ import annotations

from hypothesis import settings

# The first example of a test may make the whole document.
settings.register_profile("description", deadline=None)
settings.load_profile("description")
