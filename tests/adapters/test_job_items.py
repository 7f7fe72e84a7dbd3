"""Jobs as items: the layout of section 4 of the design, what has room, and what cannot be understood."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.adapters.attempt_items import from_short_form, full_form, in_short, short_form, with_full_form
from lambdas.adapters.attribute_values import Foreign, from_attributes, item_size, to_attributes
from lambdas.adapters.job_items import item_of, job_from_item, without_room
from lambdas.jobs.due_job import due_shard
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.job import Attempt, AttemptError, AttemptOutcome, Body, Job, Request, Status
from tests.examples import HORIZON, RETENTION_MS, a_full_job, a_job, an_attempt, large_request
from tests.fakes import NOW_MS


def finished(status: Status) -> Job:
    job = a_full_job().claimed(claim_id="claim-1", now_ms=NOW_MS)
    end = {Status.SUCCEEDED: Job.succeeded, Status.FAILED: Job.failed}[status]
    return end(job, an_attempt(), now_ms=NOW_MS + 7, retention_ms=RETENTION_MS)


JOBS = {
    "plain": a_job(),
    "full": a_full_job(),
    "far": a_job(due_in_ms=10**10),
    "running": a_full_job().claimed(claim_id="c", now_ms=NOW_MS),
    "taken over": a_job().claimed(claim_id="c", now_ms=NOW_MS).taken_over(claim_id="d", now_ms=NOW_MS * 2),
    "succeeded": finished(Status.SUCCEEDED),
    "alerted": replace(finished(Status.FAILED), alerted_at_ms=NOW_MS),
    "cancelled": a_job().cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS),
}


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_comes_back_from_its_item(job: Job) -> None:
    """In every state, attempts in short."""
    short = replace(job, attempts=tuple(map(in_short, job.attempts)))
    assert job_from_item(from_attributes(to_attributes(item_of(job)))) == short


def test_a_near_job_has_its_keys_in_both_indexes_and_its_handoff() -> None:
    """What the sweep, the lists and the stream go by."""
    job = a_job(owner="ada", due_in_ms=60_000)
    item = item_of(job)
    assert (item["pk"], item["sk"]) == (f"JOB#{job.id}", "JOB")
    assert (item["due_shard"], item["fire_at"]) == (f"DUE#{due_shard(job.id)}", job.fire_at_ms)
    assert (item["owner_status"], item["due_at"]) == ("ada#upcoming", job.due_at_ms)
    assert item["handoff"] == job.fire_at_ms


def test_a_far_job_has_no_handoff() -> None:
    """Not an empty one: the stream's filter asks whether it exists."""
    assert "handoff" not in item_of(a_job(due_in_ms=10**10))


@pytest.mark.parametrize(
    ("job", "group", "partition"),
    [
        (JOBS["running"], "upcoming", f"DUE#{due_shard(JOBS['running'].id)}"),
        (JOBS["succeeded"], "succeeded", None),
        (JOBS["cancelled"], "cancelled", None),
        (JOBS["alerted"], "failed", "FAILED#2026-09-21"),
    ],
    ids=["running", "succeeded", "cancelled", "failed"],
)
def test_a_jobs_place_in_the_indexes_follows_its_state(job: Job, group: str, partition: str | None) -> None:
    """Unfinished: due. Failed: where operators find the failures of a day (of the fire time, UTC)."""
    item = item_of(job)
    assert item["owner_status"] == f"{job.owner}#{group}"
    assert item.get("due_shard") == partition


def test_a_finished_job_expires_in_whole_seconds() -> None:
    """TTL wants epoch seconds; the millisecond comes back from the time of the end."""
    job = finished(Status.SUCCEEDED)
    assert item_of(job)["expires_at"] == (NOW_MS + RETENTION_MS) // 1000


def test_an_owner_may_not_reach_into_anothers_partition() -> None:
    """P6: no owner and group spell another owner's group."""
    theirs = item_of(a_job(owner="ada"))["owner_status"]
    assert all(item_of(a_job(owner=owner))["owner_status"] != theirs for owner in ("ada#upcoming", "ada#", "a", ""))


class TestRoom:
    @pytest.mark.parametrize("size", range(0, 2_000, 50))
    def test_a_request_is_stored_apart_only_where_it_would_cost_more_writes(self, size: int) -> None:
        """And then the item stays under 1 KB, with room to grow."""
        job = a_job(request=Request("POST", "https://example.com/", body=Body(b"x" * size, "text")))
        apart = without_room(job)
        item = item_of(job, apart)
        assert item_size(item) < 1_024 - 150
        assert apart.body == (size > 520)

    def test_small_headers_stay_with_the_job_when_the_body_goes(self) -> None:
        """So that lists need not fetch a large item for them."""
        apart = without_room(a_job(request=large_request()))
        assert (apart.headers, apart.body) == (False, True)

    def test_a_request_stays_in_an_item_that_is_large_anyway(self) -> None:
        """A long URL costs its kilobytes with each write; a small body beside it would cost one write more."""
        request = Request("POST", "https://example.com/" + "a" * 1_480, body=Body(b"x" * 50, "text"))
        assert not any(without_room(a_job(request=request)))

    @pytest.mark.parametrize("size", [0, 300, *range(480, 560, 4), 20_000])
    def test_an_item_has_room_for_all_that_comes_to_it(self, size: int) -> None:
        """A claim, an attempt in the longest words, the end, the notice: one write unit each, to the last."""
        job = a_job(request=Request("POST", "https://example.com/", body=Body(b"x" * size, "text")))
        apart = without_room(job)
        job = replace(job, stored_apart=1 if any(apart) else None)
        running = job.claimed(claim_id="f" * 32, now_ms=NOW_MS)
        error = AttemptError("certificate_invalid", "…")
        attempt = Attempt(1, AttemptOutcome.FAILED, NOW_MS + 3, -99_999, 59_999, 599, error, None, NOW_MS + 777_777)
        ended = running.failed(attempt, now_ms=NOW_MS + 99, retention_ms=RETENTION_MS + 1_000)
        again = running.retried(attempt, fire_at_ms=NOW_MS + 9, now_ms=NOW_MS, horizon=HORIZON)
        for later in (running, again, again.claimed(claim_id="f" * 32, now_ms=NOW_MS), ended):
            assert item_size(item_of(replace(later, alerted_at_ms=NOW_MS + 1), apart)) <= 1_024


