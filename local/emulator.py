"""One emulator of AWS as a child process: started in a scrubbed environment, watched, stopped with all its workers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local import paths
from local.progress import RunFailed

REGION = "us-east-1"
ACCOUNT = "000000000000"
READY_SECONDS = 60
STOP_SECONDS = 10
"""MiniStack stops in two seconds; its state is written then."""
SERVICES = (
    "cloudformation,s3,sts,iam,ssm,lambda,dynamodb,dynamodbstreams,sqs,sns,events,scheduler,apigateway,cognito-idp,"
    "logs,monitoring,secretsmanager,kms,ecr,ses"
)
WARM_SECONDS = 86_400
"""Idle workers are kept for a day: a cold start takes half a second, and a job is due on its millisecond."""

Listener = Callable[[str, str], None]
"""Called with a function's name and a line that it printed, from a thread of its own."""


@dataclass(frozen=True)
class Home:
    """The folders of one emulator, below one folder of its own, so that copies run side by side."""

    folder: Path

    @property
    def temporary(self) -> Path:
        """TMPDIR of the emulator: code of the functions. Gone when it stops."""
        return self.folder / "tmp"

    @property
    def state(self) -> Path:
        """What the emulator writes when it is stopped, and reads when it starts."""
        return self.folder / "state"

    @property
    def objects(self) -> Path:
        """The contents of S3: the code that was deployed."""
        return self.folder / "s3"

    @property
    def log(self) -> Path:
        """The emulator's own log, of this run."""
        return self.folder / "emulator.log"


class Emulator:
    """A running emulator. Use `running`, which also stops it."""

    def __init__(self, port: int, home: Home, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.home = home
        self.endpoint_url = f"http://127.0.0.1:{port}"
        self._process = process

    @property
    def pid(self) -> int:
        """Of its process, which leads the process group that its workers are in."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Return when it answers. Raises RunFailed with the end of its log if it ends or takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(self.port):
            if not self.alive():
                raise RunFailed(f"The emulator of AWS ended while it started.\n{self.end_of_log()}")
            if time.monotonic() > deadline:
                raise RunFailed(f"The emulator of AWS was not ready in {READY_SECONDS} s.\n{self.end_of_log()}")
            time.sleep(0.05)

    def end_of_log(self) -> str:
        """The last lines of its log, for an error message."""
        lines = self.home.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join(f"    {line}" for line in lines) + f"\nAll of it: {self.home.log}"

    def stop(self) -> None:
        """Stop it and its workers; the state is written. Safe to call twice."""
        assert self._process.stdin is not None
        self._process.stdin.close()  # which the launcher takes as the word to stop
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):  # it leads a process group; whoever is left of that ends now
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.home.temporary, ignore_errors=True)


@contextlib.contextmanager
def running(
    port: int, home: Home, *, keep: bool = False, listener: Listener | None = None, remove_on_exit: Path | None = None
) -> Iterator[Emulator]:
    """Start an emulator on a free port, hand it over once it answers, stop it at the end.

    `keep` goes on with the state of the last run. `remove_on_exit` is a file that the emulator removes when it
    stops, even when this process was killed. Raises RunFailed.
    """
    require_free_port(port)
    prepare(home, keep=keep)
    with open(home.log, "w") as log:
        process = subprocess.Popen(
            [str(paths.python_of(paths.EMULATOR_VENV)), str(Path(__file__).with_name("launcher.py"))],
            cwd=home.folder,
            env=_environment(port, home, remove_on_exit),
            stdin=subprocess.PIPE,  # never written: when it closes, the launcher knows that this process is gone
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # Ctrl-C is for this process, which then stops things in order
        )
    emulator = Emulator(port, home, process)
    assert process.stdout is not None
    threading.Thread(target=_pass_on, args=(process.stdout, listener), daemon=True).start()
    try:
        emulator.wait_until_ready()
        yield emulator
    finally:
        emulator.stop()


def require_free_port(port: int) -> None:
    """Raises RunFailed if something listens there, or may not be listened to."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise RunFailed(
                f"Port {port} needs root's rights. Take one above 1023: make run PUNCTUAL_PORT=4570"
            ) from None
        except OSError:
            raise RunFailed(
                f"Port {port} is taken, by another copy of this or by another emulator of AWS.\n"
                f"Stop that one, or take another port: make run PUNCTUAL_PORT={free_port(port + 4)}"
            ) from None


def free_port(preferred: int = 0) -> int:
    """A port that nothing listens on just now: the preferred one if it is free."""
    for port in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    raise RunFailed("This machine has no free port.")


def prepare(home: Home, *, keep: bool) -> None:
    """Make the folders: empty ones, or with `keep` those of the last run, ready to go on."""
    home.folder.mkdir(parents=True, exist_ok=True)
    forgotten = [home.temporary] if keep else [home.temporary, home.state, home.objects]
    for folder in forgotten:
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (home.temporary, home.state, home.objects):
        folder.mkdir(exist_ok=True)
    if keep:
        _forget_stream_positions(home.state / "lambda.json")


def _forget_stream_positions(lambda_state: Path) -> None:
    """A stream's records are not kept but its readers' positions are: with them, no new job would be handed off."""
    if not lambda_state.exists():
        return
    state = json.loads(lambda_state.read_text())
    positions = state["payload"].get("dynamodb_stream_positions")
    if positions:
        positions["data"] = {}
        lambda_state.write_text(json.dumps(state))


def _environment(port: int, home: Home, remove_on_exit: Path | None) -> dict[str, str]:
    """The emulator's whole environment. Its workers inherit it, so nothing of the user's own may be in it."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home.temporary),
        "TMPDIR": str(home.temporary),
        "LANG": "C.UTF-8",
        "TZ": "UTC",  # as in Lambda
        "PYTHONDONTWRITEBYTECODE": "1",  # workers unpack their code anew each time
        "PUNCTUAL_REMOVE_ON_EXIT": str(remove_on_exit or ""),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "AUTH": "true",  # roles are enforced, so that a missing grant fails here and not on AWS
        "SERVICES": SERVICES,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_WARM_TTL_SECONDS": str(WARM_SECONDS),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home.objects),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # nosec B105  # every caller's, in the emulator
    }


def _pass_on(stdout: IO[str], listener: Listener | None) -> None:
    """Read until the emulator ends, so that its pipe never fills."""
    for text in stdout:
        if listener is None:
            continue
        try:
            said = json.loads(text)
            function, line = said["function"], said["line"]
        except (ValueError, TypeError, KeyError):  # MiniStack itself wrote something
            continue
        listener(function, line)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_ministack/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
