"""The corpus of bad and of good requests, entry by entry, through all that a document passes at the door."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from lambdas.jobs.accept import new_job
from lambdas.jobs.destination import Rules
from lambdas.jobs.document import check_media_type, read_document
from lambdas.jobs.errors import RequestRefused
from lambdas.jobs.headers import check_idempotency_key
from lambdas.jobs.job import Job
from lambdas.jobs.view import shown
from tests.examples import HORIZON
from tests.fakes import NOW_MS

CORPUS = json.loads((Path(__file__).parents[1] / "corpus" / "bad_requests.json").read_text("utf-8"))
RULES = Rules.from_settings(private_targets="", allowed_ports="80,443,8080,8443", own_hosts="api.example-scheduler.com")


def spelled_out(value: Any) -> Any:
    """The corpus's shorthands for long texts, as its legend explains them."""
    match value:
        case {"$repeat": [str(text), int(times)]}:
            return text * times
        case {"$concat": [*parts]}:
            return "".join(map(spelled_out, parts))
        case dict():
            return {name: spelled_out(inner) for name, inner in value.items()}
        case list():
            return [spelled_out(inner) for inner in value]
    return value


def content_of(entry: dict[str, Any]) -> bytes:
    if "raw_b64" in entry:
        return base64.b64decode(entry["raw_b64"])
    text = spelled_out(entry["raw"]) if "raw" in entry else json.dumps(spelled_out(entry["body"]))
    return str(text).encode()


def accepted(entry: dict[str, Any]) -> Job:
    headers = {"content-type": CORPUS["defaults"]["content_type"]}
    headers |= {name.lower(): value for name, value in entry.get("headers", {}).items()}
    check_idempotency_key(headers.get("idempotency-key"))
    check_media_type(headers["content-type"], headers.get("content-encoding"))
    return new_job(
        read_document(content_of(entry)), owner="ada", job_id="job_1", now_ms=NOW_MS, horizon=HORIZON, rules=RULES
    )


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["id"]) for entry in CORPUS["bad"]])
def test_bad_requests_are_refused_with_status_code_and_field(entry: dict[str, Any]) -> None:
    """T4, T10. Each with the one fault it has: one fault raises no second."""
    with pytest.raises(RequestRefused) as refused:
        accepted(entry)
    (fault,) = refused.value.faults
    told = {"status": refused.value.status, "code": refused.value.code}
    assert (told, fault.field) == (entry["expect"], entry["field"])


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["id"]) for entry in CORPUS["valid"]])
def test_good_requests_are_accepted(entry: dict[str, Any]) -> None:
    """And mean what the corpus says they mean."""
    job = shown(accepted(entry), whole=True)
    assert job["request"]["method"] == entry["body"].get("method", "POST")
    for name, value in entry.get("expect", {}).items():
        assert job[name] == value
