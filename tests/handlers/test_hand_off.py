"""The function hand_off: stream records in, messages out."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas import wiring
from lambdas.handlers import hand_off
from lambdas.jobs.due_job import DueJob
from tests.fakes import NOW_MS
from tests.handlers.recorded import FIRST_JOB, SECOND_JOB, Service, event


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    parts = wiring.HandOffParts(service.queue, service.journal, service.clock, service.horizon)  # type: ignore[arg-type]
    monkeypatch.setattr(wiring, "hand_off_parts", lambda: parts)
    return service


def failures(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_near_jobs_of_the_stream_become_messages_that_arrive_the_lead_early(service: Service) -> None:
    """A record of a job due in 60 s becomes a message delayed by 58 s; one due now is not delayed."""
    answer = hand_off.handler(event("stream"), None)

    assert failures(answer) == []
    assert [(at_ms, message.due) for at_ms, message in service.queue.waiting] == [
        (NOW_MS, DueJob(NOW_MS + 500, SECOND_JOB)),
        (NOW_MS + 58_000, DueJob(NOW_MS + 60_000, FIRST_JOB)),
    ]
    assert service.journal.of("handed_off") == [{"handed_off": 2, "refused": 0}]
    assert service.journal.flushed == 1


def test_a_record_that_cannot_be_understood_is_reported_and_its_neighbour_goes_on(service: Service) -> None:
    """F28: a broken image comes again, and in the end to the stream's failures; the other record is handed off."""
    broken = event("stream")
    broken["Records"][0]["dynamodb"]["NewImage"] = {"pk": {"S": "TARGET#x"}, "handoff": {"N": "1"}}

    answer = hand_off.handler(broken, None)

    assert failures(answer) == ["4421584500000000017450439091"]
    assert [message.due.job_id for _, message in service.queue.waiting] == [SECOND_JOB]


def test_a_record_whose_message_the_queue_refuses_is_reported(service: Service) -> None:
    """F8: only the refused one comes again."""
    service.queue.refused.add(FIRST_JOB)

    answer = hand_off.handler(event("stream"), None)

    assert failures(answer) == ["4421584500000000017450439091"]


def test_all_records_are_reported_while_the_queue_is_away(service: Service) -> None:
    """Nothing is known of what was sent, so everything comes again; doubles are sorted out by the claim."""
    service.queue.down = True

    answer = hand_off.handler(event("stream"), None)

    assert len(failures(answer)) == 2
