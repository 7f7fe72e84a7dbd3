"""Amazon's DynamoDB Local as a child process, where this machine has Java 17 and Maven to fetch it with."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from local import paths
from local.emulator import free_port

POM = Path(__file__).with_name("pom.xml")
OLDEST_JAVA = 17
READY_SECONDS = 60


class NotFetched(Exception):
    """Maven could not fetch it; the text is what Maven said."""


def why_not() -> str | None:
    """The reason why it cannot run on this machine; None if it can."""
    if shutil.which("java") is None or shutil.which("mvn") is None:
        return "DynamoDB Local needs Java 17 and Maven, and this machine lacks one of them"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found.group(1)) < OLDEST_JAVA:
        return f"DynamoDB Local needs Java {OLDEST_JAVA}, and this machine has another"
    return None


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Start an empty one in memory; yields its endpoint URL. Raises NotFetched."""
    jars = _fetched()
    port = free_port()
    process = subprocess.Popen(
        [
            *("java", "-Xmx256m", f"-Djava.library.path={jars}", "-cp", f"{jars}/*"),
            *("com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-sharedDb"),
            *("-disableTelemetry", "-port", str(port)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_listens(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _fetched() -> Path:
    """The folder with its jars, fetched once for each version of the pom."""
    folder = paths.LOCAL / "dynamodb-local" / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={unfinished}"]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise NotFetched(done.stdout[-2000:])
        with contextlib.suppress(OSError):  # another test process was faster
            unfinished.rename(folder)
    return folder


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("DynamoDB Local did not start")
