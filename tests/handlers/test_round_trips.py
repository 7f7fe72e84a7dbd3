"""Whatever document is accepted is read back equal, changed by nothing that was read, and sent byte for byte.

The real api and the real store, on moto; for what is sent the real sender, over a real connection to a receiver on the
loopback address, which is taken for every host.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from lambdas import wiring
from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
from lambdas.adapters.guarded_connection import dial
from lambdas.adapters.guarded_socket import GuardedSocket
from lambdas.adapters.http_sender import HttpSender
from lambdas.handlers import api
from lambdas.jobs.addresses import AddressPolicy
from lambdas.jobs.job import Job
from lambdas.jobs.outgoing import outgoing_request
from tests.adapters.hostile_server import OK, HostileServer, answer, serving
from tests.adapters.sending import CLOCK, send_now
from tests.contracts.aws_places import client, make_table
from tests.corpus.internet import Pretended
from tests.documents import CONFIRMED, REDACTED, Fields, Written, written
from tests.examples import RETENTION_MS
from tests.fakes import NOW_MS
from tests.handlers.recorded import Service, http_event
from tests.wire import wire_complaints

OWNER = "ada"
PUBLIC = "93.184.216.34"
SETTINGS = settings(
    deadline=None,
    derandomize="CI" in os.environ,
    max_examples=100,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # to explain a failure takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Api:
    """The api over a table of its own."""

    def __init__(self) -> None:
        self._service = Service()
        dynamodb = client("dynamodb")
        self.store = DynamoDbJobStore(dynamodb, make_table(dynamodb), retention_ms=RETENTION_MS)
        self.call("PATCH", "/v1/me", {"notify": {"email": CONFIRMED}})
        self._service.addresses.confirm(OWNER, CONFIRMED.lower())
        self.call("PATCH", "/v1/me", {"notify": {"email": None}})

    def call(self, method: str, path: str, document: Any = None, *, ascii_only: bool = False) -> tuple[int, Any]:
        content = "" if document is None else json.dumps(document, ensure_ascii=ascii_only)
        event = http_event(method, path, content, owner=OWNER, headers={"content-type": "application/json"})
        del event["headers"]["content-length"]
        desk = self._service.desk()._replace(store=self.store)
        with patch.object(wiring, "api_parts", lambda: (desk, self._service.journal)):
            answered = api.handler(event, None)
        return answered["statusCode"], json.loads(answered["body"])

    def accept(self, document: Mapping[str, Any], *, ascii_only: bool = False) -> dict[str, Any]:
        """The job that it makes. Fails the test if it is not accepted."""
        status, job = self.call("POST", "/v1/jobs", document, ascii_only=ascii_only)
        assert status == 201, job
        return dict(job)

    def claimed(self, job_id: str) -> Job:
        """The job as a worker has it that is about to send its first request."""
        found = self.store.read(job_id, owner=OWNER, now_ms=NOW_MS)
        claim = self.store.claim(job_id, fire_at_ms=found.fire_at_ms, claim_id="claim-1", now_ms=NOW_MS)
        assert claim.won is not None
        return self.store.with_request(claim.won)


@pytest.fixture(scope="module")
def service() -> Iterator[Api]:
    with mock_aws():
        yield Api()


@pytest.fixture(scope="module")
def receiver() -> Iterator[HostileServer]:
    with serving(answer(OK)) as server:
        yield server


@SETTINGS
@given(written(), st.booleans())
def test_what_is_accepted_is_read_back_equal(service: Api, given: Written, ascii_only: bool) -> None:
    """When it is made, when it is read, and in a batch: as it was written, the URL in canonical form, defaults where
    nothing was written, secrets as such. Numbers, true and false stay what they are, and members in their order."""
    job = service.accept(given.document, ascii_only=ascii_only)
    wanted = given.read_back()

    assert _exact({name: job[name] for name in wanted}) == _exact(wanted)
    assert json.dumps(job["request"]["body"]) == json.dumps(given.document.get("body"))
    assert [note["code"] for note in job["notes"]] == ["at_ambiguous"] * given.ambiguous
    assert service.call("GET", f"/v1/jobs/{job['id']}") == (200, job)
    status, batch = service.call("POST", "/v1/jobs/batch", {"jobs": [given.document]})
    assert (status, batch["results"][0]["status"]) == (207, 201)
    listed = {**wanted, "request": {k: v for k, v in wanted["request"].items() if not k.startswith("body")}}
    assert _exact({name: batch["results"][0]["job"][name] for name in wanted}) == _exact(listed)


@SETTINGS
@given(written(), st.integers(0, 9))
def test_what_was_read_changes_nothing_when_it_is_written(service: Api, given: Written, nth: int) -> None:
    """Not even the version: neither all of it at once, nor a field alone, nor none. Left out are secrets, which are not
    read, and the time where a note says how it was understood: who names the instant needs no note any more."""
    job = service.accept(given.document)
    path = f"/v1/jobs/{job['id']}"
    fields = _as_patch(job)
    if given.ambiguous:
        del fields["at"]

    alone = [name for name in fields if not name.startswith("body")]  # the two forms of a body go together
    one = alone[nth % len(alone)]
    for patch_of in ({}, {one: fields[one]}, fields):
        assert service.call("PATCH", path, patch_of) == (200, job)
    assert service.call("GET", path) == (200, job)


@SETTINGS
@given(written(schemes=st.just("http")))
def test_what_is_sent_is_what_was_accepted(service: Api, receiver: HostileServer, given: Written) -> None:
    """T4: the whole request: its line, its headers in their order, case and bytes, its body; and of ours what the page
    of the API names, no more."""
    job = service.accept(given.document)
    sender = HttpSender(policy=AddressPolicy(), clock=CLOCK, resolver=_public, dial=_dial_to(receiver))
    receiver.requests.clear()

    result = send_now(outgoing_request(service.claimed(job["id"])), by=sender)

    (raw,) = receiver.requests
    host = urlsplit(given.url).netloc
    assert list(wire_complaints(given.document, raw, job=job, host=host)) == [], result


def _exact(value: Any) -> str:
    """Tells 1 from 1.0 and from true."""
    return json.dumps(value, sort_keys=True)


def _as_patch(job: dict[str, Any]) -> Fields:
    """All that a job shows of what its owner can set, as a document that sets it so."""
    request = {name: value for name, value in job["request"].items() if name not in ("headers", "body_base64")}
    fields = {**request, "at": job["due_at"], "name": job["name"], "timezone": job["timezone"]}
    fields |= {name: job[name] for name in ("retry", "timeout_seconds", "expect")}
    if REDACTED not in job["request"]["headers"].values():
        fields["headers"] = job["request"]["headers"]
    if "body_base64" in job["request"]:
        fields["body_base64"] = job["request"]["body_base64"]
    if job["notify_from"] == "job":
        fields["notify"] = job["notify"]
    return fields


def _public(host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
    """A resolver for which each name is a public address."""
    return [(socket.AF_INET, type, 6, "", (PUBLIC, port))]


def _dial_to(receiver: HostileServer) -> Any:
    def to_receiver(ip: str, port: int, seconds: float) -> GuardedSocket:
        return Pretended((ip, port), dial("127.0.0.1", receiver.port, seconds))

    return to_receiver
