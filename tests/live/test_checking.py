"""Before a job is scheduled: validated by its criteria, and its request tried out on the real target."""

from __future__ import annotations

import pytest

from tests.live.deployed_stack import DeployedStack
from tests.live.target import Reply, Target

pytestmark = pytest.mark.live


def test_a_document_is_judged_by_every_criterion_and_nothing_is_stored(stack: DeployedStack, receiver: Target) -> None:
    """With the look-up of its host's name, by the function that has the way out."""
    stranger = stack.sign_in("validates@example.com")
    listed = stack.call("GET", "/v1/criteria", token=stranger.token).body["criteria"]

    sound = stack.call("POST", "/v1/validate", {"url": receiver.url("/run"), "delay_seconds": 60}, token=stranger.token)
    wrong = stack.call(
        "POST", "/v1/validate", {"url": "http://169.254.169.254/", "method": "BREW"}, token=stranger.token
    )

    assert sound.status == wrong.status == 200
    assert [each["name"] for each in sound.body["criteria"]] == [each["name"] for each in listed]
    assert sound.body["valid"] and all(each["passed"] for each in sound.body["criteria"])
    assert not wrong.body["valid"]
    failed = {each["name"] for each in wrong.body["criteria"] if not each["passed"]}
    assert {"url.public_address", "method.known", "at.one_time"} <= failed
    assert stack.call("GET", "/v1/jobs", token=stranger.token).body["jobs"] == []


def test_a_request_is_sent_once_and_now_and_its_answer_compared(stack: DeployedStack, receiver: Target) -> None:
    """Each check says what was expected and what was found."""
    path = "/tried-out"
    receiver.answer(path, Reply(202, body='{"state": "queued"}', headers={"Content-Type": "application/json"}))
    expect = {"status": 202, "headers": {"Content-Type": "application/json"}, "json": {"state": "done"}}

    tried = stack.call("POST", "/v1/test", {"url": receiver.url(path), "body": {"a": 1}, "expect": expect})

    assert tried.status == 200
    assert not tried.body["passed"]
    assert {check["name"]: (check["actual"], check["passed"]) for check in tried.body["checks"]} == {
        "status": (202, True),
        "headers.content-type": ("application/json", True),
        "json": ({"state": "queued"}, False),
    }
    (request,) = receiver.requests(path)
    assert request.body == b'{"a":1}' and request.headers["punctual-job-id"].startswith("test_")


def test_a_target_that_cannot_be_reached_is_told_with_the_code_of_an_attempt(stack: DeployedStack) -> None:
    tried = stack.call("POST", "/v1/test", {"url": "http://127.0.0.1:9/"})

    assert tried.status == 200 and not tried.body["passed"]
    assert tried.body["error"]["code"] == "connect_failed" and tried.body["response"] is None


def test_another_method_is_told_which_one_there_is(stack: DeployedStack) -> None:
    """By the api, to which the gateway hands whatever the function does not take."""
    refused = stack.call("GET", "/v1/test")

    assert refused.status == 405 and refused.headers["allow"] == "OPTIONS, POST"
