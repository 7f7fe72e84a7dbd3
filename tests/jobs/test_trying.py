"""Trying a request out: what may be asked, what is sent, and each check with what was expected and what was found."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import RequestRefused
from lambdas.jobs.headers import REDACTED
from lambdas.jobs.outcome import EXCERPT_BYTES
from lambdas.jobs.sending import Answer, Failure
from lambdas.jobs.signing import SigningSecret
from lambdas.jobs.trying import LARGEST_SHOWN_HEADERS, Tried, shown_trial, trial, try_out
from tests.examples import new_key
from tests.fakes import NOW_MS, FakeClock, FakeSender

URL = "https://hooks.customer.com/run"
TRIAL_ID = "test_019970b42ccc7b0e8a54d1cf5d0a7f01"


class Bench:
    """A sender with one scripted answer."""

    def __init__(self, result: Answer | Failure | None = None) -> None:
        self.clock = FakeClock()
        self.sender = FakeSender(self.clock)
        if result is not None:
            self.sender.answers[URL] = [result]

    def tried(self, document: dict[str, Any], secret: SigningSecret | None = None) -> Tried:
        asked = trial({"url": URL, **document}, owner="ada", trial_id=TRIAL_ID, now_ms=NOW_MS, rules=Rules())
        return try_out(asked, secret=secret, sender=self.sender, clock=self.clock)


def tried(result: Answer | Failure, **expect: Any) -> dict[str, Any]:
    """What the API shows of a trial with this answer and expectation."""
    return shown_trial(Bench(result).tried({"expect": expect} if expect else {}))


def answering(body: str | bytes = b"", status: int = 200, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else body.encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return FakeSender.answering(status, body=content, headers=named)


def checks(shown: dict[str, Any]) -> dict[str, tuple[Any, Any, bool]]:
    return {check["name"]: (check["expected"], check["actual"], check["passed"]) for check in shown["checks"]}


def refused(document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(RequestRefused) as refusal:
        trial(document, owner="ada", trial_id=TRIAL_ID, now_ms=NOW_MS, rules=Rules())
    assert refusal.value.status == 422
    return [(fault.field, fault.code) for fault in refusal.value.faults]


class TestWhatIsSent:
    def test_it_is_the_request_of_a_job_sent_once_and_now(self) -> None:
        bench = Bench()
        bench.tried({"method": "PUT", "headers": {"X-Order": "7"}, "body": {"a": 1}})
        (sent,) = bench.sender.sent
        headers = dict(sent.request.headers)
        assert (sent.request.method, sent.request.url, sent.request.body) == ("PUT", URL, b'{"a":1}')
        assert sent.at_ms == NOW_MS
        assert headers["X-Order"] == "7"
        assert headers["Content-Type"] == "application/json"
        assert headers["Idempotency-Key"] == headers["Punctual-Job-Id"] == TRIAL_ID
        assert headers["Punctual-Attempt"] == "1"
        assert bench.sender.open_connections == 0

    def test_it_is_signed_if_its_owner_has_a_secret(self) -> None:
        """So that a receiver's check can be tried too."""
        bench = Bench()
        bench.clock.ms = 1_790_000_000_000
        secret = SigningSecret.of_key(new_key(), now_ms=0)
        bench.tried({"body": "hello"}, secret)
        (sent,) = bench.sender.sent
        headers = {name.lower(): value for name, value in sent.request.headers}
        assert headers["webhook-id"] == TRIAL_ID
        expected = Webhook(secret.current).sign(
            TRIAL_ID, datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC), "hello"
        )
        assert headers["webhook-signature"] == expected


class TestWhatMayBeAsked:
    def test_a_url_is_required_and_judged_as_a_jobs_is(self) -> None:
        assert refused({}) == [("url", "required")]
        assert refused({"url": "http://169.254.169.254/"}) == [("url", "url_address_denied")]

    @pytest.mark.parametrize("field", ["at", "delay_seconds", "timezone", "retry", "notify", "name"])
    def test_what_is_about_time_and_tries_is_unknown(self, field: str) -> None:
        assert refused({"url": URL, field: "x"}) == [(field, "unknown_field")]

    @pytest.mark.parametrize("seconds", [0.5, 20.1, 60])
    def test_the_time_out_is_1_to_20_seconds(self, seconds: float) -> None:
        assert refused({"url": URL, "timeout_seconds": seconds}) == [("timeout_seconds", "range")]

    def test_a_time_out_that_is_not_given_is_10_seconds(self) -> None:
        asked = trial({"url": URL}, owner="ada", trial_id=TRIAL_ID, now_ms=NOW_MS, rules=Rules())
        assert asked.job.timeout_ms == 10_000

    @pytest.mark.parametrize(
        ("headers", "fault"),
        [
            (["a"], ("expect.headers", "type")),
            ({"no name": "a"}, ("expect.headers", "header_name")),
            ({"x-a": 7}, ("expect.headers", "header_value")),
            ({"x-a": "a\r\nb"}, ("expect.headers", "header_value")),
            ({f"x-{number}": "a" for number in range(65)}, ("expect.headers", "range")),
        ],
    )
    def test_headers_that_no_answer_can_have_are_refused(self, headers: Any, fault: tuple[str, str]) -> None:
        assert refused({"url": URL, "expect": {"headers": headers}}) == [fault]

    def test_all_faults_are_told_at_once(self) -> None:
        found = refused({"url": "ftp://x", "method": "BREW", "expect": {"status": 99, "surprise": 1}})
        assert found == [
            ("url", "url_scheme"),
            ("method", "method"),
            ("expect.surprise", "unknown_field"),
            ("expect.status", "expect_status"),
        ]


