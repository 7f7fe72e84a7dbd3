"""The owners' signing secrets in the table, sealed by KMS: whoever reads the table, or a copy of it, learns none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from lambdas.adapters.damaged_items import still_damaged, version_of
from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable, Key
from lambdas.jobs.errors import DamagedItem, DamagedSecret, StoreUnavailable
from lambdas.jobs.remembered import Remembered
from lambdas.jobs.signing import SigningSecret, is_secret

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from lambdas.adapters.attribute_values import Values
    from lambdas.adapters.kms_seal import KmsSeal
    from lambdas.jobs.ports import Clock

OPENED_FOR_MS = 3_600_000
"""How long a process keeps what it has unsealed. The item itself is read each time, and a rotation changes the sealed
bytes, so what is kept is never out of date; the limit is for the day when the key is taken away."""

MOST_OPENED = 1_000


class DynamoDbSigningSecrets:
    """One item an owner. It never expires; its `version` is what writes are conditional on."""

    def __init__(self, client: DynamoDBClient, table: str, *, seal: KmsSeal, clock: Clock) -> None:
        self._table = DynamoDbTable(client, table)
        self._seal = seal
        self._opened = Remembered(self._open, clock=clock, for_ms=OPENED_FOR_MS, most=MOST_OPENED)

    def read(self, owner: str) -> SigningSecret | None:
        return self._secret(owner, self._table.get(_key(owner)))

    def glance(self, owner: str) -> SigningSecret | None:
        return self._secret(owner, self._table.get(_key(owner), consistent=False))

    def write(self, owner: str, secret: SigningSecret) -> SigningSecret:
        if secret.version == 1:
            return self._put(owner, secret, "attribute_not_exists(#pk)")
        return self._put(owner, secret, "#version = :known", {"known": secret.version - 1})

    def replace(self, owner: str, secret: SigningSecret, damaged: DamagedSecret) -> SigningSecret:
        return self._put(owner, secret, *still_damaged(damaged.version))

    def note_told(self, owner: str, damaged: DamagedSecret, *, now_ms: int) -> None:
        condition, known = still_damaged(damaged.version)
        with suppress(ConditionFailed):
            self._table.update(_key(owner), "SET #told_at = :now", {"now": now_ms, **known}, condition=condition)

    def _put(
        self, owner: str, secret: SigningSecret, condition: str, values: Mapping[str, int] | None = None
    ) -> SigningSecret:
        """Write the whole item if the condition holds; returns what is stored then."""
        pk, sk = _key(owner)
        texts = [text for text in (secret.current, secret.previous) if text is not None]
        item: Values = {
            "pk": pk,
            "sk": sk,
            "sealed": self._seal.seal(owner, json.dumps(texts).encode("ascii")),
            "version": secret.version,
            "created_at": secret.created_at_ms,
        }
        if secret.previous_expires_at_ms is not None:
            item["previous_expires_at"] = secret.previous_expires_at_ms
        try:
            self._table.put(item, condition, values)
        except ConditionFailed as failed:
            # A rival's, or this very secret: then the reply to its writing was lost.
            found = self._secret(owner, failed.found)
            if found is None:
                raise StoreUnavailable("the secret was deleted while it was being replaced") from failed
            return found
        return secret

    def _secret(self, owner: str, item: Values | None) -> SigningSecret | None:
        if item is None:
            return None
        try:
            current, *previous = self._opened.get((owner, item["sealed"]))
            return SigningSecret(
                current=current,
                created_at_ms=int(item["created_at"]),
                version=int(item["version"]),
                previous=previous[0] if previous else None,
                previous_expires_at_ms=int(item["previous_expires_at"]) if previous else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(owner, item, type(error).__name__) from error
        except DamagedItem as error:
            raise _damaged(owner, item, error.why) from error

    def _open(self, place: tuple[str, bytes]) -> list[str]:
        """The secrets in a seal, the newest first. Raises ValueError or TypeError when there are none in it."""
        texts = json.loads(self._seal.unseal(*place))
        if not isinstance(texts, list) or not all(map(is_secret, texts)):
            raise ValueError("no secrets")
        return texts


def _damaged(owner: str, item: Values, why: str) -> DamagedSecret:
    return DamagedSecret("/".join(_key(owner)), why, version=version_of(item), told="told_at" in item)


def _key(owner: str) -> Key:
    return f"OWNER#{owner}", "SIGNING"
