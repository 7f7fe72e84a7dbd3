"""The function api: events of API Gateway in, answers out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.handlers import api
from lambdas.jobs.job import AttemptOutcome, Expectation, Request, Status
from tests.examples import RETENTION_MS, a_job, an_attempt, new_id
from tests.fakes import NOW_MS
from tests.handlers.recorded import API_URL, Service, event, http_event

ADA = "0e3c9a54-3061-70a2-9f1c-5a3b8a7d2c11"
Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call(service: Service) -> Call:
    """Calls the function with the recorded event, changed as told; the answer's body comes back as JSON."""

    def call(
        method: str, path: str, document: Any = None, *, query: str = "", owner: str | None = ADA, **headers: str
    ) -> dict[str, Any]:
        content = document if isinstance(document, str) else json.dumps(document)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = api.handler(http_event(method, path, content, owner=owner, headers=named, query=query), None)
        return {**answer, "body": json.loads(answer["body"])}

    return call


def code(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], answer["body"]["code"]


def test_an_accepted_job_is_stored_near_and_answered_whole(service: Service) -> None:
    """The recorded POST: 201 with the job, where it is and at which version, and a count for the operators."""
    answer = api.handler(event("http_api"), None)
    job = json.loads(answer["body"])

    stored = service.store[job["id"]]
    assert answer["statusCode"] == 201
    assert answer["headers"]["location"] == f"{API_URL}/v1/jobs/{job['id']}" and answer["headers"]["etag"] == '"1"'
    assert answer["headers"]["cache-control"] == "no-store"
    assert stored.owner == ADA and stored.due_at_ms == NOW_MS + 60_000 and stored.handoff
    assert service.journal.events().count("accepted") == 1 and service.journal.flushed == 1


def test_a_body_that_the_gateway_encoded_is_read(service: Service) -> None:
    """The gateway sends as base64 what it takes for binary."""
    encoded = event("http_api")
    encoded["body"], encoded["isBase64Encoded"] = base64.b64encode(encoded["body"].encode()).decode(), True

    assert api.handler(encoded, None)["statusCode"] == 201


def test_a_document_that_did_not_arrive_whole_is_refused(service: Service) -> None:
    """What is no base64 although the event says so is nobody's job."""
    broken = event("http_api")
    broken["body"], broken["isBase64Encoded"] = "a", True

    answer = api.handler(broken, None)

    assert answer["statusCode"] == 400 and len(service.store) == 0


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"caf\xe9", 400, id="latin-1"),
        pytest.param(b"\xff\xfe", 400, id="no UTF-8"),
        pytest.param("cafe\u0301 \ufffd".encode(), 201, id="its own replacement character"),
    ],
)
def test_bytes_that_the_gateway_has_replaced_are_not_taken_for_the_users(
    service: Service, sent: bytes, status: int
) -> None:
    """It makes text of whatever is said to be JSON, with U+FFFD for what is not UTF-8; a user may write that character
    too. How much was sent tells the one from the other."""
    content = b'{"url": "https://example.com/", "delay_seconds": 60, "body": "%b"}' % sent
    length = {"content-length": str(len(content))}

    text = content.decode(errors="replace")
    answer = api.handler(http_event("POST", "/v1/jobs", text, owner=ADA, headers=length), None)

    assert answer["statusCode"] == status
    if status == 400:
        assert json.loads(answer["body"])["code"] == "invalid_utf8" and len(service.store) == 0


def test_a_refusal_tells_all_faults_in_the_form_of_rfc_9457(service: Service, call: Call) -> None:
    """And nothing is stored."""
    answer = call("POST", "/v1/jobs", {"url": "ftp://example.com/", "at": "tomorrow", "colour": "blue"})

    assert answer["statusCode"] == 422
    assert answer["headers"]["content-type"] == "application/problem+json"
    problem = answer["body"]
    assert {"type", "title", "status", "detail", "code", "errors", "request_id"} == set(problem)
    assert problem["request_id"] == event("http_api")["requestContext"]["requestId"]
    assert {(fault["field"], fault["code"]) for fault in problem["errors"]} == {
        ("url", "url_scheme"),
        ("at", "at_format"),
        ("colour", "unknown_field"),
    }
    assert problem["code"] == problem["errors"][0]["code"]
    assert problem["type"] == f"{API_URL}/docs#{problem['code']}"
    assert len(service.store) == 0


