"""Amazon's DynamoDB Local as a child process. It needs Java 17 and Maven, which fetches it once into `.local/`."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from local import paths
from local.emulator import free_port

POM = Path(__file__).with_name("pom.xml")
READY_SECONDS = 60


class NotHere(Exception):
    """DynamoDB Local cannot be run on this machine; the text says why."""


@contextlib.contextmanager
def running(log: Path) -> Iterator[str]:
    """Start it with nothing in it, hand over its endpoint's URL once it answers, stop it at the end. Raises NotHere."""
    libraries = _fetched()
    port = free_port()
    with open(log, "w") as output:
        process = subprocess.Popen(
            [
                "java",
                "-Xmx256m",
                f"-Djava.library.path={libraries}",
                *("-cp", f"{libraries}/*", "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"),
                *("-inMemory", "-disableTelemetry", "-port", str(port)),
            ],
            cwd=libraries,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()  # it keeps nothing
        process.wait()


def _fetched() -> Path:
    """The folder of its libraries, fetched if the POM is new."""
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        raise NotHere(f"{' and '.join(missing)} not on the PATH")
    key = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    home = paths.LOCAL / "dynamodb-local"
    folder = home / key
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:  # test runs side by side take turns
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    half_done = folder.with_suffix(".new")
    shutil.rmtree(half_done, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={half_done}"]
    command.append(f"-Dmaven.repo.local={paths.LOCAL / 'maven'}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotHere(f"Maven could not fetch it: {done.stdout[-300:]}{done.stderr[-300:]}")
    half_done.rename(folder)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise NotHere(f"it does not start: {log.read_text(errors='replace')[-500:]}")
