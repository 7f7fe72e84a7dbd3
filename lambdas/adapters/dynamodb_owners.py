"""What owners have set, in the table: one item an owner, which never expires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.adapters.dynamodb_table import ConditionFailed, DynamoDbTable, Key
from lambdas.jobs.errors import DamagedItem
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
            if settings.version == 1:
                self._table.put(item, "attribute_not_exists(#pk)")
            else:
                self._table.put(item, "#version = :before", {"before": settings.version - 1})
        except ConditionFailed as failed:
            return failed.found == item  # then the reply to this very write was lost
        return True


def _key(owner: str) -> Key:
    return f"OWNER#{owner}", "NOTIFY"


def _settings(item: Values | None) -> OwnerSettings:
    if item is None:
        return OwnerSettings()
    try:
        return OwnerSettings(
            notify=Notify(tuple(str(end) for end in item["on"]), item["email"]),
            addresses=tuple(
                Address(str(address[0]), bool(address[1]), int(address[2])) for address in item["addresses"]
            ),
            asked_ms=tuple(int(at_ms) for at_ms in item["asked"]),
            version=int(item["version"]),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DamagedItem(f"{item['pk']}/{item['sk']}", type(error).__name__) from error
