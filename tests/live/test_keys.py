"""API keys on the deployed stack: made, used, refused (T6), with the functions' own rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.authorizing import REMEMBERED
from punctual import ApiKey, Client, Unauthenticated
from tests.live.deployed_stack import DeployedStack, eventually
from tests.live.user import refusal

pytestmark = pytest.mark.live

URL = "https://example.com/"


def with_key(stack: DeployedStack, made: ApiKey) -> Client:
    """A program that signs in with a key that was just made."""
    assert made.key is not None
    return stack.as_user(made.key)


def is_known(client: Client) -> bool:
    try:
        client.me()
    except Unauthenticated:
        return False
    return True


def test_a_key_opens_what_it_is_for_until_it_is_revoked(stack: DeployedStack) -> None:
    """It is its owner's, does what its scopes say, and is refused everywhere within the minute; no log has it."""
    user = stack.as_user(stack.sign_in("keys@example.com").token)
    made = user.create_key("live", ["jobs:write", "keys:write"])
    program = with_key(stack, made)

    job = program.schedule(URL, delay=3_600)
    assert user.job(job.id) == job
    assert refusal(lambda: program.job(job.id)) == (403, "forbidden")
    assert refusal(lambda: program.create_key("more", ["jobs:read"])) == (403, "forbidden")

    (listed,) = user.keys()
    assert listed.id == made.id and listed.last_used_at is not None and listed.key is None

    user.delete_key(made.id)
    known = eventually(
        lambda: {is_known(program) for _ in range(8)},  # to several processes
        lambda seen: seen == {False},
        within_seconds=REMEMBERED.to_seconds() + 5,
    )
    assert known == {False}
    assert user.keys() == []
    logs = "".join(path.read_text() for path in Path(stack.state / "logs").glob("*.log"))
    assert made.key is not None
    assert made.id in logs and made.key not in logs and made.key[-49:] not in logs


def test_a_key_ends_when_it_was_to_end(stack: DeployedStack) -> None:
    """To the second, wherever it is remembered."""
    user = stack.as_user(stack.sign_in("ends@example.com").token)
    ends = datetime.now(UTC) + timedelta(seconds=10)  # in which a busy machine can make it and use it
    made = user.create_key("live", ["jobs:read"], expires_at=ends)
    program = with_key(stack, made)
    assert list(program.jobs()) == []
    known = eventually(lambda: is_known(program), lambda seen: not seen, within_seconds=30)
    assert not known and datetime.now(UTC) >= ends
    refused = stack.call("GET", "/v1/jobs", token=made.key)
    assert refused.body["code"] == "unauthenticated" and "expired" in refused.body["detail"]
