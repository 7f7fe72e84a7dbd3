"""A scheduled job, changed by a JSON merge patch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.accept import edit, new_job
from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import RequestRefused
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import AttemptOutcome, Body, Expectation, Job, Note, Notify, Request, RetryPolicy
from lambdas.jobs.view import shown
from tests.examples import HORIZON, a_full_job, a_job, an_attempt
from tests.fakes import NOW_MS

LATER_MS = NOW_MS + 5_000
DAY_MS = 86_400_000


def edited(job: Job, **patch: Any) -> Job:
    return edit(job, patch, now_ms=LATER_MS, horizon=HORIZON, rules=Rules())


def faults(job: Job, **patch: Any) -> list[tuple[str, str]]:
    with pytest.raises(RequestRefused) as refused:
        edited(job, **patch)
    assert refused.value.status == 422
    return [(fault.field, fault.code) for fault in refused.value.faults]


def unchanged_but(job: Job, **changes: Any) -> Job:
    """The next version of the job with only these changes."""
    return replace(job, version=job.version + 1, updated_at_ms=LATER_MS, **changes)


def waiting_for_its_retry() -> Job:
    attempt = an_attempt(1, AttemptOutcome.RETRY)
    claimed = a_full_job(due_at_ms=NOW_MS, request=Request("POST", "https://example.com/")).claimed(
        claim_id="c", now_ms=NOW_MS
    )
    return claimed.retried(attempt, fire_at_ms=NOW_MS + DAY_MS, now_ms=NOW_MS, horizon=HORIZON)


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"name": "purge"},
        {"url": "https://EXAMPLE.com:443/items#part"},
        {"headers": {"X-Reason": "expired"}, "body": "a"},
        {"at": rfc3339(NOW_MS + DAY_MS), "timezone": None},
        {"timeout_seconds": None, "retry": {"max_attempts": None}, "expect": None, "notify": None},
        {"expect": {"status": "2xx"}},
    ],
    ids=[
        "nothing",
        "a name",
        "a URL in another spelling",
        "a request",
        "a time",
        "defaults",
        "what is expected anyway",
    ],
)
def test_a_patch_that_changes_nothing_gives_the_very_job_back(patch: dict[str, Any]) -> None:
    """So that nothing is written, and neither the version nor the next attempt moves: its ETag stays good."""
    request = Request("POST", "https://example.com/items", (("X-Reason", "expired"),), Body(b"a", "text"))
    job = a_job(request=request, name="purge", due_at_ms=NOW_MS + DAY_MS)
    assert edited(job, **patch) is job


def test_a_patch_of_the_same_time_ends_the_wait_for_a_retry() -> None:
    """It names a time, and the next attempt is then: that is a change."""
    job = replace(waiting_for_its_retry(), notes=())
    assert edited(job, at=rfc3339(NOW_MS)) == unchanged_but(job, fire_at_ms=NOW_MS, handoff=True)


def test_what_the_patch_does_not_name_stays() -> None:
    """Field by field."""
    job = a_full_job()
    assert edited(job, name="new") == unchanged_but(job, name="new")
    assert edited(job, timeout_seconds=2) == unchanged_but(job, timeout_ms=2_000)
    assert edited(job, method="GET") == unchanged_but(job, request=replace(job.request, method="GET"))
    assert edited(job, url="HTTPS://BÜCHER.KVA.EXAMPLE.COM", headers=None).request == replace(
        job.request, url="https://xn--bcher-kva.kva.example.com/", headers=()
    )


def test_headers_expectations_and_notices_are_replaced_whole() -> None:
    """Not merged member by member."""
    job = a_full_job()
    assert edited(job, headers={"X-New": "1"}).request.headers == (("X-New", "1"),)
    assert edited(job, headers={}).request.headers == ()
    assert edited(job, expect={"body_contains": "x"}).expect == Expectation(body_contains="x")
    assert edited(job, notify={}).notify == Notify(("failed",))
    assert edited(job, notify={"on": []}).notify == Notify(())


def test_null_sets_a_field_back_to_its_default() -> None:
    """Each of them, where it has one."""
    job = a_full_job()
    names = ("method", "headers", "body", "timezone", "retry", "timeout_seconds", "expect", "notify", "name")
    assert edited(job, **dict.fromkeys(names)) == unchanged_but(
        job,
        request=Request("POST", job.request.url, secret_headers=job.request.secret_headers),
        timezone=None,
        retry=RetryPolicy(),
        timeout_ms=30_000,
        expect=Expectation(),
        notify=None,
        name=None,
    )


def test_what_has_no_default_cannot_be_null() -> None:
    """A URL and a time; but a null beside the other form of the time only takes the first away."""
    job = a_full_job()
    assert faults(job, url=None) == [("url", "required")]
    assert faults(job, at=None) == [("at", "when_required")]
    assert faults(job, delay_seconds=None) == [("at", "when_required")]
    assert faults(job, delay_seconds=None, at=None, url=None) == [("url", "required"), ("at", "when_required")]
    assert edited(job, at=None, delay_seconds=60).due_at_ms == LATER_MS + 60_000
    assert edited(job, at=rfc3339(LATER_MS), delay_seconds=None).due_at_ms == LATER_MS


def test_inner_nulls_of_what_is_replaced_whole_are_faults() -> None:
    """As when scheduling; unknown fields are unknown, null or not."""
    job = a_full_job()
    assert faults(job, headers={"X-A": None}) == [("headers", "header_type")]
    assert faults(job, expect={"status": None}) == [("expect.status", "expect_status")]
    assert faults(job, notify={"on": None}) == [("notify.on", "type")]
    assert faults(job, tenant=None, retry={"tries": None}) == [
        ("retry.tries", "unknown_field"),
        ("tenant", "unknown_field"),
    ]


def test_retry_merges_by_its_members() -> None:
    """null sets a member back."""
    job = a_full_job()  # 3 attempts, 1 to 60 s
    assert edited(job, retry={"max_attempts": 7}).retry == RetryPolicy(7, 1, 60)
    assert edited(job, retry={"max_attempts": None}).retry == RetryPolicy(5, 1, 60)
    assert edited(job, retry={"min_backoff_seconds": None, "max_backoff_seconds": None}).retry == RetryPolicy(
        3, 10, 3_600
    )
    assert edited(job, retry={}).retry == job.retry


def test_the_waits_of_a_merged_retry_fit_together() -> None:
    """A default minimum gives way; a chosen one is a fault of what was changed."""
    job = a_full_job(retry=RetryPolicy(3, 30, 60))
    assert faults(job, retry={"max_backoff_seconds": 20}) == [("retry.max_backoff_seconds", "range")]
    assert faults(job, retry={"min_backoff_seconds": 61}) == [("retry.min_backoff_seconds", "range")]
    assert edited(job, retry={"min_backoff_seconds": None, "max_backoff_seconds": 4}).retry == RetryPolicy(3, 4, 4)
    assert edited(a_job(), retry={"max_backoff_seconds": 4}).retry == RetryPolicy(5, 4, 4)


def test_the_two_forms_of_a_body_replace_each_other() -> None:
    """And null takes away the form that it names; `body: null` is no body."""
    text, raw = Body(b"a", "text"), Body(b"a", "base64")
    for before in (None, text, raw):
        job = a_job(request=Request("POST", "https://example.com/", body=before))
        assert edited(job, body="a").request.body == text
        assert edited(job, body_base64="YQ==").request.body == raw
        assert edited(job, body=None).request.body is None
        assert edited(job, body=None, body_base64="YQ==").request.body == raw
        assert edited(job, body="a", body_base64=None).request.body == text
        assert edited(job, body_base64=None).request.body == (text if before == text else None)
        assert faults(job, body="a", body_base64="YQ==") == [("body", "body_conflict")]


def test_a_job_with_a_body_cannot_become_a_head() -> None:
    """Unless the body goes with it."""
    job = a_full_job()
    assert faults(job, method="HEAD") == [("body", "body_not_allowed")]
    assert edited(job, method="HEAD", body=None).request.method == "HEAD"
    head = a_job(request=Request("HEAD", "https://example.com/"))
    assert faults(head, body_base64="YQ==") == [("body_base64", "body_not_allowed")]
    assert edited(head, method=None, body="a").request.body == Body(b"a", "text")


def test_a_named_time_moves_the_job() -> None:
    """`at` and `delay_seconds`, which counts from now; near or not is judged anew."""
    job = a_job()
    moved = edited(job, at=rfc3339(NOW_MS + DAY_MS))
    assert moved == unchanged_but(job, due_at_ms=NOW_MS + DAY_MS, fire_at_ms=NOW_MS + DAY_MS, handoff=False)
    back = edited(moved, delay_seconds=30)
    assert (back.due_at_ms, back.fire_at_ms, back.handoff) == (LATER_MS + 30_000, LATER_MS + 30_000, True)


def test_a_local_time_is_read_in_the_jobs_zone() -> None:
    """Or in the one that comes with it."""
    job = a_full_job()
    assert rfc3339(edited(job, at="2026-12-24T12:00").due_at_ms) == "2026-12-24T17:00:00.000Z"
    assert rfc3339(edited(job, at="2026-12-24T12:00", timezone="UTC").due_at_ms) == "2026-12-24T12:00:00.000Z"
    assert faults(job, at="2026-12-24T12:00", timezone=None) == [("at", "at_offset_required")]
    assert faults(job, at="2026-12-24T12:00", timezone="Mars/Base") == [("timezone", "timezone_unknown")]


def test_the_zone_alone_changes_how_the_time_is_shown() -> None:
    """Not the instant, and not what is known of how it was found."""
    job = a_full_job()
    assert edited(job, timezone="Asia/Tokyo") == unchanged_but(job, timezone="Asia/Tokyo")
    assert faults(job, timezone="Factory") == [("timezone", "timezone_unknown")]


def test_a_job_that_waits_for_its_retry_keeps_its_fire_time() -> None:
    """Unless the edit names a time; what was tried is never forgotten."""
    job = waiting_for_its_retry()
    assert edited(job, name="new") == unchanged_but(job, name="new")
    moved = edited(job, delay_seconds=30)
    assert (moved.due_at_ms, moved.fire_at_ms) == (LATER_MS + 30_000, LATER_MS + 30_000)
    assert (moved.attempts, moved.attempt_count) == (job.attempts, 1)


def test_a_time_that_is_past_is_no_fault_of_an_edit_that_names_none() -> None:
    """Nor is a target that today's rules would refuse."""
    job = a_job(due_in_ms=-DAY_MS, request=Request("POST", "http://10.0.0.1/"))
    assert edited(job, name="late").name == "late"
    assert faults(job, at=rfc3339(LATER_MS - 60_001)) == [("at", "at_past")]
    assert faults(job, url="http://10.0.0.1/") == [("url", "url_address_denied")]


