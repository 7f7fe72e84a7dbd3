"""The key that signs cursors: one item of the table, written once by whoever first needs it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable
from lambdas.jobs.errors import DamagedItem

if TYPE_CHECKING:
    from lambdas.adapters.attribute_values import Values

_PK, _SK = _KEY = "SERVICE#", "CURSOR_KEY"
_BYTES = 32


def cursor_key(table: DynamoDbTable) -> bytes:
    """The service's key, made now if there is none. Of two who make one at once, both get that of the first."""
    item = table.get(_KEY)
    if item is None:
        item = {"pk": _PK, "sk": _SK, "key": secrets.token_bytes(_BYTES)}
        try:
            table.put(item, "attribute_not_exists(#pk)")
        except ConditionFailed as failed:
            item = failed.found or {}
    return _checked(item)


def _checked(item: Values) -> bytes:
    key = item.get("key")
    if not isinstance(key, bytes) or len(key) != _BYTES:
        raise DamagedItem(f"{_PK}/{_SK}", "it holds no key")
    return key
