"""What is the SNS mailboxes' own: the topic of an address, who counts as its reader, and what AWS refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.adapters.sns_addresses import SnsAddresses
from lambdas.jobs.errors import AddressRefused, AlertsUnavailable
from tests.contracts.aws_places import always, client, fresh_name

EMAIL = "ada@example.com"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


@pytest.fixture
def sns(moto: None) -> Any:
    return client("sns")


def addresses_on(sns: Any, key_arn: str | None = None) -> SnsAddresses:
    some_arn: str = sns.create_topic(Name=fresh_name("stack"))["TopicArn"]
    return SnsAddresses(lambda: sns, prefix=f"{some_arn}-address-", key_arn=key_arn)


def refusing(code: str) -> Any:
    def refuse(**_: Any) -> tuple[Any, dict[str, Any]]:
        return SimpleNamespace(status_code=400), {"Error": {"Code": code, "Message": "no"}}

    return refuse


def test_a_topic_is_encrypted_with_the_stacks_key_and_takes_tls_only(sns: Any) -> None:
    """T13: as the topics that the template makes."""
    addresses = addresses_on(sns, KEY)
    addresses.ask("ada", EMAIL)
    topic = addresses.topic_arn("ada", EMAIL)
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert attributes["KmsMasterKeyId"] == KEY
    (forbidden,) = json.loads(attributes["Policy"])["Statement"]
    assert (forbidden["Effect"], forbidden["Principal"], forbidden["Action"]) == ("Deny", "*", "sns:Publish")
    assert (forbidden["Resource"], forbidden["Condition"]) == (topic, {"Bool": {"aws:SecureTransport": "false"}})


def test_neither_owner_nor_address_can_be_read_off_a_topics_name() -> None:
    """T7: names of topics are in logs of AWS, and whoever may list topics sees them."""
    addresses = SnsAddresses(lambda: pytest.fail("SNS was asked"), prefix="arn:aws:sns:us-east-1:1:stack-address-")
    arns = {addresses.topic_arn(owner, email) for owner in ("ada", "bob") for email in (EMAIL, "a@b.example")}
    assert len(arns) == 4
    assert addresses.topic_arn("a", f"da{EMAIL}") not in arns
    assert not [arn for arn in arns if "ada" in arn.partition("-address-")[2] or "example" in arn]


def test_who_operates_and_listens_beside_is_no_reader_of_the_address(sns: Any) -> None:
    """Else nobody would be told: a queue that somebody looked into months ago takes everything and says nothing."""
    addresses = addresses_on(sns)
    topic = sns.create_topic(Name=addresses.topic_arn("ada", EMAIL).rpartition(":")[2])["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:looked-into")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="operator@example.com")
    assert not addresses.is_confirmed("ada", EMAIL)
    addresses.ask("ada", EMAIL)
    assert addresses.is_confirmed("ada", EMAIL)


@pytest.mark.parametrize("place", ["PendingConfirmation", "Deleted"])
def test_what_stands_in_the_place_of_an_arn_is_no_confirmation(sns: Any, place: str) -> None:
    """AWS's words for an address that waits, and for one that has unsubscribed."""
    addresses = addresses_on(sns)
    listed = {"Subscriptions": [{"SubscriptionArn": place, "Protocol": "email", "Endpoint": EMAIL}]}

    def answer(**_: Any) -> tuple[Any, dict[str, Any]]:
        return SimpleNamespace(status_code=200), listed

    with always(sns, "before-call.sns.ListSubscriptionsByTopic", answer):
        assert not addresses.is_confirmed("ada", EMAIL)


def test_a_topic_that_was_made_with_another_key_is_used_as_it_is(sns: Any) -> None:
    """AWS refuses to make it again; the address must not be stuck for that."""
    addresses = addresses_on(sns)
    addresses.ask("ada", EMAIL)
    addresses.forget("ada", EMAIL)
    sns.create_topic(Name=addresses.topic_arn("ada", EMAIL).rpartition(":")[2])
    with always(sns, "before-call.sns.CreateTopic", refusing("InvalidParameter")):
        addresses.ask("ada", EMAIL)
    assert addresses.is_confirmed("ada", EMAIL)


def test_an_endpoint_that_sns_refuses_is_told_without_naming_it(sns: Any) -> None:
    """T7: what an error says may be logged."""
    addresses = addresses_on(sns)
    with always(sns, "before-call.sns.Subscribe", refusing("InvalidParameter")), pytest.raises(AddressRefused) as error:
        addresses.ask("ada", EMAIL)
    assert EMAIL not in str(error.value)


@pytest.mark.parametrize(
    ("action", "act"),
    [
        ("CreateTopic", SnsAddresses.ask),
        ("Subscribe", SnsAddresses.ask),
        ("ListSubscriptionsByTopic", SnsAddresses.is_confirmed),
        ("DeleteTopic", SnsAddresses.forget),
    ],
)
def test_whatever_else_sns_says_is_an_outage(sns: Any, action: str, act: Callable[..., object]) -> None:
    """Also a quota that is used up, and a right that is missing: the operators' to mend."""
    addresses = addresses_on(sns)
    with (
        always(sns, f"before-call.sns.{action}", refusing("Throttled")),
        pytest.raises(AlertsUnavailable, match=action),
    ):
        act(addresses, "ada", EMAIL)
