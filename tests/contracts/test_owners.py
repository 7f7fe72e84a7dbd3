"""What every store of owners' settings does: of two who change them at once, one must look again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.adapters.attribute_values import to_attribute, to_attributes
from lambdas.jobs.errors import DamagedSettings
from lambdas.jobs.job import Notify
from lambdas.jobs.owner import Address, OwnerSettings
from lambdas.jobs.ports import OwnerStore
from tests.contracts.conftest import Table
from tests.fakes import NOW_MS

FIRST = OwnerSettings(
    Notify(("succeeded", "failed"), "ada@example.com"),
    (Address("ada@example.com", confirmed=True), Address("ops@example.com", asked_ms=NOW_MS)),
    (NOW_MS, NOW_MS + 1),
    version=1,
)


def test_settings_are_read_as_they_were_written(owners: OwnerStore) -> None:
    """Who has set nothing has the default."""
    assert owners.read("ada") == owners.glance("ada") == OwnerSettings()
    assert owners.write("ada", FIRST)
    assert owners.read("ada") == owners.glance("ada") == FIRST


def test_settings_belong_to_one_owner(owners: OwnerStore) -> None:
    """Also when a name begins like another."""
    owners.write("ada", FIRST)
    assert owners.read("ada#") == owners.read("ad") == OwnerSettings()


@pytest.mark.parametrize("settings", [OwnerSettings(version=1), replace(FIRST, notify=Notify(()))])
def test_what_is_empty_stays_empty(owners: OwnerStore, settings: OwnerSettings) -> None:
    """No address, and nobody told."""
    owners.write("ada", settings)
    assert owners.read("ada") == settings


def test_of_two_writes_of_one_version_one_wins(owners: OwnerStore) -> None:
    """The first version, and a later one; repeating a write that was made is no loss."""
    for version in (1, 2, 3):
        winner = replace(FIRST, version=version, asked_ms=(version,))
        assert owners.write("ada", winner)
        assert not owners.write("ada", replace(winner, asked_ms=()))
        assert owners.write("ada", winner)
        assert owners.read("ada") == winner


def test_a_version_that_skips_one_is_not_written(owners: OwnerStore) -> None:
    """Its writer has not seen what stands there."""
    assert not owners.write("ada", replace(FIRST, version=2))
    assert owners.read("ada") == OwnerSettings()


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("on", "failed"),
        ("on", [7]),
        ("email", 7),
        ("addresses", [["ada@example.com", "yes", 0]]),
        ("addresses", [["ada@example.com"]]),
        ("asked", ["now"]),
        ("version", "two"),
        ("version", None),
    ],
)
def test_settings_that_are_damaged_are_told_from_settings(table: Table, attribute: str, value: Any) -> None:
    """F28: whatever of them is not as it should be. They stay until they are replaced, by one of two."""
    owners = table.owners()
    owners.write("ada", FIRST)
    table.client.update_item(
        TableName=table.name,
        Key=to_attributes({"pk": "OWNER#ada", "sk": "NOTIFY"}),
        UpdateExpression="SET #a = :v",
        ExpressionAttributeNames={"#a": attribute},
        ExpressionAttributeValues={":v": to_attribute(value)},
    )
    with pytest.raises(DamagedSettings) as damaged:
        owners.read("ada")
    assert "ada@example.com" not in str(damaged.value), "T7: it is logged"
    with pytest.raises(DamagedSettings):
        owners.glance("ada")
    assert not owners.write("ada", replace(FIRST, version=1))
    version = 1 if attribute == "version" else 2
    assert owners.replace("ada", replace(FIRST, version=version), damaged.value)
    assert owners.replace("ada", replace(FIRST, version=version), damaged.value), "the reply to the first was lost"
    assert not owners.replace("ada", OwnerSettings(version=version), damaged.value)
    assert owners.read("ada") == replace(FIRST, version=version)


def test_damage_that_is_gone_is_not_replaced(table: Table) -> None:
    """An operator has deleted the item meanwhile: whoever would mend it must look again."""
    for version in (None, 1):
        damaged = DamagedSettings("OWNER#ada/NOTIFY", "it was", version=version)
        assert not table.owners().replace("ada", replace(FIRST, version=(version or 0) + 1), damaged)
    assert table.owners().read("ada") == OwnerSettings()
