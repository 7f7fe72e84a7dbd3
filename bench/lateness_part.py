"""The lateness of the in-process worker, as `bench.lateness` measures it: in a process of its own, whose only work
it is."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.figures import Figure, Part
from local import paths


def measure(quick: bool) -> Part:
    """Lateness beside its floor. Takes a minute, quick a quarter of that."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "lateness.json"
        command = [sys.executable, "-m", "bench.lateness", "--out", str(out), *(["--quick"] if quick else [])]
        subprocess.run(command, cwd=paths.ROOT, check=True)
        cases = json.loads(out.read_text())["cases"]
    details = {f"cpu_ms:{_key(case)}": case["cpu_ms_a_job"] for case in cases if case["cpu_ms_a_job"] is not None}
    return Part(tuple(map(_figure, cases)), details)


def _figure(case: Mapping[str, Any]) -> Figure:
    jobs = f"{case['jobs']:,} job{'s' if case['jobs'] > 1 else ''}"
    load = ", beside a thread that works half of the time" if case["half_loaded"] else ""
    return Figure(
        key=_key(case),
        name=f"{jobs}, {'TLS' if case['tls'] else 'plain'}{load}: p50 / p99",
        unit="ms",
        values=(case["sender_p50_ms"], case["sender_p99_ms"]),
        targets=(case["target_p50_ms"], case["target_p99_ms"]),
        floor=(case["floor_p50_ms"], case["floor_p99_ms"]),
    )


def _key(case: Mapping[str, Any]) -> str:
    """`lateness-100-tls`, `lateness-1-plain-loaded`"""
    loaded = "-loaded" if case["half_loaded"] else ""
    return f"lateness-{case['jobs']}-{'tls' if case['tls'] else 'plain'}{loaded}"
