"""The targets of a run: for each kind of job a server of its own, which does with each request as planned."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tests.chaos.planned import Fault, Given, Kind, Plan, PlannedJob
from tests.live.target import Received, Reply, Target, serving

Kill = Callable[[PlannedJob, Fault, Received], Callable[[], None]]
"""Finds the worker that sent a request; what it returns kills it."""


class Targets:
    """All servers of a run."""

    def __init__(self, servers: Mapping[Kind, Target], dead_port: int) -> None:
        self._servers = servers
        self._dead_port = dead_port

    def answer_as_planned(self, plan: Plan, kill: Kill) -> None:
        """Have every server give what the plan says."""
        for job in plan.jobs:
            if job.kind is not Kind.DEAD:
                replies = [_reply(job, given, kill) for given in job.answers]
                self._servers[job.kind].answer(job.path, *replies)

    def url(self, job: PlannedJob) -> str:
        if job.kind is Kind.DEAD:
            return f"http://127.0.0.1:{self._dead_port}{job.path}"
        return self._servers[job.kind].url(job.path)

    def requests(self, job: PlannedJob) -> list[Received]:
        """What came for a job so far."""
        return [] if job.kind is Kind.DEAD else self._servers[job.kind].requests(job.path)

    def waiting(self) -> list[int]:
        """Senders' ports of connections that were opened for a request which has not been sent yet."""
        return [port for server in self._servers.values() for port in server.waiting()]


@contextmanager
def all_serving() -> Iterator[Targets]:
    """Serve on free ports of the loopback address until the block ends."""
    with ExitStack() as held:
        servers: dict[Kind, Target] = {kind: held.enter_context(serving()) for kind in Kind if kind is not Kind.DEAD}
        # Bound, so that nobody else gets the port, and not listening, so that connections are refused.
        dead = held.enter_context(socket.socket())
        dead.bind(("127.0.0.1", 0))
        yield Targets(servers, dead.getsockname()[1])


def _reply(job: PlannedJob, given: Given, kill: Kill) -> Reply:
    headers = {} if given.retry_after is None else {"retry-after": str(given.retry_after)}
    reply = Reply(status=given.status, headers=headers, wait_seconds=given.wait_seconds, reset=given.reset)
    if given.kill is None:
        return reply
    return _killing(reply, job, given.kill, kill)


def _killing(reply: Reply, job: PlannedJob, fault: Fault, kill: Kill) -> Reply:
    """The same reply, at the cost of a worker. It is found before the answer: settling is quicker than finding."""
    found: dict[int, Callable[[], None]] = {}

    def find(received: Received) -> None:
        found[received.client_port] = kill(job, fault, received)
        if fault is Fault.KILL_DURING:
            found.pop(received.client_port)()

    def strike(received: Received) -> None:
        strike_now = found.pop(received.client_port, None)
        if strike_now:
            strike_now()

    return Reply(
        status=reply.status,
        headers=reply.headers,
        wait_seconds=reply.wait_seconds,
        reset=reply.reset,
        meanwhile=find,
        afterwards=strike,
    )
