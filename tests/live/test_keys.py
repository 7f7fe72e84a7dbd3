"""API keys on the deployed stack: made, used, refused (T6), with the functions' own rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.authorizing import REMEMBERED
from punctual import Client
from tests.live.deployed_stack import Answer, DeployedStack, eventually

SOON = {"url": "https://example.com/", "delay_seconds": 3_600}


def make(stack: DeployedStack, token: str, *scopes: str, **fields: Any) -> dict[str, Any]:
    answer = stack.call("POST", "/v1/keys", {"name": "live", "scopes": scopes, **fields}, token=token)
    assert answer.status == 201, answer
    key: dict[str, Any] = answer.body
    return key


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.body["code"]


def test_a_key_opens_what_it_is_for_until_it_is_revoked(stack: DeployedStack) -> None:
    """It is its owner's, does what its scopes say, and is refused everywhere within the minute; no log has it."""
    user = stack.sign_in("keys@example.com")
    made = make(stack, user.token, "jobs:write", "keys:write")
    key = made["key"]

    job = stack.call("POST", "/v1/jobs", SOON, token=key)
    assert job.status == 201, job
    assert stack.call("GET", f"/v1/jobs/{job.body['id']}", token=user.token).status == 200
    assert code(stack.call("GET", f"/v1/jobs/{job.body['id']}", token=key)) == (403, "forbidden")
    more = stack.call("POST", "/v1/keys", {"name": "more", "scopes": ["jobs:read"]}, token=key)
    assert code(more) == (403, "forbidden")

    (listed,) = stack.call("GET", "/v1/keys", token=user.token).body["keys"]
    assert listed["id"] == made["id"] and listed["last_used_at"] is not None and "key" not in listed

    assert stack.call("DELETE", f"/v1/keys/{made['id']}", token=user.token).status == 204
    refused = eventually(
        lambda: [stack.call("GET", "/v1/me", token=key).status for _ in range(8)],  # of several processes
        lambda statuses: set(statuses) == {401},
        within_seconds=REMEMBERED.to_seconds() + 5,
    )
    assert set(refused) == {401}
    assert stack.call("GET", "/v1/keys", token=user.token).body == {"keys": []}
    logs = "".join(path.read_text() for path in Path(stack.state / "logs").glob("*.log"))
    assert made["id"] in logs and key not in logs and key[-49:] not in logs


def test_a_key_ends_when_it_was_to_end(stack: DeployedStack) -> None:
    """To the second, wherever it is remembered."""
    user = stack.sign_in("ends@example.com")
    ends = datetime.now(UTC) + timedelta(seconds=4)
    key = make(stack, user.token, "jobs:read", expires_at=ends.isoformat())["key"]
    assert stack.call("GET", "/v1/jobs", token=key).status == 200
    refused = eventually(
        lambda: stack.call("GET", "/v1/jobs", token=key), lambda answer: answer.status == 401, within_seconds=10
    )
    assert code(refused) == (401, "unauthenticated") and "expired" in refused.body["detail"]
    assert datetime.now(UTC) >= ends


def test_the_client_makes_and_revokes_keys(stack: DeployedStack) -> None:
    """And works with one in the place of a token."""
    user = stack.sign_in("client-keys@example.com")
    with Client(stack.api_url, user.token) as client:
        made = client.create_key("ci", ["jobs:read"])
        assert made.key is not None
        with Client(stack.api_url, made.key) as with_key:
            assert list(with_key.jobs()) == []
        listed = client.keys()
        assert [key.id for key in listed] == [made.id]
        client.delete_key(made.id)
        assert client.keys() == []
