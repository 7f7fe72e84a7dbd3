"""Run a command of someone else's (the CDK) so that it leaves with us, and so that its failure is readable."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.progress import RunFailed

LAST_LINES = 25

_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


def run(command: Sequence[str], *, what: str, log: Path, cwd: Path, environment: Mapping[str, str]) -> None:
    """Run `command`, its output into `log`. Raises RunFailed, with the end of the log, if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as output, _lock:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # it has children; all are ended together
        )
        _running.add(process)
    try:
        status = process.wait()
    finally:
        with _lock:
            _running.discard(process)
        _end(process)
    if status:
        lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        shown = "\n".join(f"    {line}" for line in lines)
        raise RunFailed(f"{what} failed with status {status}:\n{shown}\nAll of it: {log}")


def stop_all() -> None:
    """End what other threads have started with `run`."""
    with _lock:
        for process in _running:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
