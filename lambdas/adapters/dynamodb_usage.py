"""What owners have and use, in the same DynamoDB table as the jobs: `USAGE#<owner>` and `OWNER#<owner>` / `LIMITS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable, Key
from lambdas.adapters.job_items import owner_partition
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.limits import MINUTE_MS, Counter, Standing, Taken
from lambdas.jobs.listing import UPCOMING_GROUP

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from lambdas.adapters.attribute_values import Values

FEW = 1_000
"""So many upcoming jobs are counted one by one, for 15 read units at most; of more the counters tell."""

DAY_MS = 86_400_000

LONGEST_OVERDUE_MS = 30 * DAY_MS
"""A job that is due earlier and not finished yet is one of very few: its attempts have been used up by then."""

_KEPT_SECONDS = 3_600
"""How long a counter outlives its minute, for clocks that differ; time to live deletes for nothing, and late."""

_TRIES = 4
"""How often units are asked for while others take from the same counter: each time there are fewer."""


class DynamoDbUsage:
    """Counters and limits of owners in a DynamoDB table. The client comes from outside."""

    def __init__(self, client: DynamoDBClient, table: str, *, few: int = FEW) -> None:
        self._client = client
        self._name = table
        self._table = DynamoDbTable(client, table)
        self._few = few

    def standing(self, owner: str, *, now_ms: int) -> Standing:
        key = _limits_key(owner)
        item = self._table.get(key, consistent=False)
        upcoming = self._table.count(
            "#owner_status = :partition",
            {"partition": owner_partition(owner, UPCOMING_GROUP)},
            index="owner_status",
            at_most=self._few,
        )
        if upcoming == self._few:
            upcoming = max(upcoming, self._many_upcoming(owner, now_ms))
        return Standing(_own_limits(key, item) if item else {}, upcoming)

    def take(self, counter: Counter, *, least: int, most: int, limit: int) -> Taken:
        key = _counter_key(counter)
        expires_at = (counter.minute_ms + MINUTE_MS) // 1000 + _KEPT_SECONDS
        units, room = min(most, limit), limit
        for _ in range(_TRIES):
            if units < least:
                break
            try:
                item = self._table.update(
                    key,
                    "SET #expires_at = :expires_at ADD #taken :units",
                    {"expires_at": expires_at, "units": units, "before": limit - units},
                    condition="attribute_not_exists(#taken) OR #taken <= :before",
                    answer_new=True,
                )
                return Taken(units, max(0, limit - _taken(key, item)))
            except ConditionFailed as failed:
                room = max(0, limit - _taken(key, failed.found))
                units = min(units, room)
        return Taken(0, room)

    def taken(self, counter: Counter) -> int:
        key = _counter_key(counter)
        item = self._table.get(key, consistent=False)
        return _taken(key, item) if item else 0

    def due(self, owner: str, *, minute_ms: int, at_most: int) -> int:
        return self._table.count(
            "#owner_status = :partition AND #due_at BETWEEN :first AND :last",
            {
                "partition": owner_partition(owner, UPCOMING_GROUP),
                "first": minute_ms,
                "last": minute_ms + MINUTE_MS - 1,
            },
            index="owner_status",
            at_most=at_most,
        )

    def _many_upcoming(self, owner: str, now_ms: int) -> int:
        """By the counters, of which there is one item for each day; 0 if they cannot be understood."""
        from lambdas.adapters.dynamodb_counters import DynamoDbCounters  # late: few owners have so many jobs

        first = (now_ms - LONGEST_OVERDUE_MS) // DAY_MS
        try:
            return DynamoDbCounters(self._client, self._name).unfinished(owner, first=first)
        except DamagedItem:  # whoever counts has told the operators, and can set them right
            return 0

    def set_limits(self, owner: str, limits: Mapping[str, int]) -> None:
        pk, sk = key = _limits_key(owner)
        if limits:
            self._table.put({"pk": pk, "sk": sk, **limits})
        else:
            self._table.delete(key)


def _counter_key(counter: Counter) -> Key:
    minute = counter.minute_ms // MINUTE_MS
    return f"USAGE#{counter.owner}", f"HOST#{counter.host}#{minute}" if counter.host else f"REQUESTS#{minute}"


def _limits_key(owner: str) -> Key:
    return f"OWNER#{owner}", "LIMITS"


def _taken(key: Key, item: Values | None) -> int:
    taken = (item or {}).get("taken")
    if not isinstance(taken, int):
        raise DamagedItem("/".join(key), "it counts nothing")
    return taken


def _own_limits(key: Key, item: Values) -> Mapping[str, int]:
    limits = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    if not all(type(value) is int for value in limits.values()):
        raise DamagedItem("/".join(key), "a limit is no whole number")
    return limits
