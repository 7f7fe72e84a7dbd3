"""Queues and the topic: TLS, encryption (T13), and times that fit together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.templates import STAGES, Template, synthesised, template, template_with_everything
from tests.world import MAX_RECEIVES, VISIBILITY_MS

QUEUES = ("Jobs", "DeadLetters", "Failures", "Uncounted")
# API.md: `timeout_seconds` ≤ 60; leases are 30 s longer, and a message may come 5 s before its lead.
LONGEST_REQUEST_SECONDS = 60
LEASE_MARGIN_SECONDS = 30
LEAD_SECONDS = 2
EARLY_SECONDS = 5
OUTAGE_SECONDS = 720


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_takes_no_request_without_tls(name: str, stage: str) -> None:
    """For everybody, whatever their rights."""
    made = template(stage)
    (statement,) = (
        statement
        for policy in made.all("AWS::SQS::QueuePolicy").values()
        if policy["Queues"] == [{"Ref": made.queue_id(name)}]
        for statement in policy["PolicyDocument"]["Statement"]
    )
    assert _refuses_plain_http(statement)
    assert statement["Action"] == "sqs:*"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_topic_takes_no_message_without_tls(stage: str) -> None:
    """For everybody, whatever their rights."""
    assert any(
        _refuses_plain_http(statement) and statement["Action"] == "sns:Publish"
        for statement in _topic_statements(template(stage))
    )


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_is_encrypted(name: str, stage: str) -> None:
    """By SQS itself, unless there is a customer key."""
    assert template(stage).queue(name)["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("name", QUEUES)
def test_a_customer_key_encrypts_the_queues(name: str) -> None:
    """Instead of SQS's own."""
    made = template_with_everything()
    assert made.queue(name)["KmsMasterKeyId"] == _key_of(made)


def test_a_customer_key_encrypts_the_topic_and_lets_alarms_use_it() -> None:
    """AWS's own key for SNS refuses CloudWatch, so it is this one or none."""
    made = template_with_everything()
    assert made.one("AWS::SNS::Topic")["KmsMasterKeyId"] == _key_of(made)
    (for_alarms,) = (
        statement
        for statement in made.all("AWS::KMS::Key")[made.key_id("Key")]["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    )
    assert set(for_alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert for_alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert made.all("AWS::KMS::Key")[made.key_id("Key")]["EnableKeyRotation"] is True


@pytest.mark.parametrize("stage", STAGES)
def test_without_a_customer_key_the_topic_has_none(stage: str) -> None:
    """See above: AWS's own would silence the alarms."""
    assert "KmsMasterKeyId" not in template(stage).one("AWS::SNS::Topic")


@pytest.mark.parametrize("stage", STAGES)
def test_alarms_of_this_account_may_publish(stage: str) -> None:
    """A policy of our own takes the place of the topic's default one, which is what lets alarms in."""
    (for_alarms,) = (
        statement
        for statement in _topic_statements(template(stage))
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    )
    assert for_alarms["Effect"] == "Allow"
    assert for_alarms["Action"] == "sns:Publish"
    assert for_alarms["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_alerts_go_to_the_address_of_the_settings_and_to_nobody_without_one() -> None:
    """The address must confirm the subscription."""
    (subscription,) = template_with_everything().all("AWS::SNS::Subscription").values()
    assert subscription["Protocol"] == "email"
    assert subscription["Endpoint"] == "ops@example.com"
    assert not template("prod").all("AWS::SNS::Subscription")


@pytest.mark.parametrize("stage", STAGES)
def test_a_message_that_nobody_can_deal_with_ends_among_the_dead_letters(stage: str) -> None:
    """After ten receives: deaths of workers are counted in the table, and five of them end a job before that."""
    made = template(stage)
    redrive = made.queue("Jobs")["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] == made.queue_id("DeadLetters")
    assert redrive["maxReceiveCount"] == 10
    assert "RedrivePolicy" not in made.queue("DeadLetters")


@pytest.mark.parametrize("stage", STAGES)
def test_an_outage_of_twelve_minutes_uses_up_no_message(stage: str) -> None:
    """F20: deliveries that fail or are throttled count as receives; three are left for workers that died before."""
    queue = template(stage).queue("Jobs")
    receives = 1 + OUTAGE_SECONDS // queue["VisibilityTimeout"]
    assert receives + 3 <= queue["RedrivePolicy"]["maxReceiveCount"]


@pytest.mark.parametrize("stage", STAGES)
def test_the_world_of_the_tests_has_the_queues_figures(stage: str) -> None:
    """What is proved there about outages and deaths is proved for this queue."""
    queue = template(stage).queue("Jobs")
    assert (queue["VisibilityTimeout"] * 1000, queue["RedrivePolicy"]["maxReceiveCount"]) == (
        VISIBILITY_MS,
        MAX_RECEIVES,
    )


@pytest.mark.parametrize("stage", STAGES)
def test_messages_outlast_a_long_weekend_and_letters_two_weeks(stage: str) -> None:
    """4 and 14 days; the age counts from the first enqueue."""
    made = template(stage)
    assert made.queue("Jobs")["MessageRetentionPeriod"] == 4 * 86_400
    assert made.queue("DeadLetters")["MessageRetentionPeriod"] == 14 * 86_400
    assert made.queue("Failures")["MessageRetentionPeriod"] == 14 * 86_400


@pytest.mark.parametrize("stage", STAGES)
def test_a_message_comes_back_only_when_its_worker_is_dead_and_its_lease_over(stage: str) -> None:
    """Longest lease < fire's time-out < the jobs queue's visibility time-out."""
    made = template(stage)
    longest_lease = LEAD_SECONDS + EARLY_SECONDS + LONGEST_REQUEST_SECONDS + LEASE_MARGIN_SECONDS
    assert longest_lease < made.function("fire")["Timeout"] < made.queue("Jobs")["VisibilityTimeout"]
    assert made.queue("Jobs")["VisibilityTimeout"] == 120


@pytest.mark.parametrize("stage", STAGES)
def test_a_letter_comes_back_only_when_its_undertaker_is_dead(stage: str) -> None:
    """bury's time-out < the dead letters' visibility time-out."""
    made = template(stage)
    assert made.function("bury")["Timeout"] < made.queue("DeadLetters")["VisibilityTimeout"]


def test_keys_outlive_a_deleted_production_stack_only() -> None:
    """Whoever loses the key loses what it encrypted."""
    for name in ("Key", "SecretsKey"):
        assert template_with_everything().deletion_policy("AWS::KMS::Key", name=name) == "Retain"
        assert synthesised(stage="dev", kms="true").deletion_policy("AWS::KMS::Key", name=name) == "Delete"


def _topic_statements(made: Template) -> Iterator[dict[str, Any]]:
    yield from made.one("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]


def _refuses_plain_http(statement: dict[str, Any]) -> bool:
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] in ("*", {"AWS": "*"})
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    )


def _key_of(made: Template) -> dict[str, Any]:
    return {"Fn::GetAtt": [made.key_id("Key"), "Arn"]}
