"""The corpus of bad and good requests through the deployed stack: refused exactly, or sent byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.user import User
from tests.adapters.hostile_server import answer, serving
from tests.corpus.door import JSON
from tests.corpus.files import REQUESTS, RequestEntry, as_json, read_requests
from tests.corpus.requests import complaints_of_a_bad_one, complaints_of_a_good_one
from tests.live.corpus import complaints_of_all, ended_job, stored_of, told
from tests.live.deployed_stack import DeployedStack
from tests.wire import job_id_on, rest_of, wire_complaints

pytestmark = pytest.mark.live

CORPUS = read_requests(REQUESTS)
CANARY = "kanari-of-the-corpus-7q"
SATISFYING = b'{"done": true, "says": "ok"}'
"""An answer that every `expect` of the good half takes for a success."""


def test_bad_requests_are_refused_exactly_and_nothing_is_written(stack: DeployedStack) -> None:
    """T4, T10: each with its status, code and field, as in process. Of their owner, who has nothing, the table holds
    nothing afterwards; it does hold the job of a good request, so that it would hold others."""
    user = stack.sign_in("corpus-refused@example.com")

    wrong = complaints_of_all(CORPUS.bad, lambda entry: _complaints_of_a_refusal(stack, user, entry))

    assert wrong == []
    assert stored_of(stack, user) == []
    assert stack.call("GET", "/v1/jobs", token=user.token).body == {"jobs": [], "next_cursor": None}
    good = stack.call("POST", "/v1/jobs", CORPUS.valid[0].document, token=user.token)
    assert good.status == 201
    assert f"JOB#{good.body['id']}" in {item["pk"]["S"] for item in stored_of(stack, user)}


def test_in_a_batch_each_bad_request_is_refused_as_alone(stack: DeployedStack) -> None:
    """T4, T10: all whose fault is in a field of the document, together with good ones, which are accepted."""
    user = stack.sign_in("corpus-batch@example.com")
    bad = [e for e in CORPUS.bad if isinstance(e.document, dict) and e.field not in ("document", "Idempotency-Key")]
    good = CORPUS.valid[:2]
    for first in range(0, len(bad), 60):
        together = [*bad[first : first + 60], *good]
        content = as_json({"jobs": [entry.document for entry in together]})
        told = stack.call("POST", "/v1/jobs/batch", content=content, headers=JSON, token=user.token)

        assert told.status == 207
        found = [(r["status"], *_first_fault(r.get("problem"))) for r in told.body["results"]]
        assert dict(zip([entry.id for entry in together], found, strict=True)) == {
            **{
                entry.id: (entry.expect["status"], entry.expect["code"], entry.field)
                for entry in together[: -len(good)]
            },
            **{entry.id: (201, None, None) for entry in good},
        }


def test_a_refusal_repeats_no_secret(stack: DeployedStack) -> None:
    """T7: with a word in every header, in the body and in the credentials, the fault is told as without them."""
    user = stack.sign_in("corpus-discreet@example.com")
    with_secrets = [_with_canaries(entry) for entry in CORPUS.bad if isinstance(entry.document, dict)]

    wrong = complaints_of_all(with_secrets, lambda entry: _complaints_of_a_refusal(stack, user, entry))

    assert wrong == []
    assert stored_of(stack, user) == []


def test_good_requests_are_accepted_as_they_are(stack: DeployedStack) -> None:
    """Each means what it says, at the hosts that it names; none of them is called, for the jobs are cancelled."""
    user = stack.sign_in("corpus-accepted@example.com")

    def complaints(entry: RequestEntry) -> Iterator[str]:
        accepted = stack.call("POST", "/v1/jobs", content=entry.content, headers=entry.headers, token=user.token)
        yield from complaints_of_a_good_one(entry, told(accepted))
        if accepted.status == 201:
            assert stack.call("DELETE", f"/v1/jobs/{accepted.body['id']}", token=user.token).status == 200

    assert complaints_of_all(CORPUS.valid, complaints) == []


def test_good_requests_are_sent_byte_for_byte(stack: DeployedStack) -> None:
    """T4: scheduled, fired now, and received as they were asked for: request line, headers in order and case, body.

    The hosts of the corpus cannot be reached from here, so scheme, host and port are those of the receiver; all else
    is the entry's.
    """
    user = stack.sign_in("corpus-sent@example.com")
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(SATISFYING)}\r\n\r\n".encode()
    with serving(answer(head + SATISFYING)) as receiver:
        documents = {
            entry.id: {**entry.document, "url": receiver.url(rest_of(entry.document["url"]))} for entry in CORPUS.valid
        }
        jobs = {entry.id: _fired(stack, user, replace(entry, document=documents[entry.id])) for entry in CORPUS.valid}
        ended = {name: ended_job(stack, user, job["id"]) for name, job in jobs.items()}

    sent = {job_id_on(raw): raw for raw in receiver.requests}
    assert len(receiver.requests) == len(sent) == len(jobs)
    assert {job["status"] for job in ended.values()} == {"succeeded"}
    host = urlsplit(receiver.url()).netloc
    wrong = {
        name: list(wire_complaints(documents[name], sent[job["id"]], job=job, host=host)) for name, job in ended.items()
    }
    assert {name: found for name, found in wrong.items() if found} == {}


def _first_fault(problem: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """The code and the field of what is wrong, if anything is."""
    return (None, None) if problem is None else (problem["errors"][0]["code"], problem["errors"][0]["field"])


def _complaints_of_a_refusal(stack: DeployedStack, user: User, entry: RequestEntry) -> Iterator[str]:
    headers = {**entry.headers, "Cookie": f"session={CANARY}", "X-Secret": CANARY, "User-Agent": CANARY}
    refused = stack.call("POST", "/v1/jobs", content=entry.content, headers=headers, token=user.token)
    yield from complaints_of_a_bad_one(entry, told(refused))
    everything = f"{refused.headers} {refused.body}"
    yield from (f"expected {what} not to be told" for what in (CANARY, user.token) if what in everything)


def _with_canaries(entry: RequestEntry) -> RequestEntry:
    """The entry with a secret wherever it leaves room for one."""
    document: dict[str, Any] = dict(entry.document)
    if isinstance(document.setdefault("headers", {}), dict):
        document["headers"] = {**document["headers"], "Authorization": f"Bearer {CANARY}", "X-Own": CANARY}
    if not {"body", "body_base64"} & set(document):
        document["body"] = {"password": CANARY}
    document.setdefault("name", CANARY)
    return replace(entry, content=as_json(document), document=document)


def _fired(stack: DeployedStack, user: User, entry: RequestEntry) -> Mapping[str, Any]:
    content = as_json(entry.document)
    accepted = stack.call("POST", "/v1/jobs", content=content, headers=entry.headers, token=user.token)
    assert accepted.status == 201, (entry.id, accepted)
    run = stack.call("POST", f"/v1/jobs/{accepted.body['id']}/run", token=user.token)
    assert run.status == 202, (entry.id, run)
    job: Mapping[str, Any] = run.body
    return job
