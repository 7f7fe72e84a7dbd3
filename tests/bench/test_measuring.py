"""What can be measured in seconds is measured once, so that the bench does not rot between its uses."""

from __future__ import annotations

import pytest

from bench import cpu, write_units
from bench.costs import Measured
from bench.figures import Part

IMPORTS = {"handler_cpu_ms:fire": 150.0, "plain_handler_cpu_ms:fire": 400.0, "ready_cpu_ms:fire": 200.0}


@pytest.mark.emulator
def test_a_quick_bench_measures_what_costs_are_worked_out_from() -> None:
    """Units exactly; CPU and logs within reason, whatever else this machine does."""
    parts = {"write_units": write_units.measure(True), "cpu": cpu.measure(True), "packages": Part((), IMPORTS)}
    assert all(figure.met for figure in parts["write_units"].figures)
    measured = Measured.from_parts(parts)
    assert measured.units_a_job == 8
    assert 700 < measured.stored_bytes < 1_024
    assert 0.2 < measured.api_cpu_ms < 20
    assert measured.hand_off_cpu_ms.each < measured.hand_off_cpu_ms.of(1)
    assert 200 < measured.fire_log_bytes.each < 1_000
