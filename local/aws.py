"""Clients of the emulated AWS, for tools and tests. Never of the real one: address and credentials are given here."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import boto3
from botocore.config import Config

from local.emulator import REGION


def session() -> boto3.Session:
    """A session with the emulator's credentials, whatever profiles the machine has."""
    return boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # nosec B106  # every caller's, in the emulator
        region_name=REGION,
    )


CONFIG = Config(proxies={}, connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 3})
"""The emulator is on this machine: a proxy never helps."""


def client(service: str, endpoint_url: str) -> Any:
    """A client of one emulated service, by the service's name; where its type is known, `session` tells it."""
    return session().client(service, endpoint_url=endpoint_url, config=CONFIG)  # type: ignore[call-overload]


def forget_real_aws(environment: MutableMapping[str, str]) -> None:
    """Take every AWS_ variable out, so that nothing here can reach an account or trip over a profile."""
    for name in [name for name in environment if name.startswith("AWS_")]:
        del environment[name]
