"""Limits through the deployed stack: an owner whom an operator has given low ones (T9, T10)."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops import limits
from tests.live.deployed_stack import Answer, DeployedStack

pytestmark = pytest.mark.live


def test_an_owner_meets_the_limits_that_an_operator_gave_them(
    stack: DeployedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command. Several processes of the api count together: of requests that come at once exactly as many are
    accepted as may be, and the others are told what they have met and when to come again. Nobody else feels it."""
    monkeypatch.setenv("PUNCTUAL_STATE", str(stack.state))
    user = stack.sign_in("limited@example.com")
    assert limits.main([user.owner, "requests_per_minute=5", "due_per_host_minute=4", "--write"]) == 0

    def schedule(token: str) -> Answer:
        document = {"url": "https://hooks.example.com/", "at": "2099-01-01T00:00:30Z"}
        return stack.call("POST", "/v1/jobs", document, token=token)

    _wait_for_a_minute_with(seconds=30)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(schedule, [user.token] * 8))

    assert Counter((answer.status, answer.body.get("code")) for answer in answers) == {
        (201, None): 4,
        (429, "quota_exceeded"): 1,
        (429, "rate_limited"): 3,
    }
    refused = {answer.body["code"]: answer.headers for answer in answers if answer.status == 429}
    assert refused["rate_limited"]["ratelimit-policy"] == '"requests";q=5;w=60'
    assert refused["rate_limited"]["ratelimit"].startswith('"requests";r=0;t=')
    assert 1 <= int(refused["rate_limited"]["retry-after"]) <= 60
    assert refused["quota_exceeded"]["ratelimit"].endswith('"due-per-host-minute";r=0')

    me = stack.as_user(user.token).me()
    assert (me.limits["requests_per_minute"], me.usage["requests_this_minute"]) == (5, 5)
    other = stack.sign_in("unlimited@example.com").token
    assert {schedule(other).status for _ in range(6)} == {201}


def _wait_for_a_minute_with(*, seconds: int) -> None:
    """Until the minute of the clock lasts so long still."""
    left = 60 - time.time() % 60
    if left < seconds:
        time.sleep(left + 0.1)
