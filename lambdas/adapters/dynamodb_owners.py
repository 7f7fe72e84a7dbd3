"""What owners have set, in the table: one item an owner, which never expires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambdas.adapters.damaged_items import still_damaged, version_of
from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable, Key
from lambdas.jobs.errors import DamagedSettings
from lambdas.jobs.job import Notify
from lambdas.jobs.owner import Address, OwnerSettings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from lambdas.adapters.attribute_values import Values


class DynamoDbOwners:
    """Owners' settings in the table of the jobs. The client comes from outside."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = DynamoDbTable(client, table)

    def read(self, owner: str) -> OwnerSettings:
        return _settings(self._table.get(_key(owner)))

    def glance(self, owner: str) -> OwnerSettings:
        return _settings(self._table.get(_key(owner), consistent=False))

    def write(self, owner: str, settings: OwnerSettings) -> bool:
        if settings.version == 1:
            return self._put(owner, settings, "attribute_not_exists(#pk)", {})
        return self._put(owner, settings, "#version = :before", {"before": settings.version - 1})

    def replace(self, owner: str, settings: OwnerSettings, damaged: DamagedSettings) -> bool:
        return self._put(owner, settings, *still_damaged(damaged.version))

    def _put(self, owner: str, settings: OwnerSettings, condition: str, values: Mapping[str, int]) -> bool:
        pk, sk = _key(owner)
        item: Values = {
            "pk": pk,
            "sk": sk,
            "on": list(settings.notify.on),
            "email": settings.notify.email,
            "addresses": [[address.email, address.confirmed, address.asked_ms] for address in settings.addresses],
            "asked": list(settings.asked_ms),
            "version": settings.version,
        }
        try:
            self._table.put(item, condition, values)
        except ConditionFailed as failed:
            return failed.found == item  # then the reply to this very write was lost
        return True


def _key(owner: str) -> Key:
    return f"OWNER#{owner}", "NOTIFY"


def _settings(item: Values | None) -> OwnerSettings:
    if item is None:
        return OwnerSettings()
    match item:
        case {
            "on": list(on),
            "email": str() | None as email,
            "addresses": list(addresses),
            "asked": list(asked),
            "version": int(version),
        } if all(isinstance(end, str) for end in on) and all(isinstance(at_ms, int) for at_ms in asked):
            known = tuple(Address(*each) for each in addresses if _is_address(each))
            if len(known) == len(addresses):
                return OwnerSettings(Notify(tuple(on), email), known, tuple(asked), version)
    raise DamagedSettings(f"{item['pk']}/{item['sk']}", "they are not whole settings", version=version_of(item))


def _is_address(value: object) -> bool:
    match value:
        case [str(), bool(), int()]:
            return True
    return False
