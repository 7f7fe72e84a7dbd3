"""The function fire: messages in, requests out."""

from __future__ import annotations

import itertools

import pytest

from lambdas import wiring
from lambdas.handlers import fire
from lambdas.jobs.breaker import Breaker
from lambdas.jobs.fire import Worker
from lambdas.jobs.job import Notify, Status
from lambdas.jobs.target import Limits
from tests.examples import a_job
from tests.fakes import FakeTargets
from tests.handlers.recorded import FIRST_JOB, TERMS, Context, Service, event


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    numbers = itertools.count()
    worker = Worker(
        service.store,
        service.queue,
        service.sender,
        service.alerts,
        service.journal,
        service.clock,
        TERMS,
        Breaker(
            targets=FakeTargets(),
            alerts=service.alerts,
            journal=service.journal,
            clock=service.clock,
            limits=Limits(),
            uniform=TERMS.uniform,
        ),
        lambda: f"claim-{next(numbers)}",
        service.secrets.glance,
        lambda _: Notify(),
    )
    monkeypatch.setattr(wiring, "fire_parts", lambda: (worker, service.journal))
    return service


def test_a_message_fires_its_job_and_is_acknowledged_and_one_that_means_nothing_comes_again(service: Service) -> None:
    """What cannot be understood goes back, and in the end to the dead letters; its neighbour does not notice."""
    service.store.add(a_job(id=FIRST_JOB, due_in_ms=2_000))

    answer = fire.handler(event("jobs_queue"), Context())

    assert [sent.at_ms - sent.fire_at_ms for sent in service.sender.sent] == [0]
    assert service.store[FIRST_JOB].status is Status.SUCCEEDED
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be6da"}]}
    assert service.journal.flushed == 1


def test_a_message_comes_again_while_the_table_is_away(service: Service) -> None:
    """F20. Nothing was claimed, so nothing is acknowledged."""
    service.store.down = True

    answer = fire.handler(event("jobs_queue"), Context())

    assert len(answer["batchItemFailures"]) == 2
    assert service.sender.sent == []


def test_an_empty_batch_is_fine(service: Service) -> None:
    """A local run warms its workers with one."""
    assert fire.handler({"Records": []}, Context()) == {"batchItemFailures": []}