def test_jobs_of_others_ids_that_never_were_and_ids_that_cannot_be_look_the_same(service: Service, call: Call) -> None:
    """Nothing can be learned about a stranger's jobs (T5)."""
    theirs = service.store.add(a_job(owner="eve"))
    for job_id in (theirs.id, new_id(), "job_1", "%2e%2e", "JOB"):
        for method in ("GET", "PATCH", "DELETE"):
            answer = call(method, f"/v1/jobs/{job_id}", {"name": "x"})
            assert code(answer) == (404, "not_found")
    assert service.store[theirs.id] == theirs


def test_a_repeated_request_is_answered_with_its_job(service: Service, call: Call) -> None:
    """F1: 200 instead of 201, with what a client needs to tell; counted once."""
    document = {"url": "https://example.com/", "delay_seconds": 60, "headers": {"Authorization": "s3cret"}}
    first, again = (call("POST", "/v1/jobs", document, idempotency_key="k-1") for _ in range(2))

    assert (first["statusCode"], again["statusCode"]) == (201, 200)
    assert first["body"] == again["body"] and "s3cret" not in json.dumps(again)
    assert "idempotency-replayed" not in first["headers"] and again["headers"]["idempotency-replayed"] == "true"
    assert again["headers"]["location"] == first["headers"]["location"]
    assert service.journal.events().count("accepted") == 1
    other = call("POST", "/v1/jobs", {**document, "name": "other"}, idempotency_key="k-1")
    assert code(other) == (422, "idempotency_key_reused")
    assert other["body"]["errors"][0]["field"] == "Idempotency-Key"


def test_a_key_of_another_owner_is_a_new_key(service: Service, call: Call) -> None:
    """T5: nobody learns which keys others use, or gets their job."""
    document = {"url": "https://example.com/", "delay_seconds": 60}
    theirs = call("POST", "/v1/jobs", document, idempotency_key="k-1", owner="eve")
    for content in (document, {**document, "name": "other"}):
        mine = call("POST", "/v1/jobs", content, idempotency_key=f"k-{len(content) - 1}")
        assert mine["statusCode"] == 201 and mine["body"]["id"] != theirs["body"]["id"]


def test_a_patch_changes_a_scheduled_job_and_raises_its_version(service: Service, call: Call) -> None:
    """The change shows, and so does the new version."""
    job = service.store.add(a_job(owner=ADA))

    answer = call("PATCH", f"/v1/jobs/{job.id}", {"delay_seconds": 7_200, "name": "later"}, if_match='"1", "7"')

    assert answer["statusCode"] == 200 and answer["headers"]["etag"] == '"2"'
    assert answer["body"]["name"] == "later" and answer["body"]["version"] == 2
    assert service.store[job.id].fire_at_ms == NOW_MS + 7_200_000
    assert not service.store[job.id].handoff


@pytest.mark.parametrize("tag", ["2", '"2"', 'W/"1"', "abc", '"1x"', ""])
def test_a_patch_of_another_version_is_refused(service: Service, call: Call, tag: str) -> None:
    """Also when the version named is none of ours; only what is not there at all means any."""
    job = service.store.add(a_job(owner=ADA))

    assert code(call("PATCH", f"/v1/jobs/{job.id}", {"name": "x"}, if_match=tag)) == (412, "version_conflict")
    assert service.store[job.id].version == 1


def test_two_patches_that_race_both_hold(service: Service, call: Call) -> None:
    """The merge race: without If-Match an edit that lost is made again on what the rival left."""
    job = service.store.add(a_job(owner=ADA))
    service.store.before["replace"] = lambda: void(call("PATCH", f"/v1/jobs/{job.id}", {"name": "rival"}))

    answer = call("PATCH", f"/v1/jobs/{job.id}", {"timeout_seconds": 5})

    assert answer["statusCode"] == 200
    assert (answer["body"]["name"], answer["body"]["timeout_seconds"], answer["body"]["version"]) == ("rival", 5, 3)


def test_a_patch_that_names_its_version_loses_against_a_rival(service: Service, call: Call) -> None:
    """412, and the rival's change stays."""
    job = service.store.add(a_job(owner=ADA))
    service.store.before["replace"] = lambda: void(call("PATCH", f"/v1/jobs/{job.id}", {"name": "rival"}))

    assert code(call("PATCH", f"/v1/jobs/{job.id}", {"name": "mine"}, if_match="1")) == (412, "version_conflict")
    assert service.store[job.id].name == "rival"


