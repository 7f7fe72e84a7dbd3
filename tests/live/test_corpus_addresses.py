"""The corpus of hostile and benign addresses through the deployed stack, at the door and at the socket.

What only DNS shows is judged in process, by tests/corpus: the resolver of this machine cannot be told what to answer.
So is to which public address a connection is made: nothing here connects to the internet. This stack may call
127.0.0.1, where the receivers are; the two entries that this lets in are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.user import User
from tests.adapters.hostile_server import OK, answer, serving
from tests.corpus.files import ADDRESSES, AddressEntry, read_addresses
from tests.live.corpus import THREADS, complaints_of_all, ended_job, stored_of
from tests.live.deployed_stack import Answer, DeployedStack
from tests.wire import job_id_on, rest_of

pytestmark = pytest.mark.live

ENTRIES = read_addresses(ADDRESSES).entries
LET_IN_HERE = frozenset({"H076", "H122"})
"""Both are 127.0.0.1 in canonical form; where no setting lists it they are refused, as tests/corpus shows."""
BLOCKED = [e for e in ENTRIES if e.verdict == "block" and e.stage == "api" and e.id not in LET_IN_HERE]
REDIRECTED = [e for e in ENTRIES if e.redirect_to is not None]
AT_THE_SOCKET = [e for e in ENTRIES if e.stage == "worker" or e.verdict == "never-private"]
BENIGN = [e for e in ENTRIES if e.verdict == "allow"]
LATER = {"delay_seconds": 86_400}


def test_what_the_door_can_see_is_refused_wherever_a_url_can_be_named(stack: DeployedStack) -> None:
    """T1: when scheduled, when changed, when tried out, in a batch; each time with a code of the URL, and nothing is
    written beside the job that was to be changed."""
    user = stack.sign_in("corpus-outside@example.com")
    job = stack.call("POST", "/v1/jobs", {"url": "https://example.com/", **LATER}, token=user.token).body

    def complaints(entry: AddressEntry) -> Iterator[str]:
        for method, path, document in (
            ("POST", "/v1/jobs", {"url": entry.url, **LATER}),
            ("PATCH", f"/v1/jobs/{job['id']}", {"url": entry.url}),
            ("POST", "/v1/test", {"url": entry.url}),
        ):
            yield from _not_refused(f"{method} {path}", stack.call(method, path, document, token=user.token))

    assert complaints_of_all(BLOCKED, complaints) == []
    for first in range(0, len(BLOCKED), 100):
        batch = BLOCKED[first : first + 100]
        jobs = [{"url": entry.url, **LATER} for entry in batch]
        results = stack.call("POST", "/v1/jobs/batch", {"jobs": jobs}, token=user.token).body["results"]
        told = {entry.id: (r["status"], r["problem"]["code"][:4]) for entry, r in zip(batch, results, strict=True)}
        assert set(told.values()) == {(422, "url_")}, told
    assert stack.call("GET", f"/v1/jobs/{job['id']}", token=user.token).body == job
    counters = {f"STATS#{user.owner}", f"USAGE#{user.owner}"}  # of its jobs, and of hundreds of requests in a minute
    assert {item["pk"]["S"] for item in stored_of(stack, user)} - counters == {f"JOB#{job['id']}"}


def test_what_the_door_cannot_see_and_what_is_benign_is_let_in(stack: DeployedStack) -> None:
    """T2: in canonical form. The jobs are due tomorrow, and cancelled."""
    user = stack.sign_in("corpus-inside@example.com")

    def complaints(entry: AddressEntry) -> Iterator[str]:
        accepted = stack.call("POST", "/v1/jobs", {"url": entry.url, **LATER}, token=user.token)
        if accepted.status != 201:
            yield f"expected 201, got {accepted.status} {accepted.body['code']}"
            return
        url = accepted.body["request"]["url"]
        if entry.canonical not in (None, url) or not url.endswith(rest_of(entry.url)):
            yield f"expected {entry.canonical or entry.url}, got {url}"
        assert stack.call("DELETE", f"/v1/jobs/{accepted.body['id']}", token=user.token).status == 200

    let_in = [entry for entry in ENTRIES if entry.id in LET_IN_HERE]
    assert complaints_of_all([*AT_THE_SOCKET, *BENIGN, *let_in], complaints) == []


def test_benign_paths_and_queries_are_asked_for_as_they_were_written(stack: DeployedStack) -> None:
    """By a receiver in the place of each host, which the internet would have to be asked for."""
    user = stack.sign_in("corpus-paths@example.com")
    with serving(answer(OK)) as receiver:
        jobs = {
            entry.id: _fire(stack, user, receiver.url(rest_of(entry.url)), method="GET")
            for entry in BENIGN
            if rest_of(entry.url) != "/"
        }
        ended = {name: ended_job(stack, user, job_id)["status"] for name, job_id in jobs.items()}

    assert len(jobs) > 5 and set(ended.values()) == {"succeeded"}, ended
    lines = {job_id_on(raw): raw.partition(b"\r\n")[0] for raw in receiver.requests}
    written = {entry.id: f"GET {rest_of(entry.url)} HTTP/1.1".encode() for entry in BENIGN if entry.id in jobs}
    assert {name: lines[job_id] for name, job_id in jobs.items()} == written


def test_a_redirect_is_an_answer_wherever_it_leads(stack: DeployedStack) -> None:
    """T3: the attempt ends with it, permanently; also where it leads to a place that may be called."""
    user = stack.sign_in("corpus-redirects@example.com")
    locations = [entry.redirect_to for entry in REDIRECTED]
    with serving(answer(OK)) as elsewhere:
        heads = [
            f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
            for location in [*locations, elsewhere.url("/")]
        ]
        with serving(*map(answer, heads)) as receiver:
            jobs = [_fire(stack, user, receiver.url("/")) for _ in heads]
            ended = [ended_job(stack, user, job_id) for job_id in jobs]

    assert len(receiver.requests) == len(heads) == 7
    assert [(job["status"], job["attempts"][0]["error"]["code"]) for job in ended] == [
        ("failed", "status_permanent")
    ] * 7
    assert elsewhere.connections == 0


def test_the_worker_looks_for_itself_whatever_the_table_says(stack: DeployedStack) -> None:
    """T1: as if the door had looked at nothing. The URL of each job is changed in the table, by a hand that may; the
    attempt ends at the check of the socket, or earlier because no name leads anywhere, and nothing is answered.

    Left out are `localhost`, which leads to 127.0.0.1, where this stack may call, and the service's own hosts: to the
    socket they are public names, and somebody may have them.
    """
    user = stack.sign_in("corpus-socket@example.com")
    table = stack.client("dynamodb")
    entries = [e for e in BLOCKED if not {"localhost", "example-scheduler"} & set(re.split("[/.:]", e.url.lower()))]
    with ThreadPoolExecutor(THREADS) as threads:
        jobs = list(threads.map(lambda entry: _run_with_url_in_the_table(stack, table, user, entry.url), entries))
    ended = {entry.id: ended_job(stack, user, job_id) for entry, job_id in zip(entries, jobs, strict=True)}

    def complaints(entry: AddressEntry) -> Iterator[str]:
        (attempt,) = ended[entry.id]["attempts"]
        expected = ("address_denied",) if _is_numeric(entry) else ("address_denied", "name_not_found")
        if attempt["error"] is None or attempt["error"]["code"] not in expected or attempt["status_code"]:
            yield f"expected {expected}, got {attempt}"

    assert complaints_of_all(entries, complaints) == []
    assert {job["status"] for job in ended.values()} == {"failed"}


def _not_refused(what: str, answered: Answer) -> Iterator[str]:
    codes = {fault["code"] for fault in answered.body.get("errors", [])}
    if answered.status not in (400, 422) or not all(code.startswith("url_") for code in codes):
        yield f"expected {what} to be refused with a code of the URL, got {answered.status} {codes}"


def _fire(stack: DeployedStack, user: User, url: str, **fields: Any) -> str:
    """A job that is due now; its id."""
    accepted = stack.call("POST", "/v1/jobs", {"url": url, "delay_seconds": 0, **fields}, token=user.token)
    assert accepted.status == 201, accepted
    job_id: str = accepted.body["id"]
    return job_id


def _run_with_url_in_the_table(stack: DeployedStack, table: Any, user: User, url: str) -> str:
    """A job of one attempt that is run now, its URL changed behind the api's back; its id."""
    document = {"url": "https://example.com/", "retry": {"max_attempts": 1}, **LATER}
    job_id: str = stack.call("POST", "/v1/jobs", document, token=user.token).body["id"]
    table.update_item(
        TableName=stack.description["table"],
        Key={"pk": {"S": f"JOB#{job_id}"}, "sk": {"S": "JOB"}},
        UpdateExpression="SET #request.#url = :url",
        ExpressionAttributeNames={"#request": "request", "#url": "url"},
        ExpressionAttributeValues={":url": {"S": url}},
    )
    assert stack.call("POST", f"/v1/jobs/{job_id}/run", token=user.token).status == 202
    return job_id


def _is_numeric(entry: AddressEntry) -> bool:
    """Whether the URL names an address plainly: then no resolver has a say."""
    return entry.url.startswith(("http://1", "http://2", "http://["))
