"""One DynamoDB table, spoken to in plain values; every method raises StoreUnavailable when it cannot do its work."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from lambdas.adapters.attribute_values import Values, from_attributes, to_attribute, to_attributes
from lambdas.adapters.aws import error_code, outages_as
from lambdas.jobs.errors import DamagedItem, StoreUnavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Key = tuple[str, str]
"""Partition key and sort key."""

LARGEST_BATCH = 100
"""How many items BatchGetItem takes (AWS limit)."""

LARGEST_PUT_BATCH = 25
"""How many items BatchWriteItem takes (AWS limit)."""

_TRIES = 6
"""How often a transaction is tried while others are at the same items; the waits between come to a second at most."""

_FRUITLESS_ROUNDS = 3
"""How often a batch may bring nothing at all before the table counts as away."""


class ConditionFailed(Exception):
    """A write's condition does not hold. `found` is the item as it stands, or None when there is none."""

    def __init__(self, found: Values | None) -> None:
        super().__init__("the condition of a write does not hold")
        self.found = found


class TransactionRefused(Exception):
    """Conditions of a transaction do not hold, and nothing of it was written.

    `found` has for the place of each write whose condition failed the item as it stands, or None.
    """

    def __init__(self, found: Mapping[int, Values | None]) -> None:
        super().__init__("a condition of a transaction does not hold")
        self.found = found


class ConditionalPut(NamedTuple):
    """One write of a transaction."""

    item: Values
    condition: str
    values: Mapping[str, Any] = MappingProxyType({})


