"""Lateness of the in-process worker: how long after its millisecond the first byte of a request leaves.

`python -m bench.lateness [--out FILE] [--quick]` sends 1, 100 and 1,000 jobs at one millisecond, plain and by TLS,
with the real sender to a target in another process, beside their floor in the same run: a bare loop that sleeps and
writes the same bytes to open sockets. It takes a minute and a half and prints a table; FILE gets the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event, Thread

from lambdas.adapters.http_sender import Exchange, HttpSender, Refusal
from lambdas.adapters.precise_clock import PreciseSystemClock
from lambdas.adapters.wire_request import wire_request
from lambdas.jobs.sending import Answer, OutgoingRequest
from tests.adapters.certificates import Authority

OPENERS = 8
LEAD_MS = 500
"""From the last connection to the first instant, and one more for each job: longer than the starter looks ahead."""

APART_MS = 20
"""Between the instants of one round: each is alone on its millisecond."""

CLOCK = PreciseSystemClock()


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured: so many jobs at one millisecond, at so many instants one after the other, in so many rounds.
    The targets are milliseconds; docs/performance.md tells what was measured."""

    jobs: int
    instants: int
    rounds: int
    target_p50_ms: float
    target_p99_ms: float
    half_loaded: bool = False

    def fire_times_ms(self) -> Sequence[int]:
        """The instant of each job, from now on."""
        first_ms = int(CLOCK.now_ms()) + LEAD_MS + self.jobs
        return [first_ms + instant * APART_MS for instant in range(self.instants) for _ in range(self.jobs)]


