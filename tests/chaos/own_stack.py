"""The stack of a run: one of its own, which can be restarted with its state kept, and what its insides show."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lambdas.adapters.job_items import due_partition
from lambdas.jobs.due_job import DUE_SHARDS, due_shard
from lambdas.jobs.job import UPCOMING
from tests.chaos.history import Running
from tests.live.deployed_stack import DeployedStack, started

UNFINISHED = frozenset(status.value for status in UPCOMING)
COUNTED = frozenset(
    {
        *("taken_over", "message_kept", "outcome_postponed", "settle_lost", "letter_kept", "unavailable", "defect"),
        *("put_off", "target_paused", "target_probed", "target_well", "target_denied", "target_unknown"),
    }
)
"""Events that tell of trouble; the others are everyday life."""


class OwnStack:
    """A deployed stack that only this run uses. `deployed` speaks to it, before and after a restart."""

    def __init__(self, state: Path, settings: Mapping[str, str]) -> None:
        self._state = state
        self._settings = settings
        self._running = contextlib.ExitStack()
        self._earlier_log = state.with_name("functions-before-restart.log")
        self.deployed: DeployedStack

    def __enter__(self) -> OwnStack:
        self._earlier_log.unlink(missing_ok=True)
        self._running.enter_context(started(self._state, self._settings))
        self.deployed = DeployedStack(self._state)
        self._table = self.deployed.client("dynamodb")
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def restart(self) -> None:
        """Stop everything as a user would, and go on with the state that was kept."""
        self.stop()
        self.start_again()

    def stop(self) -> None:
        """SIGTERM to all of it, as a user would stop it; the state is kept."""
        self._running.close()

    def start_again(self) -> None:
        """Go on after `stop` with the state that was kept."""
        self._earlier_log.write_text(self.deployed.function_log())  # which a start begins anew
        self._running.enter_context(started(self._state, {**self._settings, "KEEP": "1"}))

    def items(self) -> Iterator[dict[str, dict[str, Any]]]:
        """Every job's item, as DynamoDB types it."""
        pages = self._table.get_paginator("scan").paginate(
            TableName=self.deployed.description["table"],
            FilterExpression="sk = :job",
            ExpressionAttributeValues={":job": {"S": "JOB"}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def running(self) -> Running:
        """The attempts that are under way."""
        return frozenset(
            (item_id(item), int(item["attempt_count"]["N"]))
            for item in self.items()
            if item["status"]["S"] == "running"
        )

    def due_index(self) -> list[str]:
        """Ids of all jobs that the due index calls unfinished."""
        found: list[str] = []
        for shard in range(DUE_SHARDS):
            pages = self._table.get_paginator("query").paginate(
                TableName=self.deployed.description["table"],
                IndexName="due",
                KeyConditionExpression="due_shard = :shard",
                ExpressionAttributeValues={":shard": {"S": due_partition(shard)}},
            )
            found += [item_id(entry) for page in pages for entry in page["Items"]]
        return found

    def noticed(self) -> Mapping[str, int]:
        """How often the functions logged each event; of a dropped message with the reason."""
        earlier = self._earlier_log.read_text() if self._earlier_log.exists() else ""
        return events_of(earlier + self.deployed.function_log())


def broken_invariant(item: Mapping[str, Mapping[str, Any]]) -> str | None:
    """What is wrong with an item: after every write an unfinished job is in the due index at its fire time, and a
    finished one is not."""
    status, job_id = item["status"]["S"], item_id(item)
    shard = item.get("due_shard", {}).get("S", "")
    if status in UNFINISHED:
        if shard != due_partition(due_shard(job_id)) or "N" not in item.get("fire_at", {}):
            return f"{job_id} is {status} and not in its shard of the due index"
    elif shard.startswith("DUE#"):
        return f"{job_id} is {status} and still in the due index"
    return None


def events_of(log: str) -> Mapping[str, int]:
    """Counts of the events in what functions printed, one JSON object a line after a time and the function's name."""
    counts: Counter[str] = Counter()
    for line in log.splitlines():
        found = re.match(r"\S+ \S+ (\{.*\})$", line)
        try:
            record = json.loads(found[1]) if found else {}
        except ValueError:
            continue
        event = record.get("message")
        if event == "swept":
            counts["jobs sent again as overdue"] += record["overdue"]
        elif event == "handed_off":
            counts["stream records lost"] += record["refused"]
        elif event == "message_dropped":
            counts[f"message dropped as {record['why']}"] += 1
        elif event in COUNTED:
            counts[event] += 1
    return counts


def item_id(item: Mapping[str, Mapping[str, Any]]) -> str:
    """The id of an item's job."""
    job_id: str = item["pk"]["S"].removeprefix("JOB#")
    return job_id
