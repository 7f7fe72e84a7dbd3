"""The command line as a user waits for it: its help, and a job scheduled on a local stack.

Each run is a process of its own, from nothing to its end. CPU is what the process has used; what the stack uses to
answer is in the time that passes, as it shares this machine.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

from bench.figures import Figure, Part
from bench.local_stack import stack
from local import paths

PROGRAM = (sys.executable, "-m", "punctual.cli.main")
HELP_CPU_MS = 250.0
SCHEDULE_MS = 600.0
URL = "https://example.com/hook"


def measure(quick: bool) -> Part:
    """A minute, most of it to start a stack; quick not much less."""
    runs = 3 if quick else 15
    with tempfile.TemporaryDirectory() as folder, stack() as client:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": folder,
            "PYTHONPATH": str(paths.ROOT),
            "PUNCTUAL_API_URL": client.api_url,
            "PUNCTUAL_TOKEN": client.token,
        }
        bare = _median(lambda: _run((sys.executable, "-c", "pass"), environment), runs)
        helped = _median(lambda: _run((*PROGRAM, "--help"), environment), runs)
        words = (*PROGRAM, "schedule", "POST", URL, "--at", "tomorrow 9:00", "--json", "name=Ann")
        scheduled = _median(lambda: _run(words, environment), runs)
    return Part(
        (
            Figure("cli-help", "`punctual --help`: CPU / time", "ms", helped, (HELP_CPU_MS,), bare),
            Figure(
                "cli-schedule", "`punctual schedule`: CPU / time", "ms", scheduled, (SCHEDULE_MS, SCHEDULE_MS), bare
            ),
        )
    )


def _median(run: Callable[[], Sequence[float]], runs: int) -> tuple[float, ...]:
    """Of each figure, over so many runs; the first, which writes byte code, is not counted."""
    run()
    return tuple(statistics.median(values) for values in zip(*(run() for _ in range(runs)), strict=True))


def _run(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """CPU and time of one run, in ms. Raises CalledProcessError, with what it said, if it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, cwd=environment["HOME"], capture_output=True, text=True, check=True)
    passed, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu * 1000, passed * 1000
