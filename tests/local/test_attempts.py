"""What is shown on the terminal of what the functions print."""

from __future__ import annotations

import json

from local.attempts import line_for

ATTEMPT = {
    "level": "INFO",
    "message": "attempt",
    "service": "fire",
    "job_id": "job_019ab3",
    "attempt": 2,
    "status_code": 503,
    "lateness_ms": 3.4,
    "duration_ms": 131,
    "outcome": "retry",
    "host": "example.com",
}


def test_an_attempt_is_one_readable_line() -> None:
    """Which job, which attempt, what came of it, and how late."""
    assert line_for("Fire", json.dumps(ATTEMPT)) == (
        "job_019ab3  attempt 2  retry  503 from example.com  3 ms late, took 131 ms"
    )


def test_an_attempt_without_an_answer_tells_its_error() -> None:
    """There is no status, and the times may be missing, when nothing was sent."""
    nothing_sent = {**ATTEMPT, "status_code": None, "lateness_ms": None, "error": "name_not_found"}
    assert line_for("Fire", json.dumps(nothing_sent)) == (
        "job_019ab3  attempt 2  retry  name_not_found from example.com  ? ms late, took 131 ms"
    )


def test_other_information_and_metrics_are_not_shown() -> None:
    """They are in the log file; the terminal is for what a person waits for."""
    assert line_for("Api", json.dumps({"level": "INFO", "message": "accepted"})) is None
    assert line_for("Api", json.dumps({"_aws": {"Timestamp": 1}, "JobsAccepted": 1})) is None
    assert line_for("Api", json.dumps("attempt")) is None
    assert line_for("Api", " ") is None


def test_a_warning_is_shown_with_the_end_of_its_exception() -> None:
    """The last line of a traceback names what went wrong."""
    record = {
        "level": "ERROR",
        "service": "sweep",
        "message": "shard failed",
        "exception": "Traceback\n  …\nKeyError: 1",
    }
    assert line_for("Sweep", json.dumps(record)) == "sweep ERROR: shard failed (KeyError: 1)"


def test_what_is_no_json_is_shown_as_it_is() -> None:
    """A function that cannot even start says so in plain text."""
    assert line_for("Fire", "ImportError: no module x") == "Fire: ImportError: no module x"