def test_a_patch_that_changes_nothing_is_answered_with_the_job_as_it_is(service: Service, call: Call) -> None:
    """No new version, so that nobody's `If-Match` fails for nothing; but one that is out of date still does."""
    job = service.store.add(a_job(owner=ADA, name="purge"))
    for document in ({}, {"name": "purge"}, {"timeout_seconds": 30, "retry": None}):
        answer = call("PATCH", f"/v1/jobs/{job.id}", document, if_match="1")
        assert (answer["statusCode"], answer["headers"]["etag"]) == (200, '"1"')
        assert answer["body"] == call("GET", f"/v1/jobs/{job.id}")["body"]
    assert service.store[job.id] == job
    assert code(call("PATCH", f"/v1/jobs/{job.id}", {}, if_match="2")) == (412, "version_conflict")


@pytest.mark.parametrize(("method", "action"), [("PATCH", ""), ("DELETE", ""), ("POST", "/run")])
def test_an_edit_that_races_with_a_claim_is_told_that_the_job_runs(
    service: Service, call: Call, method: str, action: str
) -> None:
    """Exactly one wins (F15); here it is the claim."""
    job = service.store.add(a_job(owner=ADA, due_in_ms=1_000))

    def claim() -> None:
        service.store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="c", now_ms=NOW_MS)

    service.store.before["replace"] = claim

    document = {"name": "x"} if method == "PATCH" else None
    assert code(call(method, f"/v1/jobs/{job.id}{action}", document)) == (409, "job_running")
    assert service.store[job.id].status is Status.RUNNING


def test_a_job_can_be_cancelled_twice_and_a_finished_one_not_at_all(service: Service, call: Call) -> None:
    """Cancelling is final; what has ended otherwise stays as it ended."""
    job = service.store.add(a_job(owner=ADA))
    done = a_job(owner=ADA).claimed(claim_id="c", now_ms=NOW_MS)
    attempt = an_attempt(1, AttemptOutcome.SUCCEEDED)
    service.store.put(done.succeeded(attempt, now_ms=NOW_MS, retention_ms=RETENTION_MS))

    first, second = (call("DELETE", f"/v1/jobs/{job.id}") for _ in range(2))

    assert first["statusCode"] == second["statusCode"] == 200
    assert first["body"] == second["body"] and first["body"]["status"] == "cancelled"
    assert code(call("DELETE", f"/v1/jobs/{done.id}")) == (409, "job_finished")
    assert code(call("PATCH", f"/v1/jobs/{job.id}", {"name": "x"})) == (409, "job_finished")


def test_two_cancels_that_race_are_both_fine(service: Service, call: Call) -> None:
    """Whoever comes second finds what they asked for."""
    job = service.store.add(a_job(owner=ADA))
    service.store.before["replace"] = lambda: void(call("DELETE", f"/v1/jobs/{job.id}"))

    assert call("DELETE", f"/v1/jobs/{job.id}")["body"]["status"] == "cancelled"


def test_a_list_may_be_of_names_and_of_a_host(service: Service, call: Call) -> None:
    """As a URL's query has them, percent-encoded; a cursor goes on with the same question."""
    for number, name in enumerate(("Größe +1", "Größe +10", "other", None)):
        service.store.add(a_job(owner=ADA, name=name, due_in_ms=number))
    first = call("GET", "/v1/jobs", query="name=Gr%C3%B6%C3%9Fe%20%2B1&limit=1")["body"]
    question = f"name=Gr%C3%B6%C3%9Fe+%2B1&limit=1&cursor={first['next_cursor']}"
    last = call("GET", "/v1/jobs", query=question)["body"]
    assert [job["name"] for job in first["jobs"] + last["jobs"]] == ["Größe +1", "Größe +10"]
    assert last["next_cursor"] is None
    hosts = {host: call("GET", "/v1/jobs", query=f"host={host}")["body"] for host in ("EXAMPLE.com", "example.net")}
    assert [len(found["jobs"]) for found in hosts.values()] == [4, 0]
    assert code(call("GET", "/v1/jobs", query="host=example.com/")) == (422, "range")


