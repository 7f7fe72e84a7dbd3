"""What failures wait to be told together, in the table: one item for a group, one for each job that waits.

All of an owner's are in one partition. A window's end is part of the keys of the jobs that wait for it, in order, so
that nothing has to be deleted before the next window: the time to live does that, for nothing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable, Key
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.grouping import Crowd, Group, GroupKey, Named, with_one_more

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from lambdas.adapters.attribute_values import Values

KEPT_SECONDS = 2 * 86_400
"""Far longer than a window. What is forgotten while alerts cannot be sent is told anew, from the letter that stayed."""


class DynamoDbAlertGroups:
    """Groups of failures in the table of the jobs. The client comes from outside."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = DynamoDbTable(client, table)

    def read(self, key: GroupKey) -> Group:
        item = self._table.get(_group_key(key))
        return Group() if item is None else _group(item)

    def write(self, key: GroupKey, group: Group, *, now_ms: int) -> bool:
        pk, sk = _group_key(key)
        item: Values = {
            "pk": pk,
            "sk": sk,
            "until": group.until_ms,
            "first": list(group.first),
            "crowded": group.crowded,
            "telling_until": group.telling_until_ms,
            "told_until": group.told_until_ms,
            "version": group.version,
            "expires_at": _expires_at(now_ms),
        }
        condition = "#version = :before" if group.version > 1 else "attribute_not_exists(#pk)"
        values = {"before": group.version - 1} if group.version > 1 else {}
        try:
            self._table.put(item, condition, values)
        except ConditionFailed:  # if only the reply was lost, the next look at the group shows it
            return False
        return True

    def wait(self, key: GroupKey, job: Named, *, window_ms: int, now_ms: int) -> None:
        pk, sk = _waiting_key(key, window_ms, job.job_id)
        self._table.put(
            {
                "pk": pk,
                "sk": sk,
                **({} if job.name is None else {"name": job.name}),
                "due_at": job.due_at_ms,
                "finished_at": job.ended_at_ms,
                "expires_at": _expires_at(now_ms),
            }
        )

    def is_waiting(self, key: GroupKey, job_id: str, *, window_ms: int) -> bool:
        return self._table.get(_waiting_key(key, window_ms, job_id)) is not None

    def waiting(self, key: GroupKey, *, window_ms: int) -> Crowd | None:
        pk, prefix = _waiting_key(key, window_ms, "")
        pages = self._table.query(
            "#pk = :pk AND begins_with(#sk, :prefix)", {"pk": pk, "prefix": prefix}, consistent=True
        )
        crowd: Crowd | None = None
        for items, _ in pages:
            for item in items:
                crowd = with_one_more(crowd, _named(item, prefix))
        return crowd


def _group_key(key: GroupKey) -> Key:
    """The address is hashed: it may hold any character, and nobody needs to read it here."""
    address = hashlib.sha256(key.email.encode()).hexdigest()[:16] if key.email else ""
    return f"ALERTS#{key.owner}", f"{key.host}#{key.code}#{key.status_code or ''}#{address}"


def _waiting_key(key: GroupKey, window_ms: int, job_id: str) -> Key:
    pk, sk = _group_key(key)
    return pk, f"{sk}#{window_ms:013}#{job_id}"


def _expires_at(now_ms: int) -> int:
    return now_ms // 1000 + KEPT_SECONDS


def _group(item: Values) -> Group:
    try:
        return Group(
            until_ms=int(item["until"]),
            first=tuple(str(job_id) for job_id in item["first"]),
            crowded=bool(item["crowded"]),
            telling_until_ms=int(item["telling_until"]),
            told_until_ms=int(item["told_until"]),
            version=int(item["version"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedItem(item["pk"], f"a group of alerts: {type(error).__name__}: {error}") from error


def _named(item: Values, prefix: str) -> Named:
    return Named(item["sk"].removeprefix(prefix), item.get("name"), item["due_at"], item["finished_at"])