class DynamoDbTable:
    """A table with the keys `pk` and `sk`.

    Conditions and updates are DynamoDB's expressions, in which `#name` stands for the attribute of that name and
    `:name` for a value that is given with it.
    """

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: Key, *, consistent: bool = True) -> Values | None:
        """An item, or None. Read consistently, unless what was written in the last second or so may be missing."""
        with outages_as(StoreUnavailable):
            reply = self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=consistent)
        item = reply.get("Item")
        return from_attributes(item) if item else None

    def put(self, item: Values, condition: str = "", values: Mapping[str, Any] | None = None) -> None:
        """Write a whole item. Raises ConditionFailed."""
        self._write("put_item", {"Item": to_attributes(item), **_conditional(condition, values or {})})

    def update(
        self, key: Key, update: str, values: Mapping[str, Any], *, condition: str, answer_new: bool = False
    ) -> Values | None:
        """Change an item and, if asked to, return it as it is then.

        Raises ConditionFailed, and DamagedItem when the item has other kinds of values than the update reckons with.
        """
        request = {
            "Key": _key(key),
            "UpdateExpression": update,
            "ReturnValues": "ALL_NEW" if answer_new else "NONE",
            **_conditional(condition, values, update),
        }
        try:
            return self._write("update_item", request)
        except ClientError as error:
            if error_code(error) == "ValidationException":
                raise DamagedItem("/".join(key), "its values are not of the kinds that an update needs") from error
            raise

    def put_together(self, puts: Sequence[ConditionalPut]) -> None:
        """Write all of these items or none: at most 100, 4 MB together (AWS limits). Raises TransactionRefused."""
        actions: Any = [
            {
                "Put": {"TableName": self._name, "Item": to_attributes(put.item)}
                | _conditional(put.condition, put.values)
            }
            for put in puts
        ]
        for attempt in range(_TRIES):
            reasons = self._transact(actions)
            if not reasons:
                return
            found = {
                place: from_attributes(reason["Item"]) if "Item" in reason else None
                for place, reason in enumerate(reasons)
                if reason["Code"] == "ConditionalCheckFailed"
            }
            if found:
                raise TransactionRefused(found)
            codes = {reason["Code"] for reason in reasons} - {"None"}
            if codes != {"TransactionConflict"}:
                raise StoreUnavailable(f"TransactWriteItems: {', '.join(sorted(codes))}")
            _pause_after(attempt)
        raise StoreUnavailable("TransactWriteItems: others are at the same items")

    def put_all(self, items: Sequence[Values]) -> None:
        """Write items whatever was there, 25 at a time, each again until the table has taken it."""
        for start in range(0, len(items), LARGEST_PUT_BATCH):
            batch = items[start : start + LARGEST_PUT_BATCH]
            asked: Any = {self._name: [{"PutRequest": {"Item": to_attributes(item)}} for item in batch]}
            for attempt in range(_TRIES):
                with outages_as(StoreUnavailable):
                    asked = self._client.batch_write_item(RequestItems=asked).get("UnprocessedItems")
                if not asked:
                    break
                _pause_after(attempt)
            else:
                raise StoreUnavailable("BatchWriteItem: not everything was processed")

    def delete(self, key: Key, condition: str = "", values: Mapping[str, Any] | None = None) -> None:
        """Remove an item; without a condition one that is not there is fine. Raises ConditionFailed."""
        self._write("delete_item", {"Key": _key(key), **_conditional(condition, values or {})})

    def partition(self, pk: str) -> Sequence[Values]:
        """All items of a partition, read consistently, by their sort keys."""
        pages = self.query("#pk = :pk", {"pk": pk}, consistent=True)
        return [item for page, _ in pages for item in page]

    def query(
        self,
        condition: str,
        values: Mapping[str, Any],
        *,
        index: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        after: Values | None = None,
        only: str = "",
        consistent: bool = False,
    ) -> Iterator[tuple[Sequence[Values], Values | None]]:
        """Pages of what a key condition finds, each with the key behind which more may follow, None on the last.

        A page is read when it is asked for. `limit` is how many one page looks at; `only` is a condition on what is
        found there. `after` is the key to go on behind.
        """
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": _names(f"{condition} {only}"),
            "ExpressionAttributeValues": _values(values),
            "ScanIndexForward": not descending,
        }
        optional = {"IndexName": index, "Limit": limit, "ConsistentRead": consistent or None}
        optional["FilterExpression"] = only or None
        request.update({name: value for name, value in optional.items() if value is not None})
        if after:
            request["ExclusiveStartKey"] = to_attributes(after)
        while True:
            with outages_as(StoreUnavailable):
                reply = self._client.query(**request)
            last = reply.get("LastEvaluatedKey")
            yield [from_attributes(item) for item in reply["Items"]], from_attributes(last) if last else None
            if not last:
                return
            request["ExclusiveStartKey"] = last

    def count(self, condition: str, values: Mapping[str, Any], *, index: str, at_most: int) -> int:
        """How many entries of an index a key condition finds; reading ends at `at_most`."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": index,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": _names(condition),
            "ExpressionAttributeValues": _values(values),
            "Select": "COUNT",
        }
        found = 0
        while found < at_most:
            with outages_as(StoreUnavailable):
                reply = self._client.query(**request, Limit=at_most - found)
            found += reply["Count"]
            if "LastEvaluatedKey" not in reply:
                break
            request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]
        return found

    def get_all(self, keys: Iterable[Key], *, only: Sequence[str] = ()) -> Iterator[Values]:
        """Items by their keys, in no order, without those that are not there; of each all attributes or `only` some.

        Read consistently, a hundred at a time.
        """
        waiting = list(dict.fromkeys(keys))
        for start in range(0, len(waiting), LARGEST_BATCH):
            yield from self._get_batch(waiting[start : start + LARGEST_BATCH], only)

    def _get_batch(self, keys: Sequence[Key], only: Sequence[str]) -> Iterator[Values]:
        """One batch, asked for again until nothing is left out: DynamoDB answers in part when it throttles or when
        the items are larger than 16 MB together."""
        asked: Any = {"Keys": [_key(key) for key in keys], "ConsistentRead": True}
        if only:
            names = ("pk", "sk", *only)
            asked["ProjectionExpression"] = ", ".join(f"#{name}" for name in names)
            asked["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
        fruitless = 0
        while asked:
            with outages_as(StoreUnavailable):
                reply = self._client.batch_get_item(RequestItems={self._name: asked})
            found = reply.get("Responses", {}).get(self._name, [])
            yield from map(from_attributes, found)
            asked = reply.get("UnprocessedKeys", {}).get(self._name)
            fruitless = 0 if found else fruitless + 1
            if asked and fruitless == _FRUITLESS_ROUNDS:
                raise StoreUnavailable("BatchGetItem: nothing was processed")

    def _transact(self, actions: Any) -> Sequence[Mapping[str, Any]]:
        """Try a transaction; returns why it was cancelled, action by action, or nothing when all is written."""
        with outages_as(StoreUnavailable):
            try:
                self._client.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if error_code(error) != "TransactionCanceledException":
                    raise
                reasons: Any = error.response.get("CancellationReasons")
                if not reasons:
                    raise
                return list(reasons)
        return []

    def _write(self, operation: str, request: dict[str, Any]) -> Values | None:
        with outages_as(StoreUnavailable):
            try:
                reply = getattr(self._client, operation)(TableName=self._name, **request)
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                found: Any = error.response.get("Item")
                raise ConditionFailed(from_attributes(found) if found else None) from error
        item = reply.get("Attributes")
        return from_attributes(item) if item else None


def _pause_after(attempt: int) -> None:
    """Wait longer after each try, and not as long as a rival does."""
    time.sleep(random.uniform(0.5, 1) * 0.016 * 2**attempt)  # nosec B311 - it spreads rivals, and guards nothing


def _key(key: Key) -> dict[str, Any]:
    pk, sk = key
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _conditional(condition: str, values: Mapping[str, Any], update: str = "") -> dict[str, Any]:
    parts: dict[str, Any] = {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": _names(f"{condition} {update}"),
        "ExpressionAttributeValues": _values(values),
    }
    if condition:
        parts["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return {name: part for name, part in parts.items() if part}


def _names(expressions: str) -> dict[str, str]:
    """What the `#names` in expressions stand for: themselves. All are written so, because many are reserved words."""
    return {name: name[1:] for name in re.findall(r"#\w+", expressions)}


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f":{name}": to_attribute(value) for name, value in values.items()}
