"""Faults of the service, told beside the options that they come from."""

from __future__ import annotations

import json
from pathlib import Path

from punctual.cli.faults import place_of, told
from punctual.errors import Fault, NotFound, Unreachable
from punctual.fields import JobFields

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "bad_requests.json"


def test_every_field_that_can_be_at_fault_is_told_as_an_option() -> None:
    """Those of the client's fields, and those of bad requests in the corpus."""
    bad = {row["field"] for row in json.loads(CORPUS.read_text())["bad"]}
    known = {*JobFields.__annotations__, "url", "body_base64", "delay_seconds"} - {"delay"}
    fields = {field for field in bad if field.partition(".")[0] in known} | known
    assert len(fields) > 15
    shown = {field: place_of(field) for field in sorted(fields)}
    assert [field for field, place in shown.items() if not place.startswith(("--", "URL", "METHOD"))] == []


def test_what_no_option_made_is_told_without_a_place() -> None:
    faults = (Fault("id", "not_found", "There is no job with this id."),)
    assert list(told(NotFound(404, "not_found", faults[0].message, faults=faults))) == [
        "Error: There is no job with this id. (not_found)"
    ]


def test_that_it_is_not_known_what_was_done_is_said_of_what_does_something() -> None:
    doing, reading = (Unreachable("No answer.", sent=True, reads=reads) for reads in (False, True))
    assert [len(list(told(error))) for error in (doing, reading)] == [2, 1]


def test_a_part_of_a_field_is_told_with_its_option() -> None:
    told = {
        "headers.X-Trace": "--header X-Trace",
        "secret_headers[0]": "--secret-header 0",
        "retry.max_attempts": "--retry attempts",
        "retry.max_backoff_seconds": "--retry max",
        "expect.status": "--expect status",
        "expect.body_contains": "--expect body~",
        "delay_seconds": "--in",
        "Idempotency-Key": "--idempotency-key",
        "nobody.knows": "nobody.knows",
        "headers.\x1b[2J": r"--header \x1b[2J",
    }
    assert {field: place_of(field) for field in told} == told
