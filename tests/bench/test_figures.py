"""Figures, and what becomes of several measurements of them."""

from __future__ import annotations

import json

import pytest

from bench.figures import Figure, Part, median_of


def test_a_target_is_met_when_every_value_is_within_its_own() -> None:
    """p99 may be over the target of p50; a value without a target may be anything."""
    assert Figure("a", "a", "ms", (0.5, 2), (0.5, 2)).met is True
    assert Figure("a", "a", "ms", (0.4, 2.1), (0.5, 2)).met is False
    assert Figure("a", "a", "MB", (17, 99), (18,)).met is True
    assert Figure("a", "a", "ms", (1,)).met is None


def test_several_measurements_become_their_medians() -> None:
    """Of each value for itself: one disturbed run does not count."""
    runs = [
        Part((Figure("a", "a", "ms", (p50, p99), (1, 2), (p50 / 2,)),), {"cpu": p50})
        for p50, p99 in ((1, 9), (3, 5), (80, 7))
    ]
    median = median_of(runs)
    assert median.figure("a") == Figure("a", "a", "ms", (3, 7), (1, 2), (1.5,))
    assert median.details == {"cpu": 3}


def test_results_survive_being_kept() -> None:
    """As JSON, between `make bench --only …` and the next."""
    part = Part((Figure("a", "a", "ms", (1.5, 2), (3,), (1.0, 1.0)),), {"cpu": 1.25})
    assert Part.from_dict(json.loads(json.dumps(part.to_dict()))) == part


def test_a_figure_that_is_not_there_is_missed() -> None:
    with pytest.raises(KeyError):
        Part(()).figure("a")
