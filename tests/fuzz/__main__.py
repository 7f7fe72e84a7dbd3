"""`make fuzz`: the local stack, asked what nobody thought of, for as long as one likes."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fuzz.fuzzing import fuzz
from tests.live import deployed_stack

# Or no host would be in trouble long enough for anybody to lift it: nobody is where jobs are sent to.
SETTINGS = {**deployed_stack.SETTINGS, "PUNCTUAL_TARGET_FAILURES": "1"}


def main() -> int:
    """Start a stack, fuzz it, say what was found. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, help="as a run told it; without it each run is another")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="punctual-fuzz-") as folder, _stack(Path(folder) / "state") as stack:
        found = fuzz(stack, seconds=round(asked.minutes * 60), seed=asked.seed)
    sys.stdout.write(f"{found.output}\n{found.shares()}")
    return 0 if found.nothing else 1


@contextmanager
def _stack(state: Path) -> Iterator[deployed_stack.DeployedStack]:
    with deployed_stack.started(state, SETTINGS):
        yield deployed_stack.DeployedStack(state)


if __name__ == "__main__":
    sys.exit(main())
