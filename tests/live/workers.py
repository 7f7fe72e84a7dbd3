"""The processes that functions run in, as the machine sees them: to kill them in the middle of their work."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

SLICE_SECONDS = 0.002
"""How long workers work until it is looked again: for no more than a call or two to AWS."""
GROWTH = 1.02
LONGEST_SLICE_SECONDS = 0.1
WAITED_SECONDS = 0.05
"""How long they may take to begin with that: on a busy machine they come to it late."""
SETTLING_SECONDS = 0.02
"""Until AWS has done what they asked for before they stood still."""
ALONE_SECONDS = 2
"""How long a worker must have nothing in hand but one request. It has taken others with it, and none since: so long
after their connections are closed, what came of them is written."""


def pids(temporary: Path, function: str) -> list[int]:
    """The workers of a function, of the emulator whose TMPDIR is `temporary`."""
    listed = subprocess.run(["ps", "-axww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    worker = re.compile(rf"\s*(\d+) .*{re.escape(str(temporary))}/ministack-lambda-{re.escape(function)}-.*_worker\.py")
    return [int(found.group(1)) for line in listed.splitlines() if (found := worker.match(line))]


def kill_sender(temporary: Path, function: str, client_port: int, *, aws_port: int, within_seconds: float = 40) -> int:
    """kill -9 the worker that holds the connection from `client_port`, in whatever it does. Returns its pid.

    A worker sends several requests at once, and those of other tests would be lost with it. So the moment is taken
    when it has held no other connection but to AWS for a while.
    """
    alone_since = time.monotonic()
    deadline = alone_since + within_seconds
    while True:
        pid = sender(temporary, function, client_port)
        assert pid is not None, f"no worker of {function} holds a connection from port {client_port}"
        others = {local for local, remote in _connections_of(pid).items() if remote != aws_port} - {client_port}
        now = time.monotonic()
        if others:
            alone_since = now
        if now - alone_since >= ALONE_SECONDS:
            os.kill(pid, signal.SIGKILL)
            return pid
        assert now < deadline, f"the worker has other requests in hand, from {others}"
        time.sleep(SETTLING_SECONDS)


def kill_as_soon_as(
    happened: Callable[[], bool], temporary: Path, function: str, *, begin: Callable[[], object], within_seconds: float
) -> None:
    """Let a function's workers run for moments only, and kill -9 them all as soon as something has happened.

    They stand still while it is looked, so they die within a call or two after it, in the middle of their work. The
    longer it takes, the longer these moments: AWS gives up who is too slow, and on a busy machine nothing would happen.
    `begin` is called when all stand still for the first time. Fails the test if it does not happen in time.
    """
    deadline = time.monotonic() + within_seconds
    moment = SLICE_SECONDS
    standing = pids(temporary, function)
    _signal(standing, signal.SIGSTOP)
    begin()
    while True:
        time.sleep(SETTLING_SECONDS)
        standing = pids(temporary, function)
        _signal(standing, signal.SIGSTOP)  # those too that were started meanwhile
        has_happened = happened()
        if has_happened or time.monotonic() > deadline:
            _signal(standing, signal.SIGKILL)
            assert has_happened, f"{function} did not do it within {within_seconds} s"
            return
        _slow(standing)
        _let_work(standing, moment)
        moment = min(moment * GROWTH, LONGEST_SLICE_SECONDS)


def _let_work(processes: list[int], moment: float) -> None:
    """Let them run until one has worked for so many seconds, by the clock of the CPU where the machine tells it."""
    before = {pid: _worked_seconds(pid) for pid in processes}
    until = time.monotonic() + moment + (WAITED_SECONDS if any(before.values()) else 0)
    _signal(processes, signal.SIGCONT)
    while time.monotonic() < until and all(_worked_seconds(pid) - before[pid] < moment for pid in processes):
        time.sleep(SLICE_SECONDS / 4)
    _signal(processes, signal.SIGSTOP)


def _worked_seconds(pid: int) -> float:
    """How much of a CPU a process has had in all its threads; 0 where there is no /proc that tells, or it has ended."""
    worked = 0.0
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            worked += int((thread / "schedstat").read_text().split()[0]) / 1e9
    return worked


def _slow(processes: list[int]) -> None:
    """On a busy machine, let whoever looks at them go first; not all others, or they would never come to it."""
    for pid in processes:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, 5)


def _signal(processes: list[int], number: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.kill(pid, number)


def sender(temporary: Path, function: str, client_port: int) -> int | None:
    """The pid of the worker that holds the connection from `client_port`; None if none does."""
    return next((pid for pid in pids(temporary, function) if client_port in _connections_of(pid)), None)


def _connections_of(pid: int) -> dict[int, int]:
    """Local port → remote port of a process's TCP connections, from /proc, or from lsof where there is no /proc."""
    descriptors = Path(f"/proc/{pid}/fd")
    if not descriptors.exists():
        command = ["lsof", "-nP", "-a", "-p", str(pid), "-iTCP", "-Fn"]
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return {int(local): int(remote) for local, remote in re.findall(r":(\d+)->.*:(\d+)$", listed, re.MULTILINE)}
    sockets: set[str] = set()
    rows: list[list[str]] = []
    with contextlib.suppress(OSError):  # it has ended while we looked
        for descriptor in descriptors.iterdir():
            with contextlib.suppress(OSError):  # it was closed while we looked
                sockets.add(os.readlink(descriptor))
        rows = [row.split() for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    held = [row for row in rows if f"socket:[{row[9]}]" in sockets]
    return {_port(row[1]): _port(row[2]) for row in held}


def _port(address: str) -> int:
    return int(address.split(":")[1], 16)
