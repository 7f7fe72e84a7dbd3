"""Outcomes of an attempt: the table of the API, expectations, and excerpts that are safe to show."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Attempt, AttemptError, AttemptOutcome, Expectation
from lambdas.jobs.outcome import EXCERPT_BYTES, Outcome, Verdict, judge
from lambdas.jobs.sending import Answer, Failure
from tests.examples import a_job

JOB = a_job()
DAY_SECONDS = 86_400


def answer(status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    """An answer that began 4.9 ms after the fire time and took 130.6 ms."""
    return Answer(
        status,
        tuple((headers or {}).items()),
        body,
        started_at_ms=JOB.fire_at_ms + 4.9,
        duration_ms=130.6,
        truncated=False,
    )


def judged(status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None, **expect: Any) -> Outcome:
    return judge(a_job(due_at_ms=JOB.due_at_ms, expect=Expectation(**expect)), answer(status, body, headers))


class TestTable:
    @pytest.mark.parametrize("status", [200, 201, 204, 299])
    def test_any_2xx_is_success(self, status: int) -> None:
        """Unless the job expects something else."""
        outcome = judged(status, body=b"fine")
        assert (outcome.verdict, outcome.status_code) == (Verdict.SUCCEEDED, status)
        assert (outcome.error_code, outcome.error_message, outcome.response_excerpt) == (None, None, None)

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 599])
    def test_what_may_pass_is_tried_again(self, status: int) -> None:
        """408, 425, 429 and every 5xx."""
        outcome = judged(status, body=b"sorry")
        assert (outcome.verdict, outcome.error_code) == (Verdict.RETRYABLE, "status_retryable")
        assert outcome.error_message == f"The target answered {status}."
        assert outcome.response_excerpt == "sorry"

    @pytest.mark.parametrize("status", [100, 199, 400, 401, 403, 404, 409, 410, 422, 499, 600, 999])
    def test_any_other_status_fails_at_once(self, status: int) -> None:
        """410 too. A status from outside the classes of HTTP is no better."""
        outcome = judged(status)
        assert (outcome.verdict, outcome.error_code) == (Verdict.PERMANENT, "status_permanent")

    @pytest.mark.parametrize("status", [301, 302, 304, 307, 308])
    def test_redirects_are_not_followed_and_say_so(self, status: int) -> None:
        """A user who sees 302 would else wonder."""
        outcome = judged(status, headers={"location": "https://elsewhere.example.com/"})
        assert (outcome.verdict, outcome.error_code) == (Verdict.PERMANENT, "status_permanent")
        assert outcome.error_message == f"The target answered {status}. Redirects are not followed."

    @pytest.mark.parametrize(
        ("code", "verdict"),
        [
            ("name_not_found", Verdict.RETRYABLE),
            ("connect_failed", Verdict.RETRYABLE),
            ("connect_timeout", Verdict.RETRYABLE),
            ("tls_failed", Verdict.RETRYABLE),
            ("timeout", Verdict.RETRYABLE),
            ("connection_lost", Verdict.RETRYABLE),
            ("bad_response", Verdict.RETRYABLE),
            ("certificate_invalid", Verdict.PERMANENT),
            ("address_denied", Verdict.PERMANENT),
        ],
    )
    def test_no_answer_is_tried_again_unless_trying_cannot_help(self, code: str, verdict: Verdict) -> None:
        """A bad certificate and an address that is not allowed fail at once."""
        outcome = judge(JOB, Failure(code, "What happened.", started_at_ms=None, duration_ms=12.4))
        assert (outcome.verdict, outcome.error_code, outcome.error_message) == (verdict, code, "What happened.")

    def test_what_was_measured_is_kept(self) -> None:
        """Lateness is first byte out minus fire time, cut to milliseconds; the duration is rounded."""
        outcome = judged()
        assert (outcome.started_at_ms, outcome.lateness_ms, outcome.duration_ms) == (JOB.fire_at_ms + 4, 4, 131)

    def test_of_a_request_that_never_left_no_lateness_is_known(self) -> None:
        """Only how long was tried."""
        outcome = judge(JOB, Failure("connect_failed", "Refused.", started_at_ms=None, duration_ms=12.4))
        assert (outcome.started_at_ms, outcome.lateness_ms, outcome.duration_ms) == (None, None, 12)

    def test_of_a_request_that_left_and_got_no_answer_it_is(self) -> None:
        """It was sent on time, whatever came of it."""
        sent = Failure("timeout", "No answer.", started_at_ms=JOB.fire_at_ms + 2.2, duration_ms=30_000)
        assert judge(JOB, sent).lateness_ms == 2


class TestExpectations:
    @pytest.mark.parametrize(
        ("statuses", "status", "succeeds"),
        [
            (200, 200, True),
            (200, 201, False),
            ("204", 204, True),
            ("2xx", 204, True),
            ("2XX", 204, True),
            ("2xx", 302, False),
            ("4xx", 404, True),
            ("5xx", 503, True),
            ((200, 404), 404, True),
            ((200, "4xx"), 410, True),
            ((200, 404), 410, False),
            (302, 302, True),
            (429, 429, True),
        ],
    )
    def test_statuses_are_exact_or_a_class_one_or_several(
        self, statuses: int | str | tuple[int | str, ...], status: int, succeeds: bool
    ) -> None:
        """What is expected is success, even where the table says otherwise."""
        assert (judged(status, statuses=statuses).verdict is Verdict.SUCCEEDED) is succeeds

    def test_a_2xx_that_is_not_as_expected_fails_at_once(self) -> None:
        """Trying again would do the work twice."""
        outcome = judged(201, statuses=(200, "204"))
        assert (outcome.verdict, outcome.error_code) == (Verdict.PERMANENT, "expectation_failed")
        assert outcome.error_message == "The target answered 201, but the status was to be 200 or 204."

    @pytest.mark.parametrize(("status", "verdict"), [(503, Verdict.RETRYABLE), (404, Verdict.PERMANENT)])
    def test_other_statuses_go_by_the_table_whatever_was_expected(self, status: int, verdict: Verdict) -> None:
        """A target that is down for a minute has not failed the expectation yet."""
        assert judged(status, statuses=200, body_contains="ok").verdict is verdict

    def test_an_expected_404_with_another_body_has_failed_the_expectation(self) -> None:
        """Not "the target refuses this request": that is what the user expects it to do."""
        outcome = judged(404, b"gone", statuses=("2xx", 404), body_contains="never was")
        assert (outcome.verdict, outcome.error_code) == (Verdict.PERMANENT, "expectation_failed")
        assert outcome.error_message == "The target answered 404, but its body does not contain the expected text."
        assert judged(503, b"", statuses=503, body_contains="x").verdict is Verdict.RETRYABLE

    def test_the_body_must_contain_the_text(self) -> None:
        """As UTF-8, anywhere."""
        assert judged(body="so weit, größer".encode(), body_contains="größer").verdict is Verdict.SUCCEEDED
        outcome = judged(body=b"nothing of it", body_contains="größer")
        assert (outcome.verdict, outcome.error_code) == (Verdict.PERMANENT, "expectation_failed")
        assert outcome.error_message == "The target answered 200, but its body does not contain the expected text."

    @pytest.mark.parametrize(
        ("wanted", "found", "holds"),
        [
            ({}, {"a": 1}, True),
            ({"a": 1}, {"a": 1, "b": 2}, True),
            ({"a": 1}, {"b": 2}, False),
            ({"a": 1}, [{"a": 1}], False),
            ({"a": None}, {}, False),
            ({"a": None}, {"a": None}, True),
            ({"a": {"b": [1, {"c": "x"}]}}, {"a": {"b": [1, {"c": "x", "d": 0}], "e": 0}}, True),
            ({"a": [1]}, {"a": [1, 2]}, False),
            ({"a": [2, 1]}, {"a": [1, 2]}, False),
            ({"a": True}, {"a": 1}, False),
            ({"a": 1}, {"a": True}, False),
            ({"a": 1}, {"a": 1.0}, True),
            ({"a": "1"}, {"a": 1}, False),
            ([], [], True),
            ([], {}, False),
            (None, None, True),
            (None, False, False),
            ("ok", "ok", True),
        ],
    )
    def test_json_is_a_subset_by_members_and_lists_are_whole(self, wanted: object, found: object, holds: bool) -> None:
        """Objects may hold more than is expected, lists may not. True is not 1, and 1 is 1.0."""
        outcome = judged(body=json.dumps(found).encode(), json_subset=json.dumps(wanted))
        assert (outcome.verdict is Verdict.SUCCEEDED) is holds

    @pytest.mark.parametrize(
        "body",
        [b"", b"<html>", b"\xff\xfe", b'{"a": 1', b"[" * 100_000, b"1" * 5_000, b'{"a": 1} x'],
        ids=["empty", "markup", "not UTF-8", "cut", "deep", "huge number", "trailing"],
    )
    def test_a_body_that_is_not_json_is_not_as_expected(self, body: bytes) -> None:
        """Whatever a target sends: an outcome, never a trap for the worker (T11)."""
        outcome = judged(body=body, json_subset='{"a": 1}')
        assert (outcome.verdict, outcome.error_code) == (Verdict.PERMANENT, "expectation_failed")
        assert outcome.error_message == "The target answered 200, but its body does not contain the expected JSON."

    @pytest.mark.parametrize(
        "expect",
        [{"json_subset": '{"a":' * 30_000 + "1" + "}" * 30_000}, {"body_contains": "\ud800"}],
        ids=["as deep as a stack", "a lone surrogate"],
    )
    def test_an_expectation_that_cannot_hold_is_an_outcome_too(self, expect: dict[str, Any]) -> None:
        """The request has been sent: an error here would leave it unsettled, and send it again."""
        assert judged(200, b'{"a": 1}', **expect).error_code == "expectation_failed"

    def test_all_parts_must_hold(self) -> None:
        """Status, text and JSON together."""
        expect: dict[str, Any] = {"statuses": 200, "body_contains": "ok", "json_subset": '{"state": "ok"}'}
        assert judged(200, b'{"state": "ok"}', **expect).verdict is Verdict.SUCCEEDED
        assert judged(201, b'{"state": "ok"}', **expect).verdict is Verdict.PERMANENT
        assert judged(200, b'{"ok": "state"}', **expect).verdict is Verdict.PERMANENT
        assert judged(200, b'{"state": "on"}', **expect).verdict is Verdict.PERMANENT


class TestExcerpts:
    def test_what_came_back_is_kept_for_attempts_that_did_not_succeed(self) -> None:
        """For its owner to see what the target complains of; an empty body says nothing."""
        assert judged(404, b'{"error": "no such item"}\n').response_excerpt == '{"error": "no such item"}\n'
        assert judged(404, b"").response_excerpt is None
        assert judged(200, b"fine").response_excerpt is None

    @pytest.mark.parametrize(
        ("body", "excerpt"),
        [
            (b"a\x00b", "a\ufffdb"),
            (b"\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
            (b"one\r\ntwo\tthree\n", "one\ntwo\tthree\n"),
            (b"over\rwritten", "over\ufffdwritten"),
            ("\u202egnp.exe".encode(), "\ufffdgnp.exe"),
            ("\u2028\x85".encode(), "\ufffd\ufffd"),
            (b"\xff\xfe", "\ufffd\ufffd"),
            ("grüße 🧹".encode(), "grüße 🧹"),
        ],
        ids=["nul", "terminal escape", "line ends", "carriage return", "bidi", "separators", "bytes", "text"],
    )
    def test_it_is_safe_to_show(self, body: bytes, excerpt: str) -> None:
        """T8: what is not text, or could steer a terminal, a log or a page, is replaced."""
        assert judged(500, body).response_excerpt == excerpt

    @pytest.mark.parametrize("text", ["a\u00a0b", "\u3000全角"])
    def test_blanks_of_other_scripts_stay(self, text: str) -> None:
        """They are text, and steer nothing."""
        assert judged(500, text.encode()).response_excerpt == text

    @pytest.mark.parametrize(
        ("body", "excerpt"),
        [
            (b"x" * 65_536, "x" * 1_024),
            (b"x" + "é".encode() * 1_024, "x" + "é" * 511),
            ("🧹".encode() * 1_024, "🧹" * 256),
            (b"\xff" * 65_536, "\ufffd" * 341),
            (b"\x00" * 65_536, "\ufffd" * 341),
        ],
        ids=["ASCII", "two bytes", "four bytes", "no text", "controls"],
    )
    def test_it_is_the_first_kilobyte(self, body: bytes, excerpt: str) -> None:
        """T9: at most 1 KB as it is stored and shown, replacements counted, and no character is cut in half."""
        assert judged(500, body).response_excerpt == excerpt
        assert len(excerpt.encode()) <= EXCERPT_BYTES


class TestTravel:
    """An outcome that the table does not take travels in a message, and must arrive as it left."""

    @pytest.mark.parametrize(
        "outcome",
        [
            judged(200),
            judged(503, b"sorry \xff", {"Retry-After": "7"}),
            judge(JOB, Failure("connect_failed", "Refused.", started_at_ms=None, duration_ms=3)),
            Outcome(Verdict.RETRYABLE, lateness_ms=0, duration_ms=0, error_message="", retry_after_ms=0),
        ],
        ids=["success", "retry", "nothing sent", "zeros"],
    )
    def test_an_outcome_survives_json(self, outcome: Outcome) -> None:
        """To the letter (F13: not turned into another kind of outcome)."""
        assert Outcome.from_dict(json.loads(json.dumps(outcome.to_dict()))) == outcome

    def test_what_is_not_known_is_left_out(self) -> None:
        """Messages stay short."""
        assert Outcome(Verdict.SUCCEEDED, status_code=200).to_dict() == {"verdict": "succeeded", "status_code": 200}

    def test_facts_of_a_newer_version_are_left_alone(self) -> None:
        """F26: during a deploy old code meets messages of new code. What came of the attempt is in them all the same,
        and must not be lost, or the request would be sent again."""
        newer = {"verdict": "succeeded", "status_code": 200, "peer": "in a later version"}
        assert Outcome.from_dict(newer) == Outcome(Verdict.SUCCEEDED, status_code=200)

    @pytest.mark.parametrize("values", [{"verdict": "maybe"}, {"verdict": None}, {}, {"status_code": 200}])
    def test_what_is_not_an_outcome_is_refused(self, values: dict[str, Any]) -> None:
        """A verdict that is not known cannot be guessed."""
        with pytest.raises((KeyError, TypeError, ValueError)):
            Outcome.from_dict(values)


def test_an_attempt_remembers_all_of_its_outcome() -> None:
    """Beside the number and what followed from it."""
    outcome = judged(503, b"sorry", {"Retry-After": "7"})
    assert outcome.attempt(3, AttemptOutcome.RETRY) == Attempt(
        number=3,
        outcome=AttemptOutcome.RETRY,
        started_at_ms=JOB.fire_at_ms + 4,
        lateness_ms=4,
        duration_ms=131,
        status_code=503,
        error=AttemptError("status_retryable", "The target answered 503."),
        response_excerpt="sorry",
    )


def http_date(after_ms: int, form: str = "%a, %d %b %Y %H:%M:%S GMT") -> str:
    """The instant so long after the job's fire time, as HTTP writes dates."""
    fire_at = datetime.fromisoformat(rfc3339(JOB.fire_at_ms)).astimezone(UTC)
    return (fire_at + timedelta(milliseconds=after_ms)).strftime(form)
