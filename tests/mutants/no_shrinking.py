"""A plugin for pytest: a counterexample is found and not made smaller, which may take minutes and proves no more.

What is tried is the same in every run.
"""

from __future__ import annotations

from hypothesis import Phase, settings

settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate), deadline=None, derandomize=True)
settings.load_profile("mutants")
