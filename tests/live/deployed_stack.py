"""A copy of the local stack for the live tests, and how a test speaks to it: by the Python client, as a user would.

It is started as a user starts it, by `python -m local.run`, with a folder and ports of its own, so it runs beside
a `make run`. Test processes that run at the same time (pytest -n) share one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import requests

from local import aws, paths
from local.deploy import read_outputs
from local.emulator import Home, free_port
from local.user import User, sign_in
from punctual import Client, Job
from tests.described import check_described
from tests.live import workers
from tests.live.target import Received
from tests.live.user import client_of
from tests.services.mails import Mail, follow_last_link, mails_to

READY_SECONDS = 240
"""The first start ever synthesises and packages everything."""
PREFERRED_PORT = 4580
"""The template holds the port; with the same one as last time it is found in the cache."""
SETTINGS = {
    "PUNCTUAL_HORIZON_SECONDS": "180",
    "PUNCTUAL_SWEEP_MINUTES": "1",
    "PUNCTUAL_PRIVATE_TARGETS": "127.0.0.1",
    "PUNCTUAL_OWN_HOSTS": "api.example-scheduler.com,console.example-scheduler.com",  # as tests/corpus has it
}
"""A job is far away beyond 180 · 17/15 = 204 s, and a sweep comes every minute: the whole journey in four minutes."""
Seen = TypeVar("Seen")
FINISHED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    body: Any
    """The JSON document; None if it is none."""
    content: bytes
    """The same as it came, unpacked."""


@dataclass(frozen=True)
class Alert:
    """A notice that was published to the operators."""

    subject: str
    message: str


class DeployedStack:
    """The running stack. `description` is its stack.json."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.description: dict[str, Any] = json.loads((state / "stack.json").read_text())
        self.outputs = read_outputs(state / "outputs.json")
        self.api_url: str = self.description["api_url"]
        self._endpoint_url: str = self.description["aws_endpoint_url"]
        self.token = self.sign_in(f"process-{os.getpid()}@example.com").token
        """Of a user whom only this test process knows: no other test changes what they see at the same time."""
        self.user = client_of(self.api_url, self.token)
        """Their Python client: what acts as a user goes by it."""
        self._http = requests.Session()
        self._http.trust_env = False

    def call(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        content: bytes | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request to the API, for tests of what the client does not show: `document` is sent as JSON,
        `content` as it is; `token` "" sends none.

        Fails the test if the answer is not as the OpenAPI document says.
        """
        all_headers = dict(headers or {})
        token = self.token if token is None else token
        if token:
            all_headers["authorization"] = f"Bearer {token}"
        if document is not None:
            content = json.dumps(document).encode()
            all_headers.setdefault("content-type", "application/json")
        answer = self._http.request(method, self.api_url + path, data=content, headers=all_headers, timeout=60)
        told = {name.lower(): value for name, value in answer.headers.items()}
        check_described(method, path.partition("?")[0], answer.status_code, told, answer.content)
        has_document = answer.content and "json" in told.get("content-type", "")
        body = json.loads(answer.content) if has_document else None
        return Answer(answer.status_code, answer.headers, body, answer.content)

    def as_user(self, token: str) -> Client:
        """The Python client of another user."""
        return client_of(self.api_url, token)

    def finished(self, job_id: str, *, within_seconds: float) -> Job:
        """The user's job once it has ended. Fails the test, showing the job, if it does not in time."""
        job = eventually(lambda: self.user.job(job_id), lambda job: job.finished, within_seconds=within_seconds)
        assert job.finished, f"not so within {within_seconds} s: {json.dumps(job.raw, indent=2)}"
        return job

    def sign_in(self, name: str) -> User:
        """Another user, by an e-mail address; pass the token to `call`."""
        return sign_in(
            self._endpoint_url,
            pool_id=self.outputs["UserPoolId"],
            client_id=self.outputs["UserPoolClientId"],
            name=name,
        )

    def mails_to(self, email: str) -> list[Mail]:
        """All that an address was sent so far, oldest first."""
        return mails_to(email, endpoint_url=self._endpoint_url)

    def follow_last_link(self, email: str) -> None:
        """Follow the link in the last mail that an address was sent."""
        follow_last_link(email, endpoint_url=self._endpoint_url)

    def client(self, service: str) -> Any:
        """A boto3 client of the stack's AWS, with an operator's rights."""
        return aws.client(service, self._endpoint_url)

    def queued(self, queue: str) -> list[str]:
        """The bodies of all messages in a queue (`jobs`, `dead_letters`, `alerts_inbox`), taking none."""
        url = self.description["queues"][queue]
        query = urllib.parse.urlencode({"QueueUrl": url})
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{self._endpoint_url}/_ministack/sqs/messages?{query}", timeout=10) as answer:
            accounts = json.load(answer)["messages"]
        queues = [queues for regions in accounts.values() for queues in regions.values()]
        return [message["Body"] for by_url in queues for message in by_url.get(url, [])]

    def alerts(self) -> list[Alert]:
        """All that was published to the operators so far, oldest first."""
        envelopes = [json.loads(body) for body in self.queued("alerts_inbox")]
        return [Alert(envelope.get("Subject") or "", envelope["Message"]) for envelope in envelopes]

    def alerts_about(self, job_id: str, *, within_seconds: float = 0) -> list[Alert]:
        """The alerts that name a job, waiting for the first one if there is none yet."""
        return eventually(
            lambda: [alert for alert in self.alerts() if job_id in alert.message], bool, within_seconds=within_seconds
        )

    def kill_sender_of(self, received: Received) -> None:
        """kill -9 the worker that sent this request, still waits for its answer, and has no other in hand."""
        aws_port = urllib.parse.urlsplit(self._endpoint_url).port
        assert aws_port is not None
        workers.kill_sender(
            self.workers_folder, self.outputs["FireFunctionName"], received.client_port, aws_port=aws_port
        )

    @property
    def workers_folder(self) -> Path:
        """The TMPDIR of the emulator, by which its workers are known."""
        return Home(self.state / "emulator").temporary

    def function_log(self) -> str:
        """Every line that the functions have printed."""
        return (self.state / "logs" / "functions.log").read_text()


def eventually(look: Callable[[], Seen], holds: Callable[[Seen], bool], *, within_seconds: float) -> Seen:
    """Look until something holds or the time is up; returns what was seen last."""
    deadline = time.monotonic() + within_seconds
    seen = look()
    while not holds(seen) and time.monotonic() < deadline:
        time.sleep(0.1)
        seen = look()
    return seen


@contextlib.contextmanager
def shared(folder: Path) -> Iterator[DeployedStack]:
    """The stack of this test run. The first process that comes starts it, and stays until the last one has left."""
    users = folder / "users"
    users.mkdir(parents=True, exist_ok=True)
    mine = users / str(os.getpid())
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = folder / "state"
        with contextlib.ExitStack() as held:
            if not (state / "stack.json").exists():
                held.enter_context(started(state, SETTINGS))
                held.callback(_wait_for_the_last, users, lock)
            mine.touch()
            held.callback(mine.unlink)
            fcntl.flock(lock, fcntl.LOCK_UN)
            yield DeployedStack(state)


@contextlib.contextmanager
def started(state: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """A stack of one's own; it stops by itself when its stdin closes, so even when this process is killed.

    `settings` are those of `make run`; without PUNCTUAL_PORT, here or in the environment, a free port is taken. With
    KEEP it goes on with the jobs of the last run.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PUNCTUAL_")}
    environment["PUNCTUAL_PORT"] = os.environ.get("PUNCTUAL_PORT") or str(free_port(PREFERRED_PORT))
    state.parent.mkdir(parents=True, exist_ok=True)
    output = state.with_name("run.log")
    with open(output, "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.run", "--until-stdin-closes"],
            cwd=paths.ROOT,
            env={**environment, **settings, "PUNCTUAL_STATE": str(state)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    assert process.stdin is not None
    try:
        eventually(
            lambda: (state / "stack.json").exists() or process.poll() is not None, bool, within_seconds=READY_SECONDS
        )
        assert (state / "stack.json").exists(), f"the stack did not start:\n{output.read_text()}"
        yield
    finally:
        process.stdin.close()
        process.wait(60)


def _wait_for_the_last(users: Path, lock: IO[str]) -> None:
    """Return when no test process uses the stack any more, with the lock: whoever comes now waits until it has stopped.

    A process that was killed has left its file, but not itself.
    """
    while True:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not any(_alive(int(user.name)) for user in users.iterdir()):
            return
        fcntl.flock(lock, fcntl.LOCK_UN)
        time.sleep(0.2)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