def test_a_named_time_replaces_what_was_noted_of_the_old_one() -> None:
    """Other notes stay."""
    other = Note("other", "Stays.")
    job = a_job(timezone="America/New_York", notes=(other, Note("at_ambiguous", "Goes.", NOW_MS)))
    assert edited(job, delay_seconds=60).notes == (other,)
    twice = edited(job, at="2026-11-01T01:30").notes
    assert [note.code for note in twice] == ["other", "at_ambiguous"]


def test_a_secret_is_never_read_back_whatever_is_edited() -> None:
    """Taking a name off `secret_headers` hides its old value still; a new value is as secret as it is said to be."""
    job = a_job(request=Request("POST", "https://example.com/", (("X-Own", "s3cret"), ("X-B", "b")), None, ("x-own",)))
    for names in ([], None, ["X-B"]):
        after = edited(job, secret_headers=names)
        assert shown(after, whole=True)["request"]["headers"]["X-Own"] == "[redacted]"
        assert after.request.headers == job.request.headers
    assert edited(job, secret_headers=["X-OWN"]).request.secret_headers == ("X-OWN",)
    fresh = edited(job, secret_headers=[], headers={"X-Own": "public"})
    assert shown(fresh, whole=True)["request"]["headers"] == {"X-Own": "public"}
    assert faults(job, headers={"X-Own": "[redacted]"}) == [("headers", "header_value")]


