"""schemathesis against a running service: requests made up from its OpenAPI document, and every answer judged by it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).parent / "schemathesis.toml"


def fuzz(api_url: str, token: str, *, seconds: int, seed: int | None = None) -> subprocess.CompletedProcess[str]:
    """Ask what nobody thought of, for so long; the status is 0 if nothing was found. Without a seed one is drawn, and
    told in the output."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", f"{api_url}/openapi.json"]
    options = ["--url", api_url, "--header", f"Authorization: Bearer {token}", "--no-color"]
    options += ["--max-time", str(seconds), "--request-timeout", "60", "--continue-on-failure"]
    options += [] if seed is None else ["--seed", str(seed)]
    with tempfile.TemporaryDirectory(prefix="punctual-fuzz-") as memory:  # or what one run found would steer the next
        return subprocess.run(
            [*command, *options],
            cwd=memory,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