CASES = (
    Case(1, 25, 4, 0.5, 2),
    Case(1, 25, 4, 0.5, 4, half_loaded=True),
    Case(100, 1, 10, 2, 5),
    Case(1_000, 1, 4, 15, 35),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one case: lateness in milliseconds, the sender's beside its floor's, and the CPU that the sender takes for
    each job, opening and reading included (None where a load of the bench's own takes it)."""

    jobs: int
    tls: bool
    half_loaded: bool
    sender_p50_ms: float
    sender_p99_ms: float
    floor_p50_ms: float
    floor_p99_ms: float
    ratio_p50: float
    ratio_p99: float
    target_p50_ms: float
    target_p99_ms: float
    cpu_ms_a_job: float | None

    @property
    def reached(self) -> bool:
        return self.sender_p50_ms <= self.target_p50_ms and self.sender_p99_ms <= self.target_p99_ms


class Loopback:
    """The policy of a bench: the machine itself, and nothing else."""

    def allows(self, ip: str, port: int, host: str) -> bool:  # noqa: ARG002  # the policy's shape
        return ip == "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case is measured: the sender, the target's request, and how the floor connects to it."""

    sender: HttpSender
    request: OutgoingRequest
    connect: Callable[[], socket.socket]
    tls: bool


@contextmanager
def place(folder: Path, *, tls: bool) -> Iterator[Place]:
    """A target in a process of its own."""
    authority = Authority(folder)
    authority.server_context("localhost")
    command = [sys.executable, "-m", "bench.quick_target", *([str(folder / "localhost-30.pem")] if tls else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as target:
        try:
            assert target.stdout is not None
            port = int(target.stdout.readline())
            context = ssl.create_default_context(cafile=authority.ca_file)

            def connect() -> socket.socket:
                sock = socket.create_connection(("127.0.0.1", port))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return context.wrap_socket(sock, server_hostname="localhost") if tls else sock

            request = OutgoingRequest(
                method="POST",
                url=f"{'https' if tls else 'http'}://localhost:{port}/api/items/_delete",
                headers=(("Content-Type", "application/json"), ("User-Agent", "Punctual/bench")),
                body=b'{"items":[1,2,3]}',
            )
            sender = HttpSender(policy=Loopback(), clock=CLOCK, ca_file=authority.ca_file)
            yield Place(sender, request, connect, tls)
        finally:
            target.terminate()


def measure(case: Case, where: Place) -> Figures:
    """Floor and sender in turns, so that both see the same machine."""
    floor: list[float] = []
    sender: list[float] = []
    cpu_seconds = 0.0
    for _ in range(case.rounds):
        with half_loaded() if case.half_loaded else nullcontext():
            floor += floor_round(case, where)
            began = time.process_time()
            sender += sender_round(case, where)
            cpu_seconds += time.process_time() - began
    cpu_ms_a_job = None if case.half_loaded else round(cpu_seconds * 1_000 / len(sender), 3)
    return Figures(
        jobs=case.jobs,
        tls=where.tls,
        half_loaded=case.half_loaded,
        sender_p50_ms=round(quantile(sender, 0.50), 3),
        sender_p99_ms=round(quantile(sender, 0.99), 3),
        floor_p50_ms=round(quantile(floor, 0.50), 3),
        floor_p99_ms=round(quantile(floor, 0.99), 3),
        ratio_p50=round(quantile(sender, 0.50) / quantile(floor, 0.50), 2),
        ratio_p99=round(quantile(sender, 0.99) / quantile(floor, 0.99), 2),
        target_p50_ms=case.target_p50_ms,
        target_p99_ms=case.target_p99_ms,
        cpu_ms_a_job=cpu_ms_a_job,
    )


def floor_round(case: Case, where: Place) -> Sequence[float]:
    """The least that Python can do: sleep, then write to one open socket after the other."""
    data = wire_request(where.request).data
    with ThreadPoolExecutor(OPENERS) as openers:
        sockets = list(openers.map(lambda _: where.connect(), range(case.jobs * case.instants)))
    lateness = []
    for sock, fire_at_ms in zip(sockets, case.fire_times_ms(), strict=True):
        CLOCK.sleep_until(fire_at_ms)
        lateness.append(CLOCK.now_ms() - fire_at_ms)
        sock.send(data)
    for sock in sockets:
        sock.recv(1_024)
        sock.close()
    return lateness


def sender_round(case: Case, where: Place) -> Sequence[float]:
    """As the worker does it: a thread for each job, all of them given to one sender."""

    def open_one(_: int) -> Exchange | Refusal:
        return where.sender.open(where.request, timeout_seconds=30)

    with ThreadPoolExecutor(OPENERS) as openers:
        opened = list(openers.map(open_one, range(case.jobs * case.instants)))
    lateness: list[float] = []

    def send(exchange: Exchange | Refusal, fire_at_ms: int) -> None:
        result = exchange.send_at(fire_at_ms, latest_ms=fire_at_ms + 30_000)
        if isinstance(result, Answer) and result.status_code == 200:
            lateness.append(result.started_at_ms - fire_at_ms)

    threads = [Thread(target=send, args=job) for job in zip(opened, case.fire_times_ms(), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(lateness) != len(opened):
        raise SystemExit(f"{len(opened) - len(lateness)} of {len(opened)} jobs were not answered")
    return lateness


@contextmanager
def half_loaded() -> Iterator[None]:
    """Another thread works half of the time, in steps as long as settling a job takes."""
    ends = Event()

    def work() -> None:
        while not ends.wait(0.0015):
            until = time.perf_counter() + 0.0015
            while time.perf_counter() < until:
                pass

    worker = Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        ends.set()
        worker.join()


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def measure_all(*, quick: bool = False) -> Sequence[Figures]:
    """All cases, plain and by TLS. `quick` takes fewer rounds: enough to see that nothing is broken."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for tls in (False, True):
            with place(Path(folder), tls=tls) as where:
                for case in CASES:
                    rounds = max(1, case.rounds // 4) if quick else case.rounds
                    rows.append(measure(replace(case, rounds=rounds), where))
    return rows


def table(rows: Sequence[Figures]) -> str:
    """The figures as text, with a mark at those that are over their target."""
    lines = [f"{'lateness p50/p99, ms':<24}{'sender':>16}{'floor':>16}{'ratio':>14}{'target':>10}{'CPU ms/job':>12}"]
    for row in rows:
        name = f"{row.jobs:,} {'TLS' if row.tls else 'plain'}{', half-loaded' if row.half_loaded else ''}"
        sender = f"{row.sender_p50_ms:.2f}/{row.sender_p99_ms:.2f}"
        floor = f"{row.floor_p50_ms:.2f}/{row.floor_p99_ms:.2f}"
        ratio = f"{row.ratio_p50:.2f}/{row.ratio_p99:.2f}"
        target = f"{row.target_p50_ms:g}/{row.target_p99_ms:g}"
        cpu = "" if row.cpu_ms_a_job is None else f"{row.cpu_ms_a_job:.2f}"
        lines.append(
            f"{name:<24}{sender:>16}{floor:>16}{ratio:>14}{target:>10}{cpu:>12}{'' if row.reached else '  over'}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="where the figures go, as JSON")
    parser.add_argument("--quick", action="store_true", help="a quarter of the rounds")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    rows = measure_all(quick=options.quick)
    print(table(rows))
    print(f"Before it {load:.1f} threads were busy on {os.cpu_count()} processors; the floor shows what they cost.")
    if options.out is not None:
        figures = {
            "python": platform.python_version(),
            "processors": os.cpu_count(),
            "load_before": round(load, 2),
            "cases": [asdict(row) for row in rows],
        }
        options.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