SECRET = Request(
    "POST",
    "https://example.com/orders",
    (("X-Plain", "a"), ("Authorization", "Bearer s3cret"), ("X-Own", "s3cret")),
    None,
    ("x-own",),
)
ELSEWHERE = (
    "https://example.net/orders",
    "https://sub.example.com/",
    "http://example.com/",
    "https://example.com:8443/",
)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_secret_headers_do_not_follow_a_job_to_another_origin(url: str) -> None:
    """T7: whoever may change jobs and not read their secrets could otherwise have them sent to a host of their own."""
    job = a_job(request=SECRET)
    with pytest.raises(RequestRefused) as refused:
        edited(job, url=url, name="new")
    ((field, code, message),) = [(fault.field, fault.code, fault.message) for fault in refused.value.faults]
    assert (field, code) == ("headers", "required")
    assert "Authorization, X-Own" in message and "X-Plain" not in message and "s3cret" not in message
    assert faults(job, url=url, secret_headers=[]) == [("headers", "required")]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_job_goes_to_another_origin_with_headers_that_are_written_anew(url: str) -> None:
    """Or with none; and headers that anybody may read go along."""
    job = a_job(request=SECRET)
    for headers in ({"Authorization": "Bearer other"}, {"X-Plain": "b"}, {}):
        assert edited(job, url=url, headers=headers).request.headers == tuple(headers.items())
    assert edited(job, url=url, headers=None).request.headers == ()
    plain = a_job(request=replace(SECRET, headers=SECRET.headers[:1]))
    assert edited(plain, url=url).request.headers == (("X-Plain", "a"),)


