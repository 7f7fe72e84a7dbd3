"""The function bury: dead letters in, alerts out."""

from __future__ import annotations

import pytest

from lambdas import wiring
from lambdas.handlers import bury
from lambdas.jobs.bury import Undertaker
from lambdas.jobs.job import AttemptOutcome, Notify
from lambdas.jobs.telling import Herald
from tests.examples import a_job, an_attempt
from tests.fakes import NOW_MS, FakeAlertGroups
from tests.handlers.recorded import FIRST_JOB, TERMS, Service, event


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    herald = Herald(
        service.store, service.alerts, FakeAlertGroups(), service.journal, service.clock, 300_000, lambda _: Notify()
    )
    undertaker = Undertaker(service.store, service.alerts, service.journal, service.clock, TERMS, herald)
    monkeypatch.setattr(wiring, "bury_parts", lambda: (undertaker, service.journal))
    job = a_job(id=FIRST_JOB, due_in_ms=2_000).claimed(claim_id="c", now_ms=NOW_MS)
    attempt = an_attempt(1, AttemptOutcome.FAILED)
    service.store.put(job.failed(attempt, now_ms=NOW_MS, retention_ms=TERMS.retention_ms))
    return service


def test_a_dead_letter_becomes_one_alert_and_one_that_means_nothing_is_told_to_the_operators(service: Service) -> None:
    """Both are acknowledged, and the job remembers that somebody was told."""
    answer = bury.handler(event("dead_letters"), None)

    assert answer == {"batchItemFailures": []}
    about_job, about_letter = service.alerts.sent
    assert FIRST_JOB in about_job.text
    assert "9d0c4a6a-5a0e-4d2a-8f35-0f5b8e2f5a11" in about_letter.text
    assert service.store[FIRST_JOB].alerted_at_ms == NOW_MS
    assert service.journal.flushed == 1


def test_letters_stay_while_nobody_can_be_told(service: Service) -> None:
    """An alert may come twice, never zero times."""
    service.alerts.down = True

    answer = bury.handler(event("dead_letters"), None)

    assert len(answer["batchItemFailures"]) == 2
    assert service.store[FIRST_JOB].alerted_at_ms is None
