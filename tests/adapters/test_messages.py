"""Messages of the queues: both ways, from newer code, and nonsense."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.adapters.messages import letter_body, letter_from_body, message_body, message_from_body
from lambdas.jobs.due_job import DueJob
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.ports import DeadLetter, Message

DUE = DueJob(1_790_000_000_000, "job_019ab3")
OUTCOME = Outcome(Verdict.SUCCEEDED, started_at_ms=1_790_000_000_001, lateness_ms=-1, duration_ms=3, status_code=204)


def test_a_message_is_the_job_and_its_fire_time() -> None:
    """As short as can be; what is written here is read by old and new code."""
    assert json.loads(message_body(Message(DUE, receive_count=4))) == {"id": DUE.job_id, "fire_at": DUE.fire_at_ms}


def test_an_outcome_travels_with_its_attempt() -> None:
    """Only what is known of it."""
    assert json.loads(message_body(Message(DUE, attempt=2, outcome=OUTCOME))) == {
        "id": DUE.job_id,
        "fire_at": DUE.fire_at_ms,
        "attempt": 2,
        "outcome": {
            "verdict": "succeeded",
            "started_at_ms": 1_790_000_000_001,
            "lateness_ms": -1,
            "duration_ms": 3,
            "status_code": 204,
        },
    }


def test_a_dead_letter_names_the_attempt_and_the_reason() -> None:
    """By which it is told from a message that the queue moved."""
    letter = DeadLetter(Message(DUE, attempt=5), reason="timeout")
    assert json.loads(letter_body(letter)) == {
        "id": DUE.job_id,
        "fire_at": DUE.fire_at_ms,
        "attempt": 5,
        "reason": "timeout",
    }
    assert letter_from_body(letter_body(letter)) == letter


@pytest.mark.parametrize("message", [Message(DUE), Message(DUE, attempt=2, outcome=OUTCOME)])
def test_a_message_that_the_queue_moved_is_a_letter_without_reason(message: Message) -> None:
    """An outcome that nobody could write down is still in it."""
    assert letter_from_body(message_body(message)) == DeadLetter(message, reason=None)


def test_the_receive_count_is_the_queues_to_tell() -> None:
    """It is not in the text."""
    assert message_from_body(message_body(Message(DUE)), 3) == Message(DUE, receive_count=3)


def test_what_newer_code_adds_is_left_alone() -> None:
    """F26: members of the message and of the outcome, and members that are null."""
    values = json.loads(message_body(Message(DUE, attempt=2, outcome=OUTCOME)))
    values |= {"trace": {"a": [1]}, "reason": None, "outcome": {**values["outcome"], "colour": "blue"}}
    assert message_from_body(json.dumps(values)) == Message(DUE, attempt=2, outcome=OUTCOME)
    assert message_from_body('{"id":"job_1","fire_at":5,"outcome":null,"attempt":null}').due == DueJob(5, "job_1")


def with_outcome(**changes: Any) -> str:
    values = {"id": "job_1", "fire_at": 5, "attempt": 1, "outcome": {"verdict": "succeeded", **changes}}
    return json.dumps(values)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "[" * 100_000,
        "null",
        "[]",
        '"job_1"',
        "{}",
        '{"id":"job_1"}',
        '{"fire_at":5}',
        '{"id":7,"fire_at":5}',
        '{"id":"","fire_at":5}',
        '{"id":"jöb","fire_at":5}',
        '{"id":"job\\u0000","fire_at":5}',
        json.dumps({"id": "j" * 65, "fire_at": 5}),
        '{"id":"job_1","fire_at":"5"}',
        '{"id":"job_1","fire_at":5.0}',
        '{"id":"job_1","fire_at":true}',
        '{"id":"job_1","fire_at":-1}',
        '{"id":"job_1","fire_at":1e400}',
        '{"id":"job_1","fire_at":1000000000000000}',
        '{"id":"job_1","fire_at":5,"attempt":"1"}',
        '{"id":"job_1","fire_at":5,"attempt":0}',
        '{"id":"job_1","fire_at":5,"outcome":{"verdict":"succeeded"}}',
        '{"id":"job_1","fire_at":5,"attempt":1,"outcome":"succeeded"}',
        '{"id":"job_1","fire_at":5,"attempt":1,"outcome":{}}',
        with_outcome(verdict="perhaps"),
        with_outcome(verdict=["succeeded"]),
        with_outcome(status_code="200"),
        with_outcome(lateness_ms=1.5),
        with_outcome(duration_ms=True),
        with_outcome(error_code=7),
        with_outcome(response_excerpt={"a": 1}),
    ],
)
def test_nonsense_is_told_from_messages(body: str) -> None:
    """F28: it is reported, and stops nobody."""
    with pytest.raises(DamagedItem):
        message_from_body(body)
    with pytest.raises(DamagedItem):
        letter_from_body(body)


def test_a_reason_that_is_not_text_is_nonsense() -> None:
    """Ours always is."""
    with pytest.raises(DamagedItem):
        letter_from_body('{"id":"job_1","fire_at":5,"attempt":1,"reason":["timeout"]}')


@given(
    st.builds(
        Outcome,
        verdict=st.sampled_from(Verdict),
        started_at_ms=st.none() | st.integers(),
        lateness_ms=st.none() | st.integers(),
        duration_ms=st.none() | st.integers(),
        status_code=st.none() | st.integers(100, 599),
        error_code=st.none() | st.text(),
        error_message=st.none() | st.text(),
        response_excerpt=st.none() | st.text(),
        retry_after_ms=st.none() | st.integers(0),
    )
)
def test_any_outcome_comes_back(outcome: Outcome) -> None:
    """Whatever the target said."""
    message = Message(DUE, attempt=1, outcome=outcome)
    assert message_from_body(message_body(message)) == message
