"""The corpora against the deployed stack: many requests in one test, each of which a failure names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from local.user import User
from tests.corpus.door import Told
from tests.live.deployed_stack import FINISHED, Answer, DeployedStack, eventually

THREADS = 4
"""More would only start more workers of the emulator."""


class Named(Protocol):
    """An entry of a corpus."""

    @property
    def id(self) -> str: ...


Entry = TypeVar("Entry", bound=Named)


def complaints_of_all(entries: Sequence[Entry], complaints: Callable[[Entry], Iterable[str]]) -> list[str]:
    """What is wrong with any entry, with its name before it."""
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(lambda entry: list(complaints(entry)), entries))
    return [f"{entry.id}: {wrong}" for entry, all_wrong in zip(entries, found, strict=True) for wrong in all_wrong]


def told(answer: Answer) -> Told:
    """The answer as the corpora's checks read it."""
    return Told(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.body)


def stored_of(stack: DeployedStack, user: User) -> list[dict[str, Any]]:
    """All that the table holds of an owner: jobs, receipts, counters, settings, targets."""
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.description["table"])
    items = [item for page in pages for item in page["Items"]]
    return [item for item in items if user.owner in item["pk"]["S"] or item.get("owner", {}).get("S") == user.owner]


def ended_job(stack: DeployedStack, user: User, job_id: str, *, within_seconds: float = 60) -> dict[str, Any]:
    """An owner's job once it is over."""

    def read() -> dict[str, Any]:
        job: dict[str, Any] = stack.call("GET", f"/v1/jobs/{job_id}", token=user.token).body
        return job

    job = eventually(read, lambda job: job["status"] in FINISHED, within_seconds=within_seconds)
    assert job["status"] in FINISHED, job
    return job