class TestDamage:
    @pytest.mark.parametrize("name", [*item_of(JOBS["running"]), "attempts", "notes"])
    @pytest.mark.parametrize("value", [Foreign({"SS": ["a"]}), {"a": 1}, "text", [1, [2]], -1, None])
    def test_an_item_with_other_values_is_a_job_or_damaged(self, name: str, value: Any) -> None:
        """F28: nothing else may come of it, whatever stands where."""
        item = {**item_of(JOBS["running"]), name: value}
        with contextlib.suppress(DamagedItem):
            assert isinstance(job_from_item(item), Job)

    @pytest.mark.parametrize(
        "name",
        ["pk", "owner", "status", "due_at", "fire_at", "request", "retry", "timeout_ms", "version", "attempt_count"],
    )
    def test_an_item_that_lacks_something_is_damaged(self, name: str) -> None:
        """F28: and says what it lacks."""
        item = item_of(a_job())
        del item[name]
        with pytest.raises(DamagedItem, match=name):
            job_from_item(item)

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "paused"},
            {"fire_at": "soon"},
            {"fire_at": True},
            {"sk": "MARK"},
            {"pk": "OWNER#ada"},
            {"version": Foreign({"N": "1.5"})},
            {"attempts": [[1, "exploded"]]},
            {"attempts": [[1, "failed", "yesterday"]]},
            {"request": {"method": "GET", "url": "https://example.com/", "body": "text", "body_form": "text"}},
            {"request": {"method": "GET", "url": "https://example.com/", "headers": [["a"]]}},
        ],
        ids=lambda changes: json.dumps(changes, default=str),
    )
    def test_an_item_that_says_something_unknown_is_damaged(self, changes: dict[str, Any]) -> None:
        """F28: an unknown state is not guessed at."""
        with pytest.raises(DamagedItem):
            job_from_item({**item_of(a_job()), **changes})

    def test_what_newer_code_adds_is_left_alone(self) -> None:
        """F26: a new attribute, a new place in a list, a kind of value that is never stored here."""
        job = JOBS["taken over"]
        item = item_of(job)
        item["tags"] = Foreign({"SS": ["a", "b"]})
        item["request"]["follow"] = True
        item["retry"] = [*item["retry"], 7]
        item["attempts"] = [[*attempt, *[None] * (8 - len(attempt)), "new"] for attempt in item["attempts"]]
        assert job_from_item(item) == job


class TestAttempts:
    @pytest.mark.parametrize("outcome", list(AttemptOutcome))
    def test_an_attempt_comes_back_whole_from_its_two_forms(self, outcome: AttemptOutcome) -> None:
        """What is in the job, and what is beside it."""
        attempt = an_attempt(3, outcome, next_attempt_at_ms=NOW_MS)
        short = from_short_form(short_form(attempt))
        assert short == in_short(attempt)
        assert with_full_form(short, full_form(attempt)) == attempt

    @given(
        numbers=st.lists(st.none() | st.integers(-(10**15), 10**15), min_size=5, max_size=5),
        code=st.none() | st.text(max_size=30),
        message=st.text(),
        excerpt=st.none() | st.text(),
    )
    def test_any_attempt_does(
        self, numbers: list[int | None], code: str | None, message: str, excerpt: str | None
    ) -> None:
        """Whatever is known of it and whatever is not."""
        started, lateness, duration, status, then = numbers
        error = None if code is None else AttemptError(code, message)
        attempt = Attempt(1, AttemptOutcome.FAILED, started, lateness, duration, status, error, None, then)
        if error is not None:
            attempt = replace(attempt, response_excerpt=excerpt)
        assert with_full_form(from_short_form(short_form(attempt)), full_form(attempt)) == attempt

    def test_a_success_needs_no_full_form(self) -> None:
        """Nor does anything else that the short form says whole."""
        assert full_form(an_attempt()) == {}
        error = AttemptError("status_retryable", "The target answered 503.")
        assert full_form(an_attempt(1, AttemptOutcome.RETRY, error=error, response_excerpt=None)) == {}

    def test_anothers_full_form_is_not_believed(self) -> None:
        """A worker that came too late wrote it; the attempt counts as died."""
        died = Attempt(1, AttemptOutcome.DIED, error=AttemptError("died", "…"))
        assert with_full_form(died, full_form(an_attempt(1, AttemptOutcome.FAILED))) == died

    @pytest.mark.parametrize("values", [{}, {"message": 1, "excerpt": ["x"]}])
    def test_a_damaged_full_form_does_not_hide_the_attempt(self, values: dict[str, Any]) -> None:
        """What can be shown is shown."""
        attempt = an_attempt(1, AttemptOutcome.FAILED)
        shown = with_full_form(in_short(attempt), {**full_form(attempt), "message": None, "excerpt": None, **values})
        assert shown == in_short(attempt)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_values_come_back_from_attributes(value: Any) -> None:
    """Each with its type: true is not 1."""
    back = from_attributes(to_attributes({"a": value}))["a"]
    assert back == value
    assert repr(back) == repr(value)
