"""Owners' mailboxes as tests look at them: asked for by the port, confirmed by whoever reads the mail."""

from __future__ import annotations

from typing import Any, Protocol

from lambdas.adapters.sns_addresses import SnsAddresses
from lambdas.jobs.ports import Addresses
from tests.contracts.aws_places import fresh_name
from tests.fakes import FakeAddresses
from tests.services.mails import follow_last_link, mails_to


class AddressesUnderTest(Protocol):
    @property
    def addresses(self) -> Addresses: ...

    def confirm(self, owner: str, email: str) -> None:
        """Follow the link that was sent."""
        ...

    def unsubscribe(self, owner: str, email: str) -> None:
        """Follow the link in an alert that was sent there."""
        ...


class FakeAddressesUnderTest:
    def __init__(self) -> None:
        self.addresses = FakeAddresses()

    def confirm(self, owner: str, email: str) -> None:
        self.addresses.confirm(owner, email)

    def unsubscribe(self, owner: str, email: str) -> None:
        self.addresses.unsubscribe(owner, email)


class SnsAddressesUnderTest:
    """The adapter, with topics of its own. `endpoint_url` is that of an emulator whose mail can be read; moto, without
    one, sends none and takes every address for confirmed."""

    def __init__(self, sns: Any, endpoint_url: str | None) -> None:
        # Any topic says what the ARNs of this account and region begin with.
        some_arn: str = sns.create_topic(Name=fresh_name("stack"))["TopicArn"]
        self.addresses = SnsAddresses(lambda: sns, prefix=f"{some_arn}-address-")
        self._sns = sns
        self._endpoint_url = endpoint_url

    def confirm(self, owner: str, email: str) -> None:
        confirm(email, self._endpoint_url)

    def unsubscribe(self, owner: str, email: str) -> None:
        assert self._endpoint_url
        self._sns.publish(TopicArn=self.addresses.topic_arn(owner, email), Message="The text.", Subject="An alert")
        assert mails_to(email, endpoint_url=self._endpoint_url)[-1].subject == "An alert"
        follow_last_link(email, endpoint_url=self._endpoint_url)


def confirm(email: str, endpoint_url: str | None) -> None:
    """Follow the link that was sent to an address last, where any was."""
    if endpoint_url:
        follow_last_link(email, endpoint_url=endpoint_url)
