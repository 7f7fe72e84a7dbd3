"""Every route is shown by a command; and the comparison with what is answered (tests/live/test_shown.py) is strict."""

from __future__ import annotations

from typing import Any

import pytest

from description.operations import OPERATIONS
from description.words import answer
from tests.shown import PAGES, Reading, commands, documented, pages_with_curl

JOB, OTHER = f"job_{1:032x}", f"job_{2:032x}"
SHOWN = f'{{"id": "{JOB}", "at": "2026-11-21T10:00:00.000Z", "due_at": "2036-01-01T00:00:00.000Z", "n": 1, …}}'
SEEN = {"id": OTHER, "at": "2027-01-01T00:00:00.123Z", "due_at": "2036-01-01T00:00:00.000Z", "n": 1, "more": True}


def test_every_route_is_shown_by_a_command() -> None:
    """In README and docs/api.md; and whatever page has a command is among those whose commands are run."""
    assert {shown.route for page in PAGES for shown in commands(page)} - {None} == OPERATIONS.keys()
    assert pages_with_curl() == set(PAGES)


def test_what_is_documented_of_a_success_is_found() -> None:
    """In the table of routes: the first status, and the headers that go with it."""
    assert documented(("POST", "/v1/jobs")) == (201, {"Location", "ETag"})
    assert documented(("GET", "/v1/jobs/{id}")) == (200, {"ETag"})
    assert documented(("DELETE", "/v1/keys/{id}")) == (204, set())


def test_ids_and_passing_times_may_be_others_and_what_is_left_out_may_be_there() -> None:
    """An id that was learned stands for itself from then on."""
    reading = Reading({"shop.example.com": "127.0.0.1:80"})
    assert reading.faults(answer(SHOWN), SEEN) == []
    assert reading.own(f"{JOB} at shop.example.com") == f"{OTHER} at 127.0.0.1:80"
    assert reading.faults(answer(f'["{JOB}", …]'), ["x", OTHER]) == []
    assert reading.faults(answer(f'["{JOB}", …]'), ["x", JOB]) != []
    assert reading.faults({"id": f"job_{3:032x}"}, {"id": OTHER}) != []


@pytest.mark.parametrize(
    "change",
    [
        {"id": "job_1"},
        {"id": None},
        {"at": "yesterday"},
        {"due_at": "2036-01-01T00:00:00.001Z"},
        {"n": 2},
        {"n": True},
        {"n": None},
        {"n": [1]},
    ],
    ids=str,
)
def test_anything_else_that_differs_is_a_fault(change: dict[str, Any]) -> None:
    assert len(Reading({}).faults(answer(SHOWN), SEEN | change)) == 1


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        ('{"a": 1}', {"a": 1, "b": 2}),
        ('{"a": 1, …}', {"b": 2}),
        ("[1]", [1, 2]),
        ("[1, …]", [2, 3]),
        ('"whsec_…"', "secret"),
        ('{"lateness_ms": 1}', {"lateness_ms": None}),
    ],
)
def test_what_is_not_marked_as_left_out_is_missed(shown: str, seen: Any) -> None:
    assert len(Reading({}).faults(answer(shown), seen)) == 1
