"""Owners' mailboxes as tests look at them: asked for by the port, confirmed by whoever reads the mail."""

from __future__ import annotations

from typing import Any, Protocol

from lambdas.adapters.sns_addresses import SnsAddresses
from lambdas.jobs.ports import Addresses
from tests.contracts.aws_places import fresh_name
from tests.fake_owners import FakeAddresses


class AddressesUnderTest(Protocol):
    @property
    def addresses(self) -> Addresses: ...

    def confirm(self, owner: str, email: str) -> None:
        """Follow the link that was sent."""
        ...


class FakeAddressesUnderTest:
    def __init__(self) -> None:
        self.addresses = FakeAddresses()

    def confirm(self, owner: str, email: str) -> None:
        self.addresses.confirm(owner, email)


class SnsAddressesUnderTest:
    """The adapter, with topics of its own."""

    def __init__(self, sns: Any) -> None:
        # Any topic says what the ARNs of this account and region begin with.
        some_arn: str = sns.create_topic(Name=fresh_name("stack"))["TopicArn"]
        self.addresses = SnsAddresses(lambda: sns, prefix=f"{some_arn}-address-")

    def confirm(self, owner: str, email: str) -> None:
        """What stands for AWS here sends no mail, and takes every address for confirmed."""