class TestChecks:
    def test_any_2xx_is_expected_if_nothing_is_said(self) -> None:
        assert checks(tried(answering(status=204))) == {"status": ("2xx", 204, True)}
        shown = tried(answering(status=302))
        assert checks(shown) == {"status": ("2xx", 302, False)}
        assert not shown["passed"]

    def test_each_part_of_the_expectation_has_a_check_of_its_own(self) -> None:
        """So that one that fails does not hide another."""
        answer = answering('{"state": "done", "rows": [1, 2], "more": true}', 202, content_type="application/json")
        shown = tried(
            answer,
            status=[200, "3xx"],
            headers={"Content-Type": "application/json", "X-Missing": "a"},
            body_contains="done",
            json={"state": "open", "rows": [1, 2]},
        )
        assert checks(shown) == {
            "status": ([200, "3xx"], 202, False),
            "headers.content-type": ("application/json", "application/json", True),
            "headers.x-missing": ("a", None, False),
            "body_contains": ("done", '{"state": "done", "rows": [1, 2], "more": true}', True),
            "json": ({"state": "open", "rows": [1, 2]}, {"state": "done", "rows": [1, 2]}, False),
        }
        assert not shown["passed"]

    def test_one_of_several_headers_of_a_name_suffices(self) -> None:
        answer = Answer(200, (("X-Tag", "a"), ("x-tag", "b")), b"", 0, 20, False)
        assert checks(tried(answer, headers={"X-Tag": "b"}))["headers.x-tag"] == ("b", "a, b", True)

    @pytest.mark.parametrize("body", ["", "no json", '{"a": NaN}', '{"a": 1e999}', "[" * 50_000, b"\xff"])
    def test_a_body_that_is_no_json_contains_none(self, body: str | bytes) -> None:
        assert checks(tried(answering(body), json={"a": 1}))["json"] == ({"a": 1}, None, False)

    def test_half_a_surrogate_pair_of_the_targets_does_not_go_on(self) -> None:
        shown = tried(answering('{"a": "\\ud800"}'), json={"a": "x"})
        assert checks(shown)["json"] == ({"a": "x"}, {"a": "?"}, False)
        json.dumps(shown, ensure_ascii=False).encode()

    @pytest.mark.parametrize("wanted", [{"a": 1}, [1], "a", 7, True])
    def test_no_more_than_an_excerpt_is_read_out_of_a_body(self, wanted: Any) -> None:
        """T9: whoever may ask for any part of an answer could read all of it, piece by piece."""
        body = json.dumps({"a": "x" * 5_000} if isinstance(wanted, dict) else ["x" * 5_000])
        found = checks(tried(answering(body), json=wanted))["json"][1]
        assert isinstance(found, str)
        assert len(found) <= EXCERPT_BYTES


class TestNoAnswer:
    def test_nothing_holds_and_the_error_says_why(self) -> None:
        failure = Failure("address_denied", "The target is at an address that must not be called.", None, 3)
        shown = tried(failure, status=200, headers={"x-a": "a"}, body_contains="a", json={"a": 1})
        assert all(actual is None and not passed for _, actual, passed in checks(shown).values())
        assert len(shown["checks"]) == 4
        assert shown["response"] is None
        assert shown["error"] == {"code": failure.code, "message": failure.message}
        assert not shown["passed"]


class TestTheAnswerShown:
    def test_it_has_status_headers_excerpt_and_duration(self) -> None:
        shown = tried(answering("x" * 2_000, content_type="text/plain"))
        assert shown["response"] == {
            "status_code": 200,
            "headers": {"content-type": "text/plain"},
            "body_excerpt": "x" * EXCERPT_BYTES,
            "duration_ms": 20,
        }
        assert shown["error"] is None
        assert shown["passed"]

    def test_secrets_among_its_headers_are_redacted_also_where_one_is_expected(self) -> None:
        """T7."""
        answer = answering(Set_Cookie="session=canary", X_Api_Key="canary")
        shown = tried(answer, headers={"Set-Cookie": "session=canary"})
        assert shown["passed"]
        assert "canary" not in json.dumps(shown)
        assert shown["response"]["headers"] == {"set-cookie": REDACTED, "x-api-key": REDACTED}

    def test_headers_are_safe_to_show_and_bounded(self) -> None:
        """T8."""
        answer = Answer(200, (("X-A", "a\x1b[31mb"), ("bad name", "a"), ("X-Long", "x" * 9_000)), b"", 0, 20, False)
        shown = tried(answer, headers={"x-a": "b"})
        assert shown["response"]["headers"] == {"x-a": "a\ufffd[31mb"}
        assert checks(shown)["headers.x-a"][1] == "a\ufffd[31mb"
        many = Answer(200, tuple((f"X-{number}", "x" * 100) for number in range(1_000)), b"", 0, 20, False)
        headers = tried(many)["response"]["headers"]
        assert 0 < sum(len(name) + len(value) for name, value in headers.items()) <= LARGEST_SHOWN_HEADERS
