"""Owners' mailboxes on SNS: a topic for each address of each owner, with that address as its one subscriber.

The decision is in docs/decisions/topic-for-an-address.md. A topic's name is a hash, so it need not be stored anywhere,
and whoever may list topics learns no address from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.adapters.aws import error_code, outages_as
from lambdas.jobs.errors import AddressRefused, AlertsUnavailable

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

SENDER = "Punctual"
PROTOCOL = "email"
REFUSED = "InvalidParameter"
"""AWS's word for an endpoint that is none, and for a topic that is there with other attributes."""


class SnsAddresses:
    """Topics whose ARNs begin with `prefix`. `client` is called when SNS is first needed, which is rare in the api.

    `key_arn` is the key that new topics are encrypted with; None for none.
    """

    def __init__(self, client: Callable[[], SNSClient], *, prefix: str, key_arn: str | None = None) -> None:
        self._client = client
        self._prefix = prefix
        self._key_arn = key_arn

    def topic_arn(self, owner: str, email: str) -> str:
        # The length of the first says where it ends, so that no two pairs are one text.
        pair = f"{len(owner)}:{owner}{email}".encode()
        return self._prefix + hashlib.sha256(pair).hexdigest()[:40]

    def ask(self, owner: str, email: str) -> None:
        topic = self.topic_arn(owner, email)
        client = self._client()
        with outages_as(AlertsUnavailable):
            try:
                client.create_topic(Name=topic.rsplit(":", 1)[1], Attributes=self._attributes(topic, client))
            except ClientError as error:
                # A topic that is there with other attributes, because the stack's key has changed since, will do.
                if error_code(error) != REFUSED:
                    raise
            try:
                # An address that is pending is sent its link again.
                client.subscribe(TopicArn=topic, Protocol=PROTOCOL, Endpoint=email)
            except ClientError as error:
                if error_code(error) != REFUSED:
                    raise
                raise AddressRefused from error

    def is_confirmed(self, owner: str, email: str) -> bool:
        client = self._client()
        with outages_as(AlertsUnavailable):
            try:
                reply = client.list_subscriptions_by_topic(TopicArn=self.topic_arn(owner, email))
            except ClientError as error:
                if error_code(error) in ("NotFound", "NotFoundException"):
                    return False
                raise
        # One that waits has "PendingConfirmation" in the place of its ARN, one that went "Deleted". What operators have
        # subscribed beside it, a queue to look into, is nobody who reads mail.
        return any(
            (each["Protocol"], each["Endpoint"]) == (PROTOCOL, email) and each["SubscriptionArn"].startswith("arn:")
            for each in reply["Subscriptions"]
        )

    def forget(self, owner: str, email: str) -> None:
        with outages_as(AlertsUnavailable):
            self._client().delete_topic(TopicArn=self.topic_arn(owner, email))

    def _attributes(self, topic: str, client: SNSClient) -> dict[str, str]:
        attributes = {"DisplayName": SENDER}
        if self._key_arn:
            attributes["KmsMasterKeyId"] = self._key_arn
        if client.meta.endpoint_url.startswith("https:"):  # not on this machine's emulator, which speaks plain HTTP
            attributes["Policy"] = json.dumps(_tls_only(topic))
        return attributes


def _tls_only(topic: str) -> dict[str, object]:
    """Who may publish is said by the functions' roles; this forbids it to all who come without TLS."""
    forbidden = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [forbidden]}
