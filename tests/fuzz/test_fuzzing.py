"""What a run of the fuzzer tells of itself."""

from __future__ import annotations

from collections import Counter

from tests.fuzz.fuzzing import Found


def test_a_run_tells_what_it_was_answered_and_what_it_only_saw_refused() -> None:
    """By route: a fuzzer that never gets behind the door finds nothing there."""
    found = Found(True, "", {"GET /v1/jobs": Counter({200: 1, 422: 3}), "POST /v1/jobs": Counter({400: 1, 422: 1})})

    assert (found.accepted("GET /v1/jobs"), found.accepted("POST /v1/jobs")) == (0.25, 0)
    _, listing, _, never = found.shares().splitlines()
    assert listing.split() == ["GET", "/v1/jobs", "4", "200", "25%", "422", "75%"]
    assert never == "Only refused, so hardly looked at: POST /v1/jobs"
