"""Notices: a person understands what happened and what to do, and no secret or trick is in the mail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.grouping import Crowd, GroupKey, Named
from lambdas.jobs.job import DIED, Attempt, AttemptError, AttemptOutcome, Body, Job, Notify, Request
from lambdas.jobs.notice import notice_of, notice_of_many, one_line, operators_notice
from lambdas.jobs.ports import Alert
from tests.examples import RETENTION_MS, a_job, an_attempt
from tests.fakes import NOW_MS

SENT_MS = NOW_MS + 60_001


def attempt(number: int = 1, outcome: AttemptOutcome = AttemptOutcome.FAILED, **changes: object) -> Attempt:
    error = AttemptError("status_permanent", "The target answered 404.")
    return an_attempt(number, outcome, **{"status_code": 404, "error": error, **changes})


def failed(*attempts: Attempt, **changes: object) -> Job:
    """A job that failed after these attempts (one 404 unless given)."""
    job = replace(a_job(id="job_1"), **changes)  # type: ignore[arg-type]
    attempts = attempts or (attempt(),)
    job = replace(job, attempts=attempts[:-1], attempt_count=len(attempts))
    return job.failed(attempts[-1], now_ms=SENT_MS + 130, retention_ms=RETENTION_MS)


def test_a_failure_is_told_so_that_a_person_needs_no_console() -> None:
    """Name, what was asked, when, what came back, what to do."""
    alert = notice_of(failed(name="purge items", timezone="America/New_York"))
    assert alert.owner == "ada"
    assert alert.subject == "Punctual: purge items failed"
    assert alert.text == (
        "The job “purge items” has failed.\n"
        "\n"
        "Asked for   POST https://example.com/orders\n"
        "Due         2026-09-21 14:14:20.000 UTC (America/New_York)\n"
        "Ended       2026-09-21 14:14:20.131 UTC after 1 attempt\n"
        "Job         job_1\n"
        "Owner       ada\n"
        "\n"
        "What came back:\n"
        "  1. 2026-09-21 14:14:20.001 UTC: The target answered 404.\n"
        "\n"
        "What to do:\n"
        "  The target refuses this request as it is. Correct the request, then schedule it again.\n"
        "  All that is known of it: GET /v1/jobs/job_1\n"
    )


def test_a_job_without_a_name_goes_by_its_id() -> None:
    """In the subject too."""
    alert = notice_of(failed())
    assert alert.subject == "Punctual: job_1 failed"
    assert alert.text.startswith("The job job_1 has failed.\n")


def test_the_last_attempts_are_shown_and_all_are_counted() -> None:
    """Five of twelve: the mail stays readable."""
    text = notice_of(failed(*(attempt(number) for number in range(1, 13)))).text
    assert "after 12 attempts" in text
    assert [line.split(".")[0].strip() for line in text.splitlines() if "The target answered" in line] == [
        "8",
        "9",
        "10",
        "11",
        "12",
    ]


def test_a_request_that_never_left_is_told_as_not_sent() -> None:
    """The reader need not look for it in the target's logs."""
    refused = attempt(
        started_at_ms=None,
        status_code=None,
        error=AttemptError("connect_failed", "example.com:443 refused the connection."),
    )
    assert "  1. not sent: example.com:443 refused the connection.\n" in notice_of(failed(refused)).text


def test_each_kind_of_failure_has_its_own_advice() -> None:
    """What to do depends on what came back."""
    codes = [
        *["name_not_found", "address_denied", "connect_failed", "connect_timeout", "tls_failed", "timeout"],
        *["certificate_invalid", "status_retryable", "status_permanent", "expectation_failed", "died"],
    ]
    advice = {code: advice_for(code) for code in codes}
    assert len(set(advice.values())) == len(codes), advice


def test_a_success_needs_nothing_to_be_done() -> None:
    """A job may ask to be told of its success: the notice must not read like a complaint."""
    job = replace(a_job(id="job_1", notify=Notify(("succeeded",))), attempt_count=1)
    alert = notice_of(job.succeeded(an_attempt(), now_ms=SENT_MS + 130, retention_ms=RETENTION_MS))
    assert alert.subject == "Punctual: job_1 succeeded"
    assert "  1. 2026-09-21 14:14:20.001 UTC: The target answered 200.\n" in alert.text
    assert advice_in(alert.text) == "Nothing. The job asked to have its success told."


