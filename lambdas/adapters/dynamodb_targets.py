"""What is known of targets in trouble, in the same DynamoDB table as the jobs: `TARGET#<owner>` / `<host>`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, cast, get_args

from lambdas.adapters.attribute_values import Values, one_of
from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable, Key
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.target import Change, Sign, State, Target, Untold

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

FORGOTTEN_AFTER_SECONDS = 7 * 86_400
"""A target that nobody has called for so long is forgotten, unless it is denied."""

LONGEST_LIST = 1_000

_LONGEST_SORT_KEY_BYTES = 1_024
"""DynamoDB's limit."""

_COUNTERS = {Sign.FAILURE: "failures", Sign.REFUSAL: "refusals"}


class DynamoDbTargets:
    """Records of targets in a DynamoDB table. The client comes from outside."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = DynamoDbTable(client, table)

    def find(self, owner: str, host: str) -> Target | None:
        return _target_or_none(self._table.get(_key(owner, host), consistent=False))

    def count(self, owner: str, host: str, *, sign: Sign, now_ms: int) -> Target:
        counter, other = _COUNTERS[sign], _COUNTERS[Sign.REFUSAL if sign is Sign.FAILURE else Sign.FAILURE]
        item = self._table.update(
            _key(owner, host),
            "SET #since = if_not_exists(#since, :now), #version = if_not_exists(#version, :now),"
            f" #state = if_not_exists(#state, :allowed), #expires_at = :expires_at REMOVE #{other} ADD #{counter} :one",
            {"now": now_ms, "allowed": State.ALLOWED, "expires_at": _expires_at(now_ms), "one": 1},
            condition="",
            answer_new=True,
        )
        return _target(item or {})

    def replace(self, target: Target, *, read_version: int, now_ms: int) -> Target | None:
        item = _item(target, now_ms)
        condition = "#version = :version" if read_version else "attribute_not_exists(#pk)"
        try:
            self._table.put(item, condition, {"version": read_version} if read_version else None)
        except ConditionFailed as failed:
            return _target_or_none(failed.found)  # its own, if the reply to this very write was lost
        return target

    def forget(self, target: Target) -> None:
        with suppress(ConditionFailed):
            self._table.delete(_key(target.owner, target.host), "#version = :version", {"version": target.version})

    def lift(self, owner: str, host: str) -> bool:
        if len(host.encode()) > _LONGEST_SORT_KEY_BYTES:  # no host, and the table would refuse the question
            return False
        try:
            self._table.delete(_key(owner, host), "attribute_exists(#pk)")
        except ConditionFailed:
            return False
        return True

    def list(self, owner: str) -> Sequence[Target]:
        pages = self._table.query("#pk = :pk", {"pk": _partition(owner)}, consistent=True)
        return [_target(item) for item in islice((item for page, _ in pages for item in page), LONGEST_LIST)]


def _partition(owner: str) -> str:
    return f"TARGET#{owner}"


def _key(owner: str, host: str) -> Key:
    return _partition(owner), host


def _expires_at(now_ms: int) -> int:
    return now_ms // 1000 + FORGOTTEN_AFTER_SECONDS


def _item(target: Target, now_ms: int) -> Values:
    pk, sk = _key(target.owner, target.host)
    untold = target.untold
    values = {
        "pk": pk,
        "sk": sk,
        "state": target.state.value,
        "reason": target.reason,
        "since": target.since_ms,
        "version": target.version,
        "failures": target.failures or None,
        "refusals": target.refusals or None,
        "until": target.until_ms,
        "pause_ms": target.pause_ms or None,
        "probe": target.probe,
        "probe_until": target.probe_until_ms,
        "untold": None if untold is None else [untold.what, untold.since_ms],
        "expires_at": None if target.state is State.DENIED else _expires_at(now_ms),
    }
    return {name: value for name, value in values.items() if value is not None}


def _target_or_none(item: Values | None) -> Target | None:
    return _target(item) if item else None


def _target(item: Mapping[str, Any]) -> Target:
    """The record of an item. Raises DamagedItem; attributes of newer code are left alone."""
    try:
        untold = item.get("untold")
        target = Target(
            owner=item["pk"].removeprefix("TARGET#"),
            host=item["sk"],
            state=one_of(State, item["state"]),
            reason=item.get("reason"),
            since_ms=int(item["since"]),
            version=int(item["version"]),
            failures=int(item.get("failures", 0)),
            refusals=int(item.get("refusals", 0)),
            until_ms=_optional_number(item, "until"),
            pause_ms=int(item.get("pause_ms", 0)),
            probe=item.get("probe"),
            probe_until_ms=_optional_number(item, "probe_until"),
            untold=None if untold is None else Untold(_change(untold[0]), int(untold[1])),
        )
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        key = f"{item.get('pk')}/{item.get('sk')}"
        raise DamagedItem(key, f"{type(error).__name__}: {error}") from error
    return target


def _optional_number(item: Mapping[str, Any], name: str) -> int | None:
    return int(item[name]) if name in item else None


def _change(value: object) -> Change:
    if value not in get_args(Change):
        raise ValueError("no change of a target")
    return cast(Change, value)
