"""A job as the API shows it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.job import AttemptOutcome, Body, Expectation, Job, Notify, Request
from lambdas.jobs.view import shown
from tests.examples import HORIZON, RETENTION_MS, a_full_job, a_job, an_attempt
from tests.fakes import NOW_MS

KEYS = [
    *("id", "name", "status", "request", "due_at", "timezone", "due_at_local", "next_attempt_at"),
    *("waiting_for", "retry", "timeout_seconds", "expect", "attempts", "attempt_count", "notify", "notify_from"),
    *("notes", "schedule_id", "rerun_of", "created_at", "updated_at", "finished_at", "expires_at", "version"),
]


def with_request(**fields: Any) -> Job:
    return a_job(request=replace(Request("POST", "https://example.com/"), **fields))


def test_a_job_has_the_keys_of_the_contract_always() -> None:
    """Whatever it holds, and as plain JSON."""
    for job in (a_job(), a_full_job(), a_job().cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS)):
        for whole in (True, False):
            view = shown(job, whole=whole)
            assert list(view) == KEYS
            assert json.loads(json.dumps(view)) == view


def test_a_job_is_shown_whole() -> None:
    """All that the user set, instants in UTC and the due time on the user's clock too."""
    job = a_full_job()
    view = shown(job, whole=True)
    assert view["request"] == {
        "method": "PUT",
        "url": "https://xn--bcher-kva.example/a?b=c",
        "headers": {"X-Trace": "[redacted]", "authorization": "[redacted]", "x-empty": ""},
        "body": {"a": [1, None]},
    }
    assert view["status"] == "scheduled"
    assert view["due_at"] == view["next_attempt_at"] == "2026-09-21T14:14:20.000Z"
    assert (view["timezone"], view["due_at_local"]) == ("America/New_York", "2026-09-21T10:14:20.000-04:00")
    assert view["retry"] == {"max_attempts": 3, "min_backoff_seconds": 1, "max_backoff_seconds": 60}
    assert view["timeout_seconds"] == 1.5
    assert view["expect"] == {"status": ["2xx", 404, "201"], "body_contains": "ok", "json": {"a": 1.5}}
    assert view["notify"] == {"on": ["succeeded", "failed"]}
    assert view["notes"] == [
        {"code": "at_ambiguous", "message": "That time exists twice.", "other": "2026-09-21T14:13:20.007Z"},
        {"code": "other", "message": "No instant."},
    ]
    assert (view["name"], view["version"], view["schedule_id"]) == (job.name, 1, "schedule_1")


def test_a_job_that_waits_for_its_target_says_so() -> None:
    """While it is put off; once it runs it waits for nobody."""
    job = a_job().claimed(claim_id="c", now_ms=NOW_MS)
    waiting = job.put_off(fire_at_ms=job.fire_at_ms + 1, now_ms=NOW_MS, horizon=HORIZON)
    assert shown(waiting, whole=True)["waiting_for"] == "target"
    running = waiting.claimed(claim_id="d", now_ms=NOW_MS)
    assert [shown(one, whole=True)["waiting_for"] for one in (a_job(), job, running)] == [None] * 3


def test_a_job_says_whether_its_notify_is_its_own() -> None:
    """Else that of its owner holds, which is not known here; what is shown then is what holds if they set nothing."""
    own = replace(a_job(), notify=Notify(("failed",), "ada@example.com"))
    views = [shown(job, whole=True) for job in (own, a_job())]
    assert [(view["notify"], view["notify_from"]) for view in views] == [
        ({"on": ["failed"], "email": "ada@example.com"}, "job"),
        ({"on": ["failed"]}, "owner"),
    ]


def test_what_nobody_set_shows_its_default() -> None:
    """What holds is shown, not what was left out."""
    view = shown(a_job(), whole=True)
    assert view["request"] == {"method": "POST", "url": "https://example.com/orders", "headers": {}, "body": None}
    assert (view["timeout_seconds"], view["expect"], view["notify"]) == (30, {"status": "2xx"}, {"on": ["failed"]})
    assert isinstance(view["timeout_seconds"], int)
    for name in ("name", "timezone", "due_at_local", "schedule_id", "rerun_of", "finished_at", "expires_at"):
        assert view[name] is None


