"""Before a job is scheduled: validated by its criteria, and its request tried out on the real target."""

from __future__ import annotations

import pytest

from punctual.fields import ExpectTest
from tests.live.deployed_stack import DeployedStack
from tests.live.target import Reply, Target

pytestmark = pytest.mark.live


def test_a_document_is_judged_by_every_criterion_and_nothing_is_stored(stack: DeployedStack, receiver: Target) -> None:
    """With the look-up of its host's name, by the function that has the way out."""
    stranger = stack.as_user(stack.sign_in("validates@example.com").token)

    sound = stranger.validate(receiver.url("/run"), delay=60)
    wrong = stranger.validate("http://169.254.169.254/", method="BREW")

    assert [each.name for each in sound.criteria] == [each.name for each in stranger.criteria()]
    assert sound.valid and sound.failed == ()
    assert not wrong.valid
    assert {"url.public_address", "method.known", "at.one_time"} <= {each.name for each in wrong.failed}
    assert list(stranger.jobs()) == []


def test_a_request_is_sent_once_and_now_and_its_answer_compared(stack: DeployedStack, receiver: Target) -> None:
    """Each check says what was expected and what was found."""
    path = "/tried-out"
    receiver.answer(path, Reply(202, body='{"state": "queued"}', headers={"Content-Type": "application/json"}))
    expect: ExpectTest = {
        "status": 202,
        "headers": {"Content-Type": "application/json"},
        "json": {"state": "done"},
    }

    tried = stack.user.test(receiver.url(path), body={"a": 1}, expect=expect)

    assert not tried.passed
    assert {check.name: (check.actual, check.passed) for check in tried.checks} == {
        "status": (202, True),
        "headers.content-type": ("application/json", True),
        "json": ({"state": "queued"}, False),
    }
    (request,) = receiver.requests(path)
    assert request.body == b'{"a":1}' and request.headers["punctual-job-id"].startswith("test_")


def test_a_target_that_cannot_be_reached_is_told_with_the_code_of_an_attempt(stack: DeployedStack) -> None:
    tried = stack.user.test("http://127.0.0.1:9/")

    assert not tried.passed and tried.answer is None
    assert tried.error is not None and tried.error.code == "connect_failed"


def test_another_method_is_told_which_one_there_is(stack: DeployedStack) -> None:
    """By the api, to which the gateway hands whatever the function does not take."""
    refused = stack.call("GET", "/v1/test")

    assert refused.status == 405 and refused.headers["allow"] == "OPTIONS, POST"
