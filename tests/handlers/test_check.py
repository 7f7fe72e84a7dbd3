"""The function that stores nothing: validations and trials, from the gateway's event to the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas import wiring
from lambdas.handlers import api, check
from lambdas.jobs.criteria import CRITERIA
from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.limits import OwnerLimits
from lambdas.jobs.sending import Failure
from lambdas.jobs.signing import SigningSecret
from tests.examples import new_key
from tests.handlers.checks import DIGITS, Checks
from tests.handlers.recorded import Service, http_event

URL = "https://hooks.customer.com/run"
SECRET = "canary-of-a-token"
JSON = {"content-type": "application/json"}


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    checks = Checks()
    monkeypatch.setattr(wiring, "check_parts", lambda: (checks.bench, checks.service.journal))
    monkeypatch.setattr(wiring, "api_parts", lambda: (checks.service.desk(), checks.service.journal))
    return checks


def post(path: str, document: Any, *, owner: str | None = "ada", by: Any = check) -> tuple[int, Any]:
    event = http_event("POST", path, json.dumps(document), owner=owner, headers=JSON)
    answer = by.handler(event, None)
    return answer["statusCode"], json.loads(answer["body"])


class TestValidate:
    def test_a_sound_document_is_valid_and_shown_as_the_job_it_would_be(self, checks: Checks) -> None:
        document = {"url": "HTTPS://Hooks.Customer.com", "at": "2026-11-29T01:00", "timezone": "America/New_York"}
        status, told = post("/v1/validate", {**document, "headers": {"Authorization": SECRET}})
        assert status == 200
        assert told["valid"] is True
        assert [criterion["passed"] for criterion in told["criteria"]] == [True] * len(CRITERIA)
        assert told["job"]["request"]["url"] == "https://hooks.customer.com/"
        assert told["job"]["due_at"] == "2026-11-29T06:00:00.000Z"
        assert told["job"]["due_at_local"] == "2026-11-29T01:00:00.000-05:00"
        assert "id" not in told["job"]
        assert SECRET not in json.dumps(told)
        assert len(checks.service.store) == 0

    def test_all_that_is_wrong_is_told_with_the_words_of_scheduling(self, checks: Checks) -> None:
        document = {"url": "http://127.0.0.1/", "method": "BREW", "delay_seconds": 5}
        status, told = post("/v1/validate", document)
        refusal_status, refusal = post("/v1/jobs", document, by=api)
        assert (status, refusal_status) == (200, 422)
        assert told["valid"] is False
        assert told["job"] is None
        failed = {each["name"]: each["detail"] for each in told["criteria"] if not each["passed"]}
        assert {fault["message"] for fault in refusal["errors"]} <= set(failed.values())
        assert {"url.public_address", "method.known", "url.resolves"} <= set(failed)

    def test_a_name_that_leads_inside_fails_its_criterion_only(self, checks: Checks) -> None:
        checks.names.refusal = ValueRefused("address_denied", "It is at an address that must not be called.")
        told = post("/v1/validate", {"url": URL, "delay_seconds": 5})[1]
        assert told["valid"] is True
        assert [each["name"] for each in told["criteria"] if not each["passed"]] == ["url.resolves"]

    @pytest.mark.parametrize(("content", "code"), [("", "empty_body"), ("{", "invalid_json"), ("[]", "not_an_object")])
    @pytest.mark.usefixtures("checks")
    def test_what_is_no_document_is_refused_as_when_scheduling(self, content: str, code: str) -> None:
        answer = check.handler(http_event("POST", "/v1/validate", content, owner="ada", headers=JSON), None)
        assert json.loads(answer["body"])["code"] == code


class TestTry:
    def test_the_request_is_sent_once_and_compared(self, checks: Checks) -> None:
        checks.service.sender.answers[URL] = [checks.service.sender.answering(201, body=b"made")]
        status, told = post("/v1/test", {"url": URL, "expect": {"status": 201, "body_contains": "made"}})
        assert status == 200
        assert told["passed"] is True
        assert [each["name"] for each in told["checks"]] == ["status", "body_contains"]
        assert told["response"]["status_code"] == 201
        assert len(checks.service.sender.sent) == 1
        assert len(checks.service.store) == 0

    def test_it_is_signed_with_its_owners_secret_and_nobody_elses(self, checks: Checks) -> None:
        checks.service.secrets.write("ada", SigningSecret.of_key(new_key(), now_ms=0))
        post("/v1/test", {"url": URL})
        post("/v1/test", {"url": URL}, owner="eve")
        signed = ["webhook-signature" in dict(sent.request.headers) for sent in checks.service.sender.sent]
        assert signed == [True, False]

    def test_it_is_noted_by_host_and_outcome_without_what_was_sent(self, checks: Checks) -> None:
        checks.service.sender.answers[URL] = [Failure("timeout", "It took too long.", 1.0, 3)]
        post("/v1/test", {"url": URL, "headers": {"Authorization": SECRET}, "body": SECRET})
        (told,) = checks.service.journal.of("tried")
        assert told["host"] == "hooks.customer.com"
        assert told["passed"] is False
        assert told["error"] == "timeout"
        assert told["trial_id"] == f"test_{DIGITS}"
        assert SECRET not in json.dumps(told)

    def test_what_may_not_be_asked_is_refused_and_not_sent(self, checks: Checks) -> None:
        status, told = post("/v1/test", {"url": "http://10.0.0.1/", "at": "2026-11-29T06:00:00Z"})
        assert status == 422
        assert [fault["code"] for fault in told["errors"]] == ["url_address_denied", "unknown_field"]
        assert checks.service.sender.sent == []


class TestLimits:
    """T9: a trial is a request to somebody else's host, as a job's attempt is."""

    def test_trials_count_with_the_requests_that_make_jobs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        checks = Checks(Service(limits=OwnerLimits(requests_per_minute=2)))
        monkeypatch.setattr(wiring, "check_parts", lambda: (checks.bench, checks.service.journal))
        answers = [post("/v1/test", {"url": URL}) for _ in range(3)]
        assert [status for status, _ in answers] == [200, 200, 429]
        assert answers[-1][1]["code"] == "rate_limited"
        assert len(checks.service.sender.sent) == 2

    def test_trials_at_one_host_count_with_the_jobs_that_are_due_there_in_this_minute(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checks = Checks(Service(limits=OwnerLimits(due_per_host_minute=1)))
        monkeypatch.setattr(wiring, "check_parts", lambda: (checks.bench, checks.service.journal))
        answers = [post("/v1/test", {"url": f"{URL}/{number}"}) for number in range(2)]
        assert [status for status, _ in answers] == [200, 429]
        assert answers[-1][1]["code"] == "quota_exceeded"
        assert post("/v1/test", {"url": "https://another.customer.com/"})[0] == 200

    def test_validations_count_with_the_reads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        checks = Checks(Service(limits=OwnerLimits(requests_per_minute=1, reads_per_minute=2)))
        monkeypatch.setattr(wiring, "check_parts", lambda: (checks.bench, checks.service.journal))
        assert [post("/v1/validate", {})[0] for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("path", ["/v1/validate", "/v1/test"])
class TestBoth:
    def test_nobody_is_served_without_a_token(self, checks: Checks, path: str) -> None:
        assert post(path, {"url": URL}, owner=None)[0] == 401
        assert not checks.names.checked and not checks.service.sender.sent

    @pytest.mark.usefixtures("checks")
    def test_other_methods_are_the_apis_to_refuse(self, path: str) -> None:
        answer = api.handler(http_event("GET", path, owner="ada", headers={}), None)
        assert answer["statusCode"] == 405
        assert answer["headers"]["allow"] == "OPTIONS, POST"


@pytest.mark.usefixtures("checks")
def test_the_criteria_can_be_listed() -> None:
    """The same names, in the same order, as a validation has."""
    answer = api.handler(http_event("GET", "/v1/criteria", owner="ada", headers={}), None)
    listed = json.loads(answer["body"])["criteria"]
    validated = post("/v1/validate", {"url": URL, "delay_seconds": 5})[1]["criteria"]
    assert listed == [{name: each[name] for name in ("name", "field", "description")} for each in validated]
