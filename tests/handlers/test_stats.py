"""The route of counts."""

from __future__ import annotations

import json
from typing import Any

from lambdas.handlers import api
from lambdas.jobs.counting import Standing
from lambdas.jobs.job import Status
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, http_event

NONE = {status.value: 0 for status in Status}


def ask(query: str = "", *, owner: str | None = "ada") -> tuple[int, Any]:
    answer = api.handler(http_event("GET", "/v1/stats", owner=owner, headers={}, query=query), None)
    return answer["statusCode"], json.loads(answer["body"])


def test_counts_are_told_in_total_and_by_day(service: Service) -> None:
    """Of the month before today and the month after, unless a range is given."""
    service.counters.preset(*(Standing("ada", NOW_MS, status) for status in (Status.FAILED, Status.SUCCEEDED)))
    status, told = ask("from=2026-09-21T00:00Z&to=2026-09-23T00:00Z")
    assert status == 200
    assert told == {
        "from": "2026-09-21T00:00:00.000Z",
        "to": "2026-09-23T00:00:00.000Z",
        "interval": "day",
        "timezone": "UTC",
        "totals": {**NONE, "failed": 1, "succeeded": 1},
        "series": [
            {
                "start": "2026-09-21T00:00:00.000Z",
                "start_local": "2026-09-21T00:00:00.000+00:00",
                **NONE,
                "failed": 1,
                "succeeded": 1,
            },
            {"start": "2026-09-22T00:00:00.000Z", "start_local": "2026-09-22T00:00:00.000+00:00", **NONE},
        ],
    }
    assert len(ask()[1]["series"]) == 61


def test_others_jobs_are_counted_by_others_only(service: Service) -> None:
    """T5: by no range, zone or interval; without a token nothing is told."""
    service.counters.preset(Standing("eve", NOW_MS, Status.FAILED))
    for query in ("", "interval=hour", "timezone=Asia/Tokyo", "from=2026-09-21T14:13:20Z&to=2026-09-21T14:13:21Z"):
        assert ask(query)[1]["totals"] == NONE
    assert ask(owner="eve")[1]["totals"] == {**NONE, "failed": 1}
    assert ask(owner=None)[0] == 401


def test_what_makes_no_sense_is_refused(service: Service) -> None:
    """By parameter, as everywhere."""
    status, problem = ask("interval=week&owner=eve")
    assert status == 422
    assert {(fault["field"], fault["code"]) for fault in problem["errors"]} == {
        ("owner", "unknown_field"),
        ("interval", "range"),
    }


def test_counting_again_later_is_told_while_the_table_is_away(service: Service) -> None:
    """F20."""
    service.counters.down = True
    assert ask()[0] == 503
