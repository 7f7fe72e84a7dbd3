"""schemathesis against a running service: requests made up from its OpenAPI document, and every answer judged by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.live.deployed_stack import DeployedStack

ROOT = Path(__file__).resolve().parents[2]
COUNTS = "FUZZ_COUNTS"
"""The environment variable that names the file for what was answered: JSON, `[["POST /v1/jobs", 201, 7], …]`."""
CONFIRMED = "FUZZ_CONFIRMED"
"""That which names an address for mail that the user has confirmed."""
USER = "fuzz@example.com"
CONFIG = Path(__file__).parent / "schemathesis.toml"


@dataclass(frozen=True)
class Found:
    """What came of a run. `answered` are the answers by route, `GET /health`, and status."""

    nothing: bool
    output: str
    answered: Mapping[str, Counter[int]]

    def accepted(self, route: str) -> float:
        """The share of answers of a route that were no refusals."""
        counts = self.answered[route]
        return sum(times for status, times in counts.items() if status < 400) / counts.total()

    def shares(self) -> str:
        """The answers as a table, with the routes last that were never accepted."""
        refused = [route for route in self.answered if not self.accepted(route)]
        lines = [
            f"{route:<32} {counts.total():>6}  "
            + "  ".join(f"{status} {times / counts.total():.0%}" for status, times in sorted(counts.items()))
            for route, counts in self.answered.items()
        ]
        never = [f"Only refused, so hardly looked at: {', '.join(refused)}"] if refused else []
        return "\n".join([f"{'route':<32} {'asked':>6}  answers by status", *lines, *never, ""])


def fuzz(stack: DeployedStack, *, seconds: int, seed: int | None = None) -> Found:
    """Ask what nobody thought of, for so long, as a user who has confirmed an address for mail.

    Without a seed one is drawn, and told in the output.
    """
    token = stack.sign_in(USER).token
    stack.call("PATCH", "/v1/me", {"notify": {"email": USER}}, token=token)
    stack.follow_last_link(USER)
    description = f"{stack.api_url}/openapi.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", description]
    options = ["--url", stack.api_url, "--header", f"Authorization: Bearer {token}", "--no-color"]
    options += ["--max-time", str(seconds), "--request-timeout", "60", "--continue-on-failure"]
    options += [] if seed is None else ["--seed", str(seed)]
    with tempfile.TemporaryDirectory(prefix="punctual-fuzz-") as memory:  # or what one run found would steer the next
        counts = Path(memory) / "counts.json"
        run = subprocess.run(
            [*command, *options],
            cwd=memory,
            env={**os.environ, "PYTHONPATH": str(ROOT), COUNTS: str(counts), CONFIRMED: USER},
            capture_output=True,
            text=True,
            check=False,
        )
        return Found(run.returncode == 0, run.stdout + run.stderr, _read(counts))


def _read(counts: Path) -> dict[str, Counter[int]]:
    """What the hooks wrote; nothing, if they never came to it."""
    answered: dict[str, Counter[int]] = {}
    for route, status, times in json.loads(counts.read_text()) if counts.exists() else []:
        answered.setdefault(route, Counter())[status] = times
    return answered