@pytest.mark.parametrize(
    ("body", "shown_body"),
    [
        (Body(b"", "text"), {"body": ""}),
        (Body("\u00e9{}".encode(), "text"), {"body": "\u00e9{}"}),
        (Body(b"null", "text"), {"body": "null"}),
        (Body(b'["a"]', "json"), {"body": ["a"]}),
        (Body(b"false", "json"), {"body": False}),
        (Body(b"\x00\xff", "base64"), {"body": None, "body_base64": "AP8="}),
        (None, {"body": None}),
    ],
)
def test_a_body_is_shown_in_the_form_it_was_written_in(body: Body | None, shown_body: dict[str, object]) -> None:
    """And could be sent back so."""
    request = shown(with_request(body=body), whole=True)["request"]
    assert {name: value for name, value in request.items() if name.startswith("body")} == shown_body


def test_lists_leave_the_body_out() -> None:
    """In either form."""
    for form in ("text", "base64"):
        view = shown(with_request(body=Body(b"a", form)), whole=False)
        assert list(view["request"]) == ["method", "url", "headers"]


def test_secrets_are_never_read_back() -> None:
    """By the header's name or by the user's word, in any case, in lists too (threat T7)."""
    names = ("authorization", "COOKIE", "Set-Cookie", "X-Api-Key", "X-Auth-Token", "x-mine", "Proxy-Authorization")
    job = with_request(headers=tuple((name, "s3cret") for name in names), secret_headers=("X-MINE",))
    for whole in (True, False):
        view = shown(job, whole=whole)
        assert view["request"]["headers"] == dict.fromkeys(names, "[redacted]")
        assert "s3cret" not in json.dumps(view)


def test_only_what_was_expected_is_shown() -> None:
    """As the user wrote it, false and zero too."""
    view = shown(a_job(expect=Expectation(json_subset="false")), whole=True)
    assert view["expect"] == {"json": False}
    assert shown(a_job(expect=Expectation(body_contains="")), whole=True)["expect"] == {"body_contains": ""}


def test_attempts_are_shown_with_all_that_is_known() -> None:
    """And null for what is not."""
    retried = an_attempt(1, AttemptOutcome.RETRY, next_attempt_at_ms=NOW_MS + 90_000)
    died = an_attempt(2, AttemptOutcome.DIED, started_at_ms=None, lateness_ms=None, duration_ms=None, status_code=None)
    view = shown(
        a_job(attempts=(retried, replace(died, error=None, response_excerpt=None)), attempt_count=12), whole=True
    )
    assert view["attempt_count"] == 12
    assert view["attempts"] == [
        {
            "number": 1,
            "started_at": "2026-09-21T14:14:20.001Z",
            "lateness_ms": 1,
            "duration_ms": 130,
            "status_code": 503,
            "outcome": "retry",
            "error": {"code": "status_retryable", "message": "The target answered 503, and it was sorry."},
            "response_excerpt": "sorry \ufffd\n",
            "next_attempt_at": "2026-09-21T14:14:50.000Z",
        },
        {
            "number": 2,
            "started_at": None,
            "lateness_ms": None,
            "duration_ms": None,
            "status_code": None,
            "outcome": "died",
            "error": None,
            "response_excerpt": None,
            "next_attempt_at": None,
        },
    ]


def test_the_next_attempt_is_told_until_there_is_none() -> None:
    """Of a running job it is the time of the attempt that runs; a finished one has none."""
    claimed = a_job().claimed(claim_id="c", now_ms=NOW_MS)
    assert shown(claimed, whole=True)["next_attempt_at"] == "2026-09-21T14:14:20.000Z"
    retried = claimed.retried(
        an_attempt(1, AttemptOutcome.RETRY), fire_at_ms=NOW_MS + 90_000, now_ms=NOW_MS, horizon=HORIZON
    )
    assert shown(retried, whole=True)["next_attempt_at"] == "2026-09-21T14:14:50.000Z"
    assert shown(retried, whole=True)["due_at"] == "2026-09-21T14:14:20.000Z"
    done = claimed.succeeded(an_attempt(), now_ms=NOW_MS, retention_ms=RETENTION_MS)
    view = shown(done, whole=True)
    assert (view["next_attempt_at"], view["status"]) == (None, "succeeded")
    assert (view["finished_at"], view["expires_at"]) == ("2026-09-21T14:13:20.000Z", "2026-10-21T14:13:20.000Z")
