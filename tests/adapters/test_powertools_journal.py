"""The journal as it is put together for the functions: what it prints."""

from __future__ import annotations

import json

import pytest

from lambdas import wiring

HOSTILE = 'a"}\n{"level":"INFO","message":"forged"}\r\x1b[2J\x9b31m\u2028\u202e\ud800 é'


def test_whatever_a_fact_holds_it_is_one_line_of_json_in_ascii(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """T8: it neither forges a line nor steers the terminal of whoever reads the log, and can be read back."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "journal-under-test")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Punctual")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "INFO")
    journal = wiring._journal()
    journal.tell("attempt", job_id=HOSTILE, host=HOSTILE, error=HOSTILE, outcome=HOSTILE)
    journal.tell(HOSTILE)
    out, err = capfd.readouterr()
    first, second = (out + err).splitlines()
    for line in (first, second):
        assert line.isascii() and line.isprintable()
    assert json.loads(first)["host"] == json.loads(second)["message"] == HOSTILE
