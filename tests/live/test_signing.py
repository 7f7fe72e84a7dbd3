"""Requests are signed with their owner's secret, and with both during a rotation (T15)."""

from __future__ import annotations

import pytest
from standardwebhooks.webhooks import Webhook

from lambdas.jobs.signing import REMEMBERED_MS
from tests.live.deployed_stack import DeployedStack
from tests.live.target import Target

pytestmark = pytest.mark.live


def test_a_receiver_can_check_its_requests_through_a_rotation(stack: DeployedStack, receiver: Target) -> None:
    """The secret is read by the API, the signatures are checked by the library of Standard Webhooks; no log has it."""
    token = stack.sign_in("signing@example.com").token
    user = stack.as_user(token)

    def sent(path: str, delay_seconds: float) -> tuple[bytes, dict[str, str]]:
        job = user.schedule(receiver.url(path), body={"order": "ä"}, delay=delay_seconds)
        (received,) = receiver.wait_for(path, within_seconds=delay_seconds + 60)
        assert received.headers["webhook-id"] == job.id
        return received.body, received.headers

    first = user.signing_secret()
    assert user.signing_secret() == first
    assert stack.call("GET", "/v1/signing-secret", token=token).headers["cache-control"] == "no-store"
    body, headers = sent("/signed", 3)
    assert Webhook(first.secret).verify(body, headers) == {"order": "ä"}
    assert " " not in headers["webhook-signature"]

    second = user.rotate_signing_secret()
    assert second.secret != first.secret and second.previous_expires_at is not None
    body, headers = sent("/signed-twice", REMEMBERED_MS / 1000 + 5)
    for one in (first, second):
        assert Webhook(one.secret).verify(body, headers) == {"order": "ä"}
    assert "whsec_" not in stack.function_log()
