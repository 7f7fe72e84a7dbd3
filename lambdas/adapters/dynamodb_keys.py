"""API keys in the table: an item by the key's id, and an entry among its owner's."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from lambdas.adapters.dynamodb_table import ConditionalPut, ConditionFailed, DynamoDbTable, Key, TransactionRefused
from lambdas.jobs.errors import DamagedItem, KeyExists
from lambdas.jobs.keys import ApiKey

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from lambdas.adapters.attribute_values import Values

KEPT_AFTER_EXPIRY_SECONDS = 30 * 86_400
"""How long a key is still shown after it has expired, before the table deletes it."""


class DynamoDbKeys:
    """Keys in a DynamoDB table.

    A key is its own item, which is what opens the door; the entry in its owner's partition is only how they find it.
    Both are written together, and the entry is deleted last: no key is ever hidden from its owner. One that was half
    revoked when the api died is an entry that leads nowhere, and is not shown.
    """

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = DynamoDbTable(client, table)

    def add(self, key: ApiKey) -> None:
        expires = {}
        if key.expires_at_ms is not None:
            expires["expires_at"] = key.expires_at_ms // 1000 + KEPT_AFTER_EXPIRY_SECONDS
        pk, sk = _entry(key.id, key.owner)
        entry = {"pk": pk, "sk": sk, "key_id": key.id, **expires}
        is_new = "attribute_not_exists(#pk)"
        try:
            self._table.put_together([ConditionalPut({**_item(key), **expires}, is_new), ConditionalPut(entry, is_new)])
        except TransactionRefused as refused:
            if self.find(key.id) != key:  # else the reply to this very write was lost
                raise KeyExists from refused

    def find(self, key_id: str) -> ApiKey | None:
        item = self._table.get(_place(key_id))
        return None if item is None else _key(item)

    def of_owner(self, owner: str) -> Sequence[ApiKey]:
        values = {"pk": f"OWNER#{owner}", "prefix": "KEY#"}
        pages = self._table.query("#pk = :pk and begins_with(#sk, :prefix)", values, consistent=True)
        places = [_place(entry["sk"].removeprefix("KEY#")) for page, _ in pages for entry in page]
        keys = []
        for item in self._table.get_all(places):
            with suppress(DamagedItem):
                keys.append(_key(item))
        return sorted(keys, key=lambda key: (key.created_at_ms, key.id))

    def revoke(self, key_id: str, *, owner: str) -> bool:
        try:
            self._table.delete(_place(key_id), "#owner = :owner", {"owner": owner})
        except ConditionFailed:
            return False
        self._table.delete(_entry(key_id, owner))
        return True

    def note_use(self, key: ApiKey, *, now_ms: int) -> None:
        with suppress(ConditionFailed):  # revoked meanwhile: writing would bring it back
            self._table.update(
                _place(key.id), "SET #last_used_at = :now", {"now": now_ms}, condition="attribute_exists(#pk)"
            )


def _place(key_id: str) -> Key:
    return f"KEY#{key_id}", "KEY"


def _entry(key_id: str, owner: str) -> Key:
    return f"OWNER#{owner}", f"KEY#{key_id}"


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