@pytest.mark.parametrize("url", ["https://example.com/", "HTTPS://Example.COM.:443/other?a=b"])
def test_secret_headers_stay_while_the_origin_does(url: str) -> None:
    """Another path, or another spelling."""
    assert edited(a_job(request=SECRET), url=url).request.headers == SECRET.headers


def test_one_fault_of_a_url_raises_no_second_of_headers() -> None:
    """Where it leads is not known then."""
    job = a_job(request=SECRET)
    assert faults(job, url="https://10.0.0.1/") == [("url", "url_address_denied")]
    assert faults(job, url="https://example.net/", headers={"X": 1}) == [("headers", "header_type")]


def test_all_faults_of_a_patch_are_told_and_nothing_is_required() -> None:
    """As when scheduling, but only what is named is judged."""
    told = faults(a_full_job(), url="x", retry={"max_attempts": 0}, timeout_seconds=None, at="x", x=None)
    assert told == [("url", "url_scheme"), ("at", "at_format"), ("retry.max_attempts", "range"), ("x", "unknown_field")]


def test_a_patch_of_everything_makes_the_same_job_as_scheduling_it() -> None:
    """One judge for both."""
    document = {
        "url": "https://example.com/",
        "method": "PUT",
        "headers": {"X-A": "1"},
        "secret_headers": ["x-a"],
        "body": [1],
        "at": "2026-11-01T01:30",
        "timezone": "America/New_York",
        "retry": {"max_attempts": 2, "min_backoff_seconds": 3, "max_backoff_seconds": 4},
        "timeout_seconds": 5.5,
        "expect": {"status": 201, "json": True},
        "notify": {"on": []},
        "name": "new",
    }
    before = a_job(id="job_1")
    scheduled = new_job(document, owner="ada", job_id="job_1", now_ms=NOW_MS, horizon=HORIZON, rules=Rules())
    assert edited(before, **document) == unchanged_but(replace(scheduled, created_at_ms=before.created_at_ms))