def test_of_an_attempt_that_died_nothing_is_claimed() -> None:
    """Its request may have left: "not sent" would be a guess, and a dangerous one."""
    died = [Attempt(number, AttemptOutcome.DIED, error=DIED) for number in range(1, 5)]
    last = attempt(5, started_at_ms=None, status_code=None, error=AttemptError("died", "5 workers died on this job."))
    text = notice_of(failed(*died, last)).text
    assert "not sent" not in text
    assert f"  1. time unknown: {DIED.message}\n" in text
    assert "  5. time unknown: 5 workers died on this job.\n" in text
    assert "Idempotency-Key" in advice_in(text)


@pytest.mark.parametrize("code", ["connection_lost", "bad_response"])
def test_a_broken_answer_may_mean_that_the_work_was_done(code: str) -> None:
    """Whoever schedules the job again should look first."""
    assert "may have been done" in advice_for(code)


class TestSecrets:
    def test_query_headers_and_bodies_stay_out(self) -> None:
        """T7: they may hold secrets, and a mail is read by many eyes."""
        request = Request(
            "POST",
            "https://example.com/hook?token=s3cret#s3cret",
            headers=(("Authorization", "s3cret"),),
            body=Body(b"s3cret", "text"),
        )
        alert = notice_of(failed(attempt(response_excerpt="s3cret"), request=request))
        assert "s3cret" not in alert.subject + alert.text
        assert "POST https://example.com/hook?…\n" in alert.text

    def test_what_follows_a_hash_stays_out_too(self) -> None:
        """It is never sent, and a URL pasted from a browser may carry a token there."""
        alert = notice_of(failed(request=Request("GET", "https://example.com/a#s3cret?x")))
        assert "GET https://example.com/a\n" in alert.text


class TestTricks:
    """T8: text of users and targets, where it is shown."""

    @pytest.mark.parametrize(
        "trick",
        ["a\r\nBcc: all@example.com", "a\x00b", "\x1b[31mred", "\u202eevil", "a\u2028b", "\x85", "\ud800"],
        ids=["header", "nul", "terminal escape", "bidi", "line separator", "next line", "surrogate"],
    )
    def test_names_and_messages_stay_on_their_line_and_steer_nothing(self, trick: str) -> None:
        """The mail has the lines we gave it, and only printable characters."""
        tricky = attempt(error=AttemptError("status_permanent", trick))
        request = Request("POST", f"https://example.com/{trick}")
        alert = notice_of(failed(tricky, name=trick, owner=trick, request=request))
        plain = notice_of(failed(name="n", owner="o"))
        assert alert.subject.isprintable()
        assert alert.text.count("\n") == plain.text.count("\n")
        assert all(line.isprintable() for line in alert.text.split("\n"))
        assert alert.text.encode()

    def test_long_texts_are_cut(self) -> None:
        """The subject fits SNS's 100 characters; no line floods the mail."""
        request = Request("POST", "https://example.com/" + "x" * 2_000)
        long_error = attempt(error=AttemptError("status_permanent", "y" * 5_000))
        alert = notice_of(failed(long_error, name="n" * 200, owner="o" * 5_000, request=request))
        assert len(alert.subject) < 100
        assert alert.subject == f"Punctual: {'n' * 59}… failed"
        assert max(map(len, alert.text.splitlines())) < 350

    def test_a_name_of_blanks_and_controls_leaves_a_readable_subject(self) -> None:
        """One line of it, trimmed."""
        assert notice_of(failed(name=" \u202e\n")).subject == "Punctual: job_1 failed"
        assert one_line("  a\tb\n", 10) == "a b"
        assert one_line("abcdef", 5) == "abcd…"
        assert one_line("abcde", 5) == "abcde"


KEY = GroupKey("ada", "api.example.com", "status_retryable", 503, None)


