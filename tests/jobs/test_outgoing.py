"""What the target receives."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lambdas.jobs.job import Body, Request
from lambdas.jobs.outgoing import VERSION, outgoing_request
from tests.examples import a_job
from tests.fakes import NOW_MS

URL = "https://example.com/orders?a=1"


def headers_of(request: Request) -> dict[str, str]:
    """The headers of a job's first attempt, by lower-case name; none may come twice."""
    job = a_job(id="job_1", request=request).claimed(claim_id="claim-1", now_ms=NOW_MS)
    headers = outgoing_request(job).headers
    names = [name.lower() for name, _ in headers]
    assert len(names) == len(set(names))
    return dict(zip(names, (value for _, value in headers), strict=True))


def test_a_target_learns_who_calls_for_which_job_and_when_it_was_due() -> None:
    """The service's own headers, as the API lists them."""
    assert headers_of(Request("POST", URL)) == {
        "user-agent": f"Punctual/{VERSION}",
        "idempotency-key": "job_1",
        "punctual-job-id": "job_1",
        "punctual-attempt": "1",
        "punctual-due-at": "2026-09-21T14:14:20.000Z",
    }


def test_every_attempt_carries_the_same_key_and_due_time_and_its_own_number() -> None:
    """F11: a receiver that keeps the keys it has seen does the work once, whoever died in between."""
    job = a_job().claimed(claim_id="claim-1", now_ms=NOW_MS)
    later = job.taken_over(claim_id="claim-2", now_ms=NOW_MS + 600_000)
    first, second = dict(outgoing_request(job).headers), dict(outgoing_request(later).headers)
    assert first["Idempotency-Key"] == second["Idempotency-Key"] == job.id
    assert first["Punctual-Due-At"] == second["Punctual-Due-At"]
    assert (first["Punctual-Attempt"], second["Punctual-Attempt"]) == ("1", "2")


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])
def test_a_key_that_the_user_set_is_sent_as_given(name: str) -> None:
    """And ours is not beside it."""
    request = outgoing_request(a_job(request=Request("POST", URL, headers=((name, "order 66"),))))
    assert (name, "order 66") in request.headers
    assert headers_of(Request("POST", URL, headers=((name, "order 66"),)))["idempotency-key"] == "order 66"


def test_the_users_headers_come_first_in_their_case_and_order() -> None:
    """Secrets too: they are hidden from readers, not from the target."""
    theirs = (("X-B", "1"), ("authorization", "Bearer s3cret"), ("x-a", ""))
    request = Request("GET", URL, headers=theirs, secret_headers=("authorization",))
    assert outgoing_request(a_job(request=request)).headers[:3] == theirs


@pytest.mark.parametrize(
    ("body", "headers", "content_type"),
    [
        (Body(b'{"a":1}', "json"), (), "application/json"),
        (Body(b'{"a":1}', "json"), (("content-TYPE", "application/vnd.api+json"),), "application/vnd.api+json"),
        (Body(b"text", "text"), (), None),
        (Body(b"\x00", "base64"), (), None),
        (None, (), None),
    ],
    ids=["json", "json of their own kind", "text", "bytes", "none"],
)
def test_json_says_that_it_is_json(
    body: Body | None, headers: tuple[tuple[str, str], ...], content_type: str | None
) -> None:
    """Unless the user says what it is; of text and bytes only the user knows."""
    assert headers_of(Request("POST", URL, headers=headers, body=body)).get("content-type") == content_type


@pytest.mark.parametrize("content", [b"", b"{}", bytes(range(256))])
def test_the_body_is_sent_byte_by_byte(content: bytes) -> None:
    """An empty body is not the same as none."""
    sent = outgoing_request(a_job(request=Request("PUT", URL, body=Body(content, "base64"))))
    assert (sent.method, sent.url, sent.body) == ("PUT", URL, content)
    assert outgoing_request(a_job(request=Request("PUT", URL))).body is None


def test_the_version_is_that_of_the_project() -> None:
    """One version, also in `User-Agent`."""
    project = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION
