"""API keys in the table: an item by the key's id, and an entry among its owner's."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lambdas.adapters.dynamodb_table import ConditionalPut, ConditionFailed, DynamoDbTable, Key, TransactionRefused
from lambdas.jobs.errors import DamagedItem, KeyExists, KeysFull, StoreUnavailable
from lambdas.jobs.keys import MOST_KEYS, ApiKey

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from lambdas.adapters.attribute_values import Values

KEPT_AFTER_EXPIRY_SECONDS = 30 * 86_400
"""How long a key is still shown after it has expired, before the table deletes it."""

_TRIES = 10
"""How often another place is looked for when others took the one that was free."""


class DynamoDbKeys:
    """Keys in a DynamoDB table; one owner has `most` at most.

    A key is its own item, which is what opens the door; the entry in its owner's partition is how they find it, in one
    of `most` places, so that no race makes more of them. Both are written together, and the entry is deleted last: no
    key is ever hidden from its owner. One that was half revoked when the api died, or whose end came and DynamoDB has
    deleted the one and not yet the other, is an entry that leads nowhere: it is not shown, and its place is taken when
    no other is free.
    """

    def __init__(self, client: DynamoDBClient, table: str, *, most: int = MOST_KEYS) -> None:
        self._table = DynamoDbTable(client, table)
        self._places = [f"KEY#{number:02}" for number in range(most)]

    def add(self, key: ApiKey) -> None:
        for _ in range(_TRIES):
            place = self._free_place(key.owner)
            if place is not None and self._put(key, place):
                return
            found = self.find(key.id)
            if found == key:  # the reply to this very write was lost
                return
            if found is not None:
                raise KeyExists
            if place is None:
                raise KeysFull
        raise StoreUnavailable("others make keys of this owner at the same time")

    def find(self, key_id: str) -> ApiKey | None:
        item = self._table.get(_place(key_id))
        return None if item is None else _key(item)

    def of_owner(self, owner: str) -> Sequence[ApiKey]:
        keys = []
        for item in self._table.get_all(map(_place, self._entries(owner).values())):
            with suppress(DamagedItem):
                keys.append(_key(item))
        return sorted(keys, key=lambda key: (key.created_at_ms, key.id))

    def revoke(self, key_id: str, *, owner: str) -> bool:
        try:
            self._table.delete(_place(key_id), "#owner = :owner", {"owner": owner})
        except ConditionFailed:
            return False
        for sk, found in self._entries(owner).items():
            if found == key_id:
                with suppress(ConditionFailed):  # another key has its place by now
                    self._table.delete((_partition(owner), sk), "#key_id = :key_id", {"key_id": key_id})
        return True

    def note_use(self, key: ApiKey, *, now_ms: int) -> None:
        with suppress(ConditionFailed):  # revoked meanwhile: writing would bring it back
            self._table.update(
                _place(key.id), "SET #last_used_at = :now", {"now": now_ms}, condition="attribute_exists(#pk)"
            )

    def _entries(self, owner: str) -> Mapping[str, str]:
        """The ids of the owner's keys by the sort keys of their entries."""
        values = {"pk": _partition(owner), "prefix": "KEY#"}
        pages = self._table.query("#pk = :pk and begins_with(#sk, :prefix)", values, consistent=True)
        return {entry["sk"]: entry["key_id"] for page, _ in pages for entry in page}

    def _free_place(self, owner: str) -> _FreePlace | None:
        """One of the owner's places at random, so that those who look at the same time do not all want the same."""
        taken = self._entries(owner)
        if free := [sk for sk in self._places if sk not in taken]:
            return _FreePlace(random.choice(free), None)  # nosec B311 - it spreads rivals, and guards nothing
        there = {item["pk"] for item in self._table.get_all(map(_place, taken.values()), only=("owner",))}
        return next((_FreePlace(sk, key_id) for sk, key_id in taken.items() if _place(key_id)[0] not in there), None)

    def _put(self, key: ApiKey, place: _FreePlace) -> bool:
        """Write the key and its entry; False if the id or the place is taken by now."""
        expires = {}
        if key.expires_at_ms is not None:
            expires["expires_at"] = key.expires_at_ms // 1000 + KEPT_AFTER_EXPIRY_SECONDS
        entry = {"pk": _partition(key.owner), "sk": place.sk, "key_id": key.id, **expires}
        is_new = "attribute_not_exists(#pk)"
        is_free = ConditionalPut(entry, is_new)
        if place.left_by is not None:
            is_free = ConditionalPut(entry, "#key_id = :left_by", {"left_by": place.left_by})
        try:
            self._table.put_together([ConditionalPut({**_item(key), **expires}, is_new), is_free])
        except TransactionRefused:
            return False
        return True


class _FreePlace(NamedTuple):
    """Where an entry can be put: its sort key, and the key that has left an entry there, if one has."""

    sk: str
    left_by: str | None


def _place(key_id: str) -> Key:
    return f"KEY#{key_id}", "KEY"


def _partition(owner: str) -> str:
    return f"OWNER#{owner}"


def _item(key: ApiKey) -> Values:
    pk, sk = _place(key.id)
    item: Values = {
        "pk": pk,
        "sk": sk,
        "id": key.id,
        "owner": key.owner,
        "name": key.name,
        "scopes": list(key.scopes),
        "hash": key.hash,
        "created_at": key.created_at_ms,
    }
    if key.expires_at_ms is not None:
        item["valid_until"] = key.expires_at_ms
    return item


def _key(item: Values) -> ApiKey:
    """Raises DamagedItem for what is not a whole key: nothing of what lets somebody in is guessed."""
    match item:
        case {
            "id": str(key_id),
            "owner": str(owner),
            "name": str(name),
            "scopes": list(scopes),
            "hash": bytes(hashed),
            "created_at": int(created_at_ms),
        } if all(isinstance(scope, str) for scope in scopes) and item["pk"] == _place(key_id)[0]:
            until, used = (_time(item, name) for name in ("valid_until", "last_used_at"))
            return ApiKey(key_id, owner, name, tuple(scopes), created_at_ms, hashed, until, used)
    raise DamagedItem(str(item["pk"]), "it is not a whole key")


def _time(item: Values, attribute: str) -> int | None:
    value = item.get(attribute)
    if value is None or isinstance(value, int):
        return value
    raise DamagedItem(str(item["pk"]), f"its {attribute} is no time")
