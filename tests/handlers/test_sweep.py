"""The function sweep: a tick in, messages out."""

from __future__ import annotations

import pytest

from lambdas import wiring
from lambdas.handlers import sweep
from lambdas.jobs.due_job import DUE_SHARDS
from lambdas.jobs.sweep import SweepIncomplete
from tests.examples import a_job
from tests.handlers.recorded import Service, event


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    parts = wiring.SweepParts(
        service.store,  # type: ignore[arg-type]
        service.queue,  # type: ignore[arg-type]
        service.journal,  # type: ignore[arg-type]
        service.clock,  # type: ignore[arg-type]
        service.horizon,
        period_ms=240_000,
    )
    monkeypatch.setattr(wiring, "sweep_parts", lambda: parts)
    return service


def test_a_tick_hands_off_what_comes_due_in_the_next_quarter_of_an_hour(service: Service) -> None:
    """Of two far-away jobs the one inside the window is handed off."""
    near, far = a_job(due_in_ms=14 * 60_000), a_job(due_in_ms=16 * 60_000)
    service.store.add(near)
    service.store.add(far)

    answer = sweep.handler(event("tick"), None)

    assert answer == {"handed_off": 1, "overdue": 0}
    assert [message.due for _, message in service.queue.waiting] == [near.due]


def test_a_sweep_that_fails_makes_the_function_fail_after_its_metrics_are_printed(service: Service) -> None:
    """So the alarm on the function's errors hears of it."""
    service.store.down = True

    with pytest.raises(SweepIncomplete) as failure:
        sweep.handler(event("tick"), None)

    assert failure.value.shards == tuple(range(DUE_SHARDS))
    assert service.journal.flushed == 1
