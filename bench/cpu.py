"""CPU of the functions' own code for each job: what a warm worker takes, beside waiting for AWS and for targets."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench import noting_target
from bench.aws_room import room
from bench.figures import Figure, Part
from local import paths

LARGEST_STREAM_BATCH = 100
LARGEST_QUEUE_BATCH = 10


def measure(quick: bool) -> Part:
    """Half a minute, most of it waiting for instants; quick a third of that."""
    with room() as here, noting_target.serving() as (target_url, _):
        environment = {"PATH": os.environ.get("PATH", os.defpath), "NO_PROXY": "*", **here.environment()}
        command = [sys.executable, "-m", "bench.functions_at_work", target_url, *(["--quick"] if quick else [])]
        done = subprocess.run(command, cwd=paths.ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    results: dict[str, float] = json.loads(done.stdout)
    bundled = results[f"hand_off_cpu_ms:{LARGEST_STREAM_BATCH}"] / LARGEST_STREAM_BATCH
    together = results[f"fire_cpu_ms:{LARGEST_QUEUE_BATCH}"] / LARGEST_QUEUE_BATCH
    write = results["write_cpu_ms:1"]
    figures = (
        Figure("cpu-create", "create", "ms", (results["api_cpu_ms:1"],), (2.0,), (write,)),
        Figure("cpu-hand-over", "hand over, a hundred at once", "ms", (bundled,), (0.25,)),
        Figure("cpu-hand-over-one", "hand over, one alone", "ms", (results["hand_off_cpu_ms:1"],)),
        Figure("cpu-fire", "fire and settle, ten at once", "ms", (together,), (7.0,), (2 * write,)),
        Figure("cpu-fire-one", "fire and settle, one alone", "ms", (results["fire_cpu_ms:1"],), (), (2 * write,)),
    )
    return Part(figures, results)
