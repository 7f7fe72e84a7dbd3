"""The table as docs/table.md has it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.templates import STAGES, template, template_with_everything

TABLE = "AWS::DynamoDB::Table"


@pytest.mark.parametrize("stage", STAGES)
def test_items_are_found_by_pk_and_sk(stage: str) -> None:
    """And nothing but keys is declared: the rest of an item is the store's own matter."""
    table = template(stage).one(TABLE)
    assert _keys(table) == ("pk", "sk")
    types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table["AttributeDefinitions"]}
    assert types == {"pk": "S", "sk": "S", "due_shard": "S", "fire_at": "N", "owner_status": "S", "due_at": "N"}


@pytest.mark.parametrize("stage", STAGES)
def test_two_indexes_hold_keys_and_what_is_searched(stage: str) -> None:
    """What is due, and what an owner has by name and host; an entry costs as little as can be."""
    indexes = {index["IndexName"]: index for index in template(stage).one(TABLE)["GlobalSecondaryIndexes"]}
    assert {name: _keys(index) for name, index in indexes.items()} == {
        "due": ("due_shard", "fire_at"),
        "owner_status": ("owner_status", "due_at"),
    }
    assert {name: index["Projection"] for name, index in indexes.items()} == {
        "due": {"ProjectionType": "KEYS_ONLY"},
        "owner_status": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name", "host"]},
    }


@pytest.mark.parametrize("stage", STAGES)
def test_every_change_is_in_the_stream_with_the_item_before_and_after(stage: str) -> None:
    """The stream is the outbox of the api, and what counters are made of."""
    assert template(stage).one(TABLE)["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.mark.parametrize("stage", STAGES)
def test_finished_jobs_expire_by_themselves(stage: str) -> None:
    """F30, as far as the template goes."""
    assert template(stage).one(TABLE)["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize("stage", STAGES)
def test_the_table_can_be_brought_back_to_any_second(stage: str) -> None:
    """F29: point-in-time recovery."""
    assert template(stage).one(TABLE)["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


@pytest.mark.parametrize("stage", STAGES)
def test_the_table_is_encrypted_and_paid_by_use(stage: str) -> None:
    """P7 and T13. AWS's key for DynamoDB costs nothing to keep, and its use can be looked up."""
    table = template(stage).one(TABLE)
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_a_customer_key_encrypts_the_table() -> None:
    """Instead of AWS's."""
    made = template_with_everything()
    key = made.key_id("Key")
    sse = made.one(TABLE)["SSESpecification"]
    assert sse == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": [key, "Arn"]}}


@pytest.mark.parametrize(("stage", "kept"), [("local", False), ("dev", False), ("prod", True)])
def test_production_keeps_its_data_and_development_does_not(stage: str, kept: bool) -> None:
    """The table refuses to be deleted, and stays when its stack goes."""
    made = template(stage)
    assert made.one(TABLE)["DeletionProtectionEnabled"] is kept
    assert made.deletion_policy(TABLE) == ("Retain" if kept else "Delete")


def _keys(described: dict[str, Any]) -> tuple[str, str]:
    partition, sort = described["KeySchema"]
    assert (partition["KeyType"], sort["KeyType"]) == ("HASH", "RANGE")
    return partition["AttributeName"], sort["AttributeName"]