def test_a_list_shows_the_owners_jobs_without_bodies_page_by_page(service: Service, call: Call) -> None:
    """The cursor goes on where the page ended, for the same owner and question only."""
    jobs = [service.store.add(a_job(owner=ADA, due_in_ms=n * 1_000)) for n in range(1, 4)]
    service.store.add(a_job(owner="eve"))

    first = call("GET", "/v1/jobs", query="limit=2&status=upcoming")["body"]
    question = f"limit=2&status=upcoming&cursor={first['next_cursor']}"
    second = call("GET", "/v1/jobs", query=question)["body"]

    assert [job["id"] for job in first["jobs"] + second["jobs"]] == [job.id for job in jobs]
    assert second["next_cursor"] is None
    assert all("body" not in job["request"] for job in first["jobs"])
    assert code(call("GET", "/v1/jobs", query=question, owner="eve")) == (422, "cursor_invalid")
    assert code(call("GET", "/v1/jobs", query="limit=0&colour=blue"))[0] == 422


def test_a_page_is_no_larger_than_aws_takes_from_a_function(service: Service, call: Call) -> None:
    """What does not fit is on the next: six megabytes would be answered 500, again and again."""
    expect = Expectation(body_contains="\x01" * 16_384, json_subset=json.dumps('"' * 8_000))
    headers = tuple((f"X-{n}", '"' * 4_000) for n in range(4))
    request = Request("GET", "https://example.com/?" + '"' * 2_000, headers=headers)
    jobs = [a_job(owner=ADA, due_in_ms=n, request=request, expect=expect, name="\x01" * 200) for n in range(40)]
    for job in jobs:
        service.store.add(job)

    listed: list[str] = []
    query = "limit=100"
    while query:
        answer = api.handler(http_event("GET", "/v1/jobs", owner=ADA, headers={}, query=query), None)
        assert len(json.dumps(answer, ensure_ascii=False).encode()) <= 6_291_556
        page = json.loads(answer["body"])
        listed += [job["id"] for job in page["jobs"]]
        query = page["next_cursor"] and f"limit=100&cursor={page['next_cursor']}"
    assert listed == [job.id for job in jobs]


def test_the_table_being_away_is_503_with_a_time_to_come_back(service: Service, call: Call) -> None:
    """Nothing of the inside is told (F20)."""
    service.store.down = True

    answer = call("GET", f"/v1/jobs/{new_id()}")

    assert code(answer) == (503, "unavailable") and int(answer["headers"]["retry-after"]) > 0
    assert "test said so" not in json.dumps(answer)


def test_a_defect_is_500_with_the_request_id_and_its_place_in_the_log(service: Service, call: Call) -> None:
    """The text of the error may quote a secret, so neither the answer nor the log has it."""

    def explode() -> None:
        raise RuntimeError("s3cret")

    service.store.before["read"] = explode

    answer = call("GET", f"/v1/jobs/{new_id()}")

    assert code(answer) == (500, "internal")
    (defect,) = service.journal.of("defect")
    assert str(defect["error"]).startswith("RuntimeError at test_api.py:")
    assert "s3cret" not in json.dumps([answer, service.journal.of("defect")])


def test_methods_and_paths_that_are_not_there_are_said_so(call: Call) -> None:
    """405 tells what the path takes."""
    wrong = call("PUT", "/v1/jobs")

    assert code(wrong) == (405, "method_not_allowed") and wrong["headers"]["allow"] == "GET, HEAD, OPTIONS, POST"
    assert code(call("GET", "/v1/elsewhere")) == (404, "not_found")
    assert code(call("GET", "/v1/jobs/")) == (404, "not_found")


def test_without_an_owner_only_the_open_routes_answer(service: Service, call: Call) -> None:
    """Nobody is let in without a token."""
    assert call("GET", "/health", owner=None)["statusCode"] == 200
    for method, path in (("POST", "/v1/jobs"), ("GET", "/v1/jobs"), ("DELETE", f"/v1/jobs/{new_id()}")):
        assert code(call(method, path, {}, owner=None)) == (401, "unauthenticated")


def test_other_media_types_and_bad_idempotency_keys_are_refused(call: Call) -> None:
    """415 and 400, before the document is looked at."""
    assert code(call("POST", "/v1/jobs", "<job/>", content_type="application/xml")) == (415, "media_type")
    assert code(call("POST", "/v1/jobs", {}, content_encoding="gzip")) == (415, "content_encoding")
    assert code(call("POST", "/v1/jobs", {}, idempotency_key="a,b")) == (400, "idempotency_key_invalid")


def void(_: object) -> None:
    """For hooks, which give nothing back."""
