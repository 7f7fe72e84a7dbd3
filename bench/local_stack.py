"""The whole journey through the local stack: how late jobs come to their target, and how fast they are accepted.

The stack is one of its own, deployed by the real `cdk deploy` beside whatever else runs. Lateness is what the target
sees, in another process: the way of the bytes is in it. Emulator, workers, target and this share one machine, so
this says what `make run` is like, not what AWS is.
"""

from __future__ import annotations

import http.client
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bench import noting_target
from bench.figures import Figure, Part
from bench.lateness import quantile
from local import aws
from local.emulator import free_port
from local.settings import Settings
from local.stack import deployed

PREFERRED_PORT = 4590
"""The template holds the port; with the same one as last time it is found in the cache."""
HEAD_START_SECONDS = 5
"""From the last accepted job to the instant, so that all of them take the way of a message that waits."""
EARLIEST_MS = -5.0
WAIT_SECONDS = 30
"""For requests that do not come at their instant."""
STRAGGLER_SECONDS = 1.0
"""How long a second request of a job is waited for."""


@dataclass(frozen=True, slots=True)
class Volley:
    """So many jobs at one instant, at so many instants a while apart; p50 and p99 may be so many milliseconds."""

    jobs: int
    instants: int
    targets: tuple[float, ...] = ()

    @property
    def apart(self) -> timedelta:
        """Workers hold their jobs for two to three seconds; a volley finds all of them free."""
        return timedelta(seconds=1 if self.jobs == 1 else 4)


VOLLEYS = (Volley(1, 30), Volley(40, 4, targets=(100, 100)), Volley(100, 3))


class Client:
    """One client of the API, with one connection: it asks, waits for the answer, asks again."""

    def __init__(self, api_url: str, token: str) -> None:
        self.api_url = api_url
        self.token = token
        parts = urlsplit(api_url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        self._path = f"{parts.path}/v1/jobs"
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def schedule(self, url: str, at: datetime) -> None:
        """POST a job. Raises SystemExit if it is not accepted: then there is nothing to measure."""
        document = {"name": "bench", "method": "POST", "url": url, "at": at.isoformat(), "body": {"items": [1, 2, 3]}}
        self._connection.request("POST", self._path, json.dumps(document).encode(), self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 201:
            raise SystemExit(f"the local stack answered {answer.status} to a job: {content.decode(errors='replace')}")

    def close(self) -> None:
        self._connection.close()


def measure(quick: bool) -> Part:
    """Start a stack, measure, stop it. Takes two minutes, half of them to start it; quick half a minute less."""
    with stack() as client, noting_target.serving() as (target_url, noted):
        figures = []
        for volley in VOLLEYS:
            instants = 1 if quick else volley.instants
            figures.append(_lateness(Volley(volley.jobs, instants, volley.targets), client, target_url, noted))
        figures += _acceptance(client, target_url, jobs=50 if quick else 300)
    return Part(tuple(figures))


@contextmanager
def stack() -> Iterator[Client]:
    """A client of a stack that ends with the block."""
    aws.forget_real_aws(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(port=free_port(PREFERRED_PORT), state=Path(folder).resolve())
        with (
            deployed(settings, lambda *_: None) as running,
            closing(Client(running.description["api_url"], running.description["token"])) as client,
        ):
            yield client


def _lateness(volley: Volley, client: Client, target_url: str, noted: Callable[[], noting_target.Noted]) -> Figure:
    due = _scheduled(volley, client, target_url)
    came = _arrivals(due, noted)
    lateness = [came_ms - due_ms for path, due_ms in due for came_ms in came[path]]
    if min(lateness) < EARLIEST_MS:
        raise SystemExit(f"a request came {-min(lateness):.0f} ms early")
    jobs = "1 job" if volley.jobs == 1 else f"{volley.jobs} jobs at one instant"
    return Figure(
        key=f"stack-{volley.jobs}",
        name=f"{jobs}, as the target sees it: p50 / p99",
        unit="ms",
        values=(quantile(lateness, 0.50), quantile(lateness, 0.99)),
        targets=volley.targets,
    )


def _scheduled(volley: Volley, client: Client, target_url: str) -> Sequence[tuple[str, int]]:
    """Schedule the jobs of a volley; their paths and due times (epoch ms)."""
    total = volley.jobs * volley.instants
    first = datetime.now(UTC) + timedelta(seconds=HEAD_START_SECONDS + total / 20)
    first = first.replace(microsecond=first.microsecond // 1000 * 1000)
    due = []
    for instant in range(volley.instants):
        at = first + instant * volley.apart
        for number in range(volley.jobs):
            path = f"/{volley.jobs}/{instant}/{number}"
            client.schedule(target_url + path, at)
            due.append((path, round(at.timestamp() * 1000)))
    return due


def _arrivals(due: Sequence[tuple[str, int]], noted: Callable[[], noting_target.Noted]) -> noting_target.Noted:
    """What came, once all have come. Raises SystemExit if a job did not come, or came twice."""
    last_ms = max(due_ms for _, due_ms in due)
    paths = {path for path, _ in due}
    while True:
        came = {path: times for path, times in noted().items() if path in paths}
        if len(came) == len(paths) and time.time() * 1000 > last_ms + STRAGGLER_SECONDS * 1000:
            break
        if time.time() * 1000 > last_ms + WAIT_SECONDS * 1000:
            raise SystemExit(f"{len(paths) - len(came)} of {len(paths)} jobs did not come to their target")
        time.sleep(0.5)
    doubles = sum(len(times) - 1 for times in came.values())
    if doubles:
        raise SystemExit(f"{doubles} of {len(paths)} jobs came twice")
    return came


def _acceptance(client: Client, target_url: str, *, jobs: int) -> list[Figure]:
    """Jobs of tomorrow: nothing but their acceptance is at work."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    took_ms = []
    for number in range(jobs):
        began = time.perf_counter()
        client.schedule(f"{target_url}/tomorrow/{number}", tomorrow)
        took_ms.append((time.perf_counter() - began) * 1000)
    rate = jobs * 1000 / sum(took_ms)
    return [
        Figure("stack-accept-rate", "jobs accepted, one client that waits for each answer", "a second", (rate,)),
        Figure(
            "stack-accept-time",
            "time to accept a job: p50 / p99",
            "ms",
            (quantile(took_ms, 0.50), quantile(took_ms, 0.99)),
        ),
    ]