def crowd_of(count: int, **changes: Any) -> Crowd:
    jobs = [Named(f"job_{number}", f"job {number}", NOW_MS, NOW_MS) for number in range(1, min(count, 5) + 1)]
    made = Crowd(count, tuple(jobs), (NOW_MS, NOW_MS + 60_000), (NOW_MS + 5, NOW_MS + 60_005))
    return replace(made, **changes)


class TestMany:
    def test_many_failures_are_told_so_that_a_person_needs_no_console(self) -> None:
        """How many, where, why, since when, which, what to do, and how to list all of them."""
        alert = notice_of_many(crowd_of(132), KEY, alone=5)
        assert alert.owner == "ada"
        assert alert.subject == "Punctual: 132 jobs at api.example.com failed: the target answered 503"
        assert alert.text == (
            "132 jobs at api.example.com failed for one reason: the target answered 503.\n"
            "\n"
            "Due         2026-09-21 14:13:20.000 UTC to 2026-09-21 14:14:20.000 UTC\n"
            "Ended       2026-09-21 14:13:20.005 UTC to 2026-09-21 14:14:20.005 UTC\n"
            "Owner       ada\n"
            "\n"
            "The first of them:\n"
            "  job_1 “job 1”\n"
            "  job_2 “job 2”\n"
            "  job_3 “job 3”\n"
            "  job_4 “job 4”\n"
            "  job_5 “job 5”\n"
            "  and 127 more\n"
            "\n"
            "Before them 5 failed in the same way, and were told one by one.\n"
            "\n"
            "What to do:\n"
            "  The target kept answering with an error. When it is well again, schedule the job again.\n"
            "  All of them: GET /v1/jobs?status=failed&from=2026-09-21T14:13:20.000Z&to=2026-09-21T14:14:20.001Z\n"
        )

    def test_one_that_waited_in_vain_is_told_as_one(self) -> None:
        """Its span is an instant, and a job without a name goes by its id."""
        one = crowd_of(1, first=(Named("job_1", None, NOW_MS, NOW_MS),), due_ms=(NOW_MS,) * 2, ended_ms=(NOW_MS,) * 2)
        alert = notice_of_many(one, KEY, alone=0)
        assert alert.subject == "Punctual: 1 job at api.example.com failed: the target answered 503"
        assert "Due         2026-09-21 14:13:20.000 UTC\n" in alert.text
        assert "These are:\n  job_1\n\nWhat to do:" in alert.text

    @pytest.mark.parametrize(
        "code", ["timeout", "connect_failed", "name_not_found", "bad_response", "expectation_failed"]
    )
    def test_the_reason_is_told_in_our_own_words(self, code: str) -> None:
        """What the targets said differs from job to job."""
        subject = notice_of_many(crowd_of(9), replace(KEY, code=code, status_code=200), alone=0).subject
        assert code not in subject and "200" not in subject

    @given(st.text(), st.text(), st.text(), st.text())
    def test_no_text_of_strangers_gets_out_of_its_line(self, name: str, host: str, owner: str, code: str) -> None:
        """T8: whatever names, hosts, owners and codes hold."""
        first = (Named("job_1", name, NOW_MS, NOW_MS),) * 5
        key = replace(KEY, host=host, owner=owner, code=code)
        alert = notice_of_many(crowd_of(6, first=first), key, alone=0)
        assert alert.text.count("\n") == notice_of_many(crowd_of(6), KEY, alone=0).text.count("\n")
        assert all(line.isprintable() for line in alert.text.split("\n"))
        assert alert.subject.isprintable()
        assert max(map(len, alert.text.splitlines())) < 350


def test_operators_are_told_under_the_same_sender() -> None:
    """So that a mail filter catches all of them."""
    alert = operators_notice("2 scheduled jobs came back undelivered", ["one", "two"])
    assert alert == Alert("Punctual: 2 scheduled jobs came back undelivered", "one\ntwo\n", owner=None)


def advice_for(code: str) -> str:
    return advice_in(notice_of(failed(attempt(error=AttemptError(code, "What came back.")))).text)


def advice_in(text: str) -> str:
    return text.split("What to do:\n")[1].splitlines()[0].strip()
