"""The OpenAPI document is one, tells all that there is, and its examples are true."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from description.answers import LimitsInForce
from description.document import document, template_of
from description.operations import OPERATIONS, Operation
from description.words import codes_by_status
from lambdas import wiring
from lambdas.handlers import api, check, pages
from lambdas.handlers.routes import ROUTES
from lambdas.jobs.asking import list_query
from lambdas.jobs.errors import RequestRefused
from lambdas.jobs.job import Attempt, AttemptOutcome, Status
from lambdas.jobs.keys import ApiKey
from lambdas.jobs.limits import NAMES
from lambdas.jobs.scheduling import FIELDS
from lambdas.jobs.stats import stats_query
from lambdas.jobs.target import Sign, State
from lambdas.jobs.trying import Asked
from tests.described import check_described, check_taken, closed_document, written_pages
from tests.examples import RETENTION_MS, a_job, an_attempt
from tests.fakes import NOW_MS
from tests.handlers.checks import Checks
from tests.handlers.recorded import Service, http_event

DOCUMENT = document()
TOLD = [
    (method, path, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
each_operation = pytest.mark.parametrize(
    ("method", "path", "operation"),
    [(*where, operation) for where, operation in OPERATIONS.items()],
    ids=[operation.id for operation in OPERATIONS.values()],
)


def test_it_is_an_openapi_document() -> None:
    """By the validator of the OpenAPI project's own schema, which looks at every schema in it too."""
    assert [str(error) for error in OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_every_route_is_told_and_nothing_else() -> None:
    """With its scope; names of operations are unique."""
    there = {
        (method.lower(), template_of(pattern), scope)
        for pattern, methods in ROUTES.items()
        for method, (scope, _) in methods.items()
    }
    told = {
        (method, path, next(iter(asked["bearer"]), None))
        for method, path, operation in TOLD
        for asked in operation["security"] or [{"bearer": []}]
    }
    assert told == there
    assert len({operation["operationId"] for _, _, operation in TOLD}) == len(TOLD)


def test_a_route_that_nobody_described_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one that was taken away, and is still described."""
    for missing in (("GET", "/v1/jobs"), ("POST", "/v1/test")):
        monkeypatch.setattr("description.document.OPERATIONS", {k: v for k, v in OPERATIONS.items() if k != missing})
        with pytest.raises(KeyError, match=missing[1]):
            document()
    monkeypatch.setattr(
        "description.document.OPERATIONS", {**OPERATIONS, ("GET", "/v1/gone"): OPERATIONS["GET", "/health"]}
    )
    with pytest.raises(KeyError, match="/v1/gone"):
        document()


def test_every_error_code_is_told_somewhere_and_none_that_there_is_not() -> None:
    """Each with its status; 405 is of methods, and they are not told."""
    told = {
        (int(status), code)
        for _, _, operation in TOLD
        for status, response in operation["responses"].items()
        if "application/problem+json" in response.get("content", {})
        for code in response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
    }
    table = {(status, code) for status, codes in codes_by_status().items() for code in codes}
    assert table - told == {(405, "method_not_allowed")}
    assert told <= table


def test_what_a_refusal_narrows_keeps_its_type() -> None:
    """Generators of clients merge the two by type, and leave the whole answer out where one has none."""
    general = DOCUMENT["components"]["schemas"]["Problem"]["properties"]
    narrowed = [
        (name, schema["type"], schema["enum"])
        for operations in DOCUMENT["paths"].values()
        for told in operations.values()
        for status, response in told["responses"].items()
        if int(status) >= 400
        for name, schema in response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"].items()
    ]
    assert {(name, kind) for name, kind, _ in narrowed} == {("status", "integer"), ("code", "string")}
    assert all(general[name]["type"] == kind and among for name, kind, among in narrowed)


def test_the_fields_are_those_of_the_models() -> None:
    """Of a job, of a change and of a trial; each is explained."""
    schemas = DOCUMENT["components"]["schemas"]
    assert list(schemas["Scheduling"]["properties"]) == list(schemas["Change"]["properties"]) == list(FIELDS)
    assert list(schemas["Trial"]["properties"]) == list(Asked.__annotations__)
    assert [name for name in ("Scheduling", "Trial", "Change") if schemas[name]["additionalProperties"]] == []
    for field in FIELDS:
        assert schemas["Scheduling"]["properties"][field]["description"]
    assert tuple(LimitsInForce.__annotations__) == NAMES


def test_the_words_of_the_states_are_those_of_the_code() -> None:
    """Statuses, outcomes, states of targets."""
    schemas = closed_document()["components"]["schemas"]
    assert schemas["Job"]["properties"]["status"]["enum"] == list(Status)
    assert schemas["Attempt"]["properties"]["outcome"]["enum"] == list(AttemptOutcome)
    assert schemas["Target"]["properties"]["state"]["enum"] == list(State)
    assert len(schemas["Attempt"]["properties"]) == len(Attempt.__dataclass_fields__)


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/v1/jobs", lambda query: list_query(query, owner="ada", cursor_key=lambda: b"")),
        ("/v1/stats", lambda query: stats_query(query, owner="ada", now_ms=NOW_MS)),
    ],
)
def test_the_parameters_of_a_query_are_those_that_it_takes(path: str, ask: Callable[[Any], Any]) -> None:
    """What another name is answered names them all."""
    with pytest.raises(RequestRefused) as refused:
        ask([("colour", "blue")])
    there = re.findall(r"\w+", refused.value.detail.partition("are:")[2])
    assert [parameter["name"] for parameter in DOCUMENT["paths"][path]["get"]["parameters"]] == there


def test_every_link_of_a_description_leads_to_the_page() -> None:
    """`docs#…`, beside the document wherever that is, or to somewhere else on the internet."""
    told = re.findall(r'"description": "((?:[^"\\]|\\.)*)"', json.dumps(DOCUMENT))
    links = [link for description in told for link in re.findall(r"\]\(([^)]*)\)", description)]
    assert len(links) > 20
    assert [link for link in links if not link.startswith(("docs", "https://"))] == []


@each_operation
def test_the_examples_of_answers_are_answers(method: str, path: str, operation: Operation) -> None:
    """Member by member, and none that is not described."""
    status = next(iter(operation.answers))
    told = DOCUMENT["paths"][path][method.lower()]["responses"][str(status)]
    headers = {name.lower(): "…" for name in told["headers"]} | {"content-type": "application/json"}
    for kind, described in told.get("content", {}).items():
        if "example" in described:
            check_described(method, path, status, headers | {"content-type": kind}, json.dumps(described["example"]))


class TestTheExamplesAreDone:
    """Each example of a request, sent to the functions, is answered with the first success that is told of it."""

    @pytest.fixture
    def service(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Service:
        service = Service()
        monkeypatch.setattr(wiring, "api_parts", lambda: (service.desk(), service.journal))
        monkeypatch.setattr(wiring, "check_parts", lambda: (Checks(service).bench, service.journal))
        monkeypatch.setattr(pages, "FOLDER", written_pages(tmp_path))
        return service

    @each_operation
    def test_it_is_done(self, service: Service, method: str, path: str, operation: Operation) -> None:
        """On a service that has what the path names, in the state that it needs."""
        if operation.takes is not None:
            assert check_taken(operation.takes, operation.taken) is None
        named = path.format(id=named_in(path, service), host=a_paused_target(service))
        content = "" if operation.taken is None else json.dumps(operation.taken)
        handler = check.handler if path in check.ROUTES else api.handler

        answer = handler(http_event(method, named, content, owner="ada", headers=SENT), None)

        assert answer["statusCode"] == next(iter(operation.answers)), answer["body"]
        check_described(method, named, answer["statusCode"], answer["headers"], answer["body"])


SENT = {"content-type": "application/json"}


def named_in(path: str, service: Service) -> str:
    """The id of what a path names, on a service that has it: a key, a job, one that has ended where that is asked."""
    if path.startswith("/v1/keys"):
        key = ApiKey("5f0c2a91d7e84b36", "ada", "deploy", ("jobs:read",), NOW_MS, b"")
        service.keys.add(key)
        return key.id
    job = a_job(timezone="America/New_York")
    if path.endswith("/rerun"):
        running = job.claimed(claim_id="c", now_ms=NOW_MS)
        job = running.failed(an_attempt(1, AttemptOutcome.FAILED), now_ms=NOW_MS, retention_ms=RETENTION_MS)
    return service.store.add(job).id


def a_paused_target(service: Service) -> str:
    """The host of a target in trouble."""
    target = service.targets.count("ada", "shop.example.com", sign=Sign.FAILURE, now_ms=NOW_MS)
    return target.host
