"""What a million jobs cost: sums that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import costs, prices
from bench.costs import Line
from tests.bench.results import DEPLOYED, MEASURED


def test_a_job_alone_pays_for_its_own_waiting() -> None:
    """The lead, half a second of rounding, the answer, and settling, at half a gigabyte."""
    alone = costs.minutely(MEASURED, DEPLOYED)
    settling = 0.005 + 0.003 / (0.5 * 1024 / 1769)
    seconds = 2 + 0.5 + 0.2 + settling
    assert alone.firing_seconds == pytest.approx(seconds)
    cost = costs.of_a_million(alone, MEASURED, DEPLOYED)
    assert cost["fire"] == pytest.approx(1e6 * (0.2e-6 + seconds * 0.5 * prices.LAMBDA_GB_SECOND))
    assert cost["table"] == pytest.approx(5.0)
    assert cost["gateway"] == pytest.approx(1.0)
    assert cost["queue"] == pytest.approx(3 * 0.4)
    counting = 0.005 + 0.003 / (1024 / 1769)
    assert cost["count"] == pytest.approx(
        4e6 * (0.2e-6 + counting * prices.LAMBDA_GB_SECOND + prices.DYNAMODB_WRITE_UNIT)
    )


def test_whoever_asks_once_a_minute_pays_for_being_known_each_time() -> None:
    """Under load the gateway remembers them: one invocation a minute, and one line of Lambda's own in the logs."""
    alone = costs.minutely(MEASURED, DEPLOYED)
    knowing = 0.005 + 0.002 / (1024 / 1769)
    dollars = 1e6 * (0.2e-6 + knowing * prices.LAMBDA_GB_SECOND)
    assert costs.of_a_million(alone, MEASURED, DEPLOYED)["authorize"] == pytest.approx(dollars)
    load = costs.steady("steady", "load", MEASURED, DEPLOYED, jobs_a_second=10)
    assert costs.of_a_million(load, MEASURED, DEPLOYED)["authorize"] == pytest.approx(dollars / 600)
    known = replace(alone, jobs_an_asking=600)
    more = costs.log_bytes(alone, MEASURED, DEPLOYED) - costs.log_bytes(known, MEASURED, DEPLOYED)
    assert more == pytest.approx(330 * (1 - 1 / 600))


def test_under_load_the_workers_share_until_their_batches_are_full() -> None:
    """As many jobs to a batch as keep all workers busy; ten is the most that a batch takes."""
    shared = costs.steady("steady", "load", MEASURED, DEPLOYED)
    assert shared.jobs_a_firing == pytest.approx(116 * shared.firing_seconds / 100)
    full = costs.steady("full", "load", MEASURED, replace(DEPLOYED, workers=10))
    assert full.jobs_a_firing == 10
    calm = costs.steady("calm", "load", MEASURED, DEPLOYED, jobs_a_second=1)
    assert calm.jobs_a_firing == 1
    assert calm.jobs_a_hand_over == 1


def test_fewer_workers_cost_less_while_they_keep_up() -> None:
    """What the page tells operators."""
    few = replace(DEPLOYED, workers=costs.FEW_WORKERS)
    as_set = costs.of_a_million(costs.steady("a", "a", MEASURED, DEPLOYED), MEASURED, DEPLOYED)
    with_few = costs.steady("b", "b", MEASURED, few)
    assert with_few.jobs_a_firing < 10, "they do not keep up"
    assert costs.of_a_million(with_few, MEASURED, few)["fire"] < as_set["fire"] / 2


def test_logs_are_counted_for_all_who_write_them() -> None:
    """Gateway, functions and Lambda; what an invocation logs is shared by its jobs."""
    access_log = len('{"request_id":""}') + costs.ACCESS_LOG_VALUE_BYTES
    alone = costs.log_bytes(costs.minutely(MEASURED, DEPLOYED), MEASURED, DEPLOYED)
    assert alone == access_log + 330 + (400 + 330) + (300 + 330) + (600 + 330) + 4 * 330


def test_the_parts_of_a_case_add_up_to_its_figure() -> None:
    """So the picture, the table and the total say the same."""
    part = costs.part(MEASURED, DEPLOYED)
    for case in ("minutely", "steady", "few", "burst"):
        together = sum(dollars for name, dollars in part.details.items() if name.startswith(f"{case}:"))
        assert part.figure(f"cost-{case}").values[0] == pytest.approx(together)


def test_a_month_without_jobs_costs_what_always_runs() -> None:
    """Sweeps, polling, alarms, the dashboard, metrics and a key."""
    month = costs.of_a_month(DEPLOYED)
    assert month["alarms"] == pytest.approx(2.1)
    assert month["metrics"] == pytest.approx(3.3)
    assert month["dashboard"] == 3
    assert month["key of the signing secrets"] == 1
    assert 0.1 < month["sweeps"] < 0.5
    assert 0.4 < month["polling"] < 0.6


def test_a_line_goes_through_what_was_measured() -> None:
    """One job and many."""
    line = Line.through(5, 23, 10)
    assert line.of(1) == pytest.approx(5)
    assert line.of(10) == pytest.approx(23)
