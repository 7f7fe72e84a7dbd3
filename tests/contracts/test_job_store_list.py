"""What every job store does for lists: an owner's jobs by due time, filtered and in pages."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from lambdas.jobs.job import Job, Status
from lambdas.jobs.listing import ListQuery, Position, decode_cursor, encode_cursor
from lambdas.jobs.ports import JobStore
from tests.examples import HORIZON, RETENTION_MS, a_job, an_attempt, large_request
from tests.fakes import NOW_MS


def in_state(store: JobStore, status: Status, **changes: Any) -> Job:
    """A job of ada's, brought into a state by the same writes that bring it there in life; as it is read."""
    job = store.add(a_job(**changes))
    if status is Status.CANCELLED:
        store.replace(job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS), read_version=1)
    elif status is not Status.SCHEDULED:
        won = store.claim(job.id, fire_at_ms=job.fire_at_ms, claim_id="claim-1", now_ms=NOW_MS).won
        assert won is not None
        if status is not Status.RUNNING:
            settled(store, won, status)
    found = store.find(job.id)
    assert found is not None
    assert found.status is status
    return found


def settled(store: JobStore, job: Job, status: Status) -> None:
    end = Job.succeeded if status is Status.SUCCEEDED else Job.failed
    done = end(job, an_attempt(job.attempt_count), now_ms=NOW_MS, retention_ms=RETENTION_MS)
    store.settle(done, attempt=done.attempts[-1])


def pages(store: JobStore, query: ListQuery, *, now_ms: int = NOW_MS) -> list[Sequence[Job]]:
    """All pages, by way of the cursors that users get."""
    shown: list[Sequence[Job]] = []
    for _ in range(100):
        page = store.list(query, now_ms=now_ms)
        assert len(page.jobs) <= query.limit
        shown.append(page.jobs)
        if page.after is None:
            return shown
        cursor = encode_cursor(query, page.after, key=store.cursor_key())
        query = replace(query, after=decode_cursor(cursor, query, key=store.cursor_key()))
    raise AssertionError("the pages go round in a loop")


def listed(store: JobStore, query: ListQuery, *, now_ms: int = NOW_MS) -> list[Job]:
    return list(itertools.chain.from_iterable(pages(store, query, now_ms=now_ms)))


def ids(jobs: Sequence[Job]) -> list[str]:
    return [job.id for job in jobs]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_all_jobs_are_listed_by_due_time_whatever_their_state(store: JobStore, descending: bool, limit: int) -> None:
    """The states' lists are merged into one; each job is shown as it is read."""
    states = [*Status, *Status]
    jobs = [in_state(store, status, due_in_ms=1000 - i * 10) for i, status in enumerate(states)]
    query = ListQuery("ada", descending=descending, limit=limit)
    assert listed(store, query) == (jobs if descending else jobs[::-1])


@pytest.mark.parametrize("status", list(Status))
def test_a_list_may_be_of_one_status(store: JobStore, status: Status) -> None:
    """`scheduled` and `running` share an index, and are told apart all the same."""
    jobs = {each: in_state(store, each) for each in Status}
    assert listed(store, ListQuery("ada", statuses=frozenset({status}))) == [jobs[status]]


def test_a_list_may_be_of_several_statuses(store: JobStore) -> None:
    """In one order."""
    jobs = {each: in_state(store, each, due_in_ms=i) for i, each in enumerate(Status)}
    wanted = [Status.RUNNING, Status.FAILED]
    assert listed(store, ListQuery("ada", statuses=frozenset(wanted))) == [jobs[status] for status in wanted]


def test_the_range_holds_its_beginning_and_not_its_end(store: JobStore) -> None:
    """`from` ≤ due < `to`, so that ranges can be laid side by side."""
    jobs = [store.add(a_job(due_at_ms=NOW_MS + ms)) for ms in range(5)]
    assert listed(store, ListQuery("ada", from_ms=NOW_MS + 1, to_ms=NOW_MS + 3)) == jobs[1:3]
    assert listed(store, ListQuery("ada", from_ms=NOW_MS + 3)) == jobs[3:]
    assert listed(store, ListQuery("ada", to_ms=NOW_MS + 1)) == jobs[:1]
    assert listed(store, ListQuery("ada", from_ms=NOW_MS + 3, to_ms=NOW_MS + 3)) == []
    assert listed(store, ListQuery("ada", from_ms=NOW_MS + 3, to_ms=NOW_MS)) == []


def test_owners_see_their_own_jobs_only(store: JobStore) -> None:
    """P6, T5: also when one name begins like another, or looks like a part of the index."""
    for owner in ("ada", "ada#upcoming", "ad", "upcoming"):
        store.add(a_job(owner=owner))
    for owner in ("ada", "ada#upcoming", "ad", "upcoming"):
        assert [job.owner for job in listed(store, ListQuery(owner))] == [owner]
    assert listed(store, ListQuery("nobody")) == []


def test_the_key_of_cursors_stays(store: JobStore) -> None:
    """Random, and the same whoever asks."""
    key = store.cursor_key()
    assert len(key) == 32 and store.cursor_key() == key


def test_the_last_page_says_so(store: JobStore) -> None:
    """Also when it is full: a user who follows the cursor finds no empty page at the end."""
    for ms in range(4):
        store.add(a_job(due_in_ms=ms))
    assert [len(page) for page in pages(store, ListQuery("ada", limit=2))] == [2, 2]


@pytest.mark.parametrize("descending", [False, True])
def test_jobs_of_one_millisecond_page_without_loss_or_doubles(store: JobStore, descending: bool) -> None:
    """Page ties: the place to go on is a job, not a time."""
    jobs = [in_state(store, [Status.SCHEDULED, Status.SUCCEEDED, Status.FAILED][i % 3]) for i in range(21)]
    shown = ids(listed(store, ListQuery("ada", limit=4, descending=descending)))
    assert sorted(shown) == sorted(ids(jobs))


def test_expired_jobs_are_hidden(store: JobStore) -> None:
    """F30: they do not make a list longer, only its pages shorter."""
    gone = in_state(store, Status.SUCCEEDED, due_in_ms=1)
    kept = in_state(store, Status.SCHEDULED, due_in_ms=2)
    assert gone.expires_at_ms is not None
    assert listed(store, ListQuery("ada"), now_ms=gone.expires_at_ms - 1) == [gone, kept]
    assert listed(store, ListQuery("ada"), now_ms=gone.expires_at_ms) == [kept]


def test_headers_of_large_requests_are_listed_and_bodies_are_not(store: JobStore) -> None:
    """A page of a hundred large bodies would be too much for an answer, and lists show none."""
    headers = tuple((f"X-{i}", "v" * 200) for i in range(60))
    jobs = [
        store.add(a_job(request=replace(large_request(), headers=headers), due_in_ms=1)),
        store.add(a_job(request=large_request(), due_in_ms=2)),
        store.add(a_job(due_in_ms=3)),
    ]
    assert [job.request.headers for job in listed(store, ListQuery("ada"))] == [job.request.headers for job in jobs]


def test_a_running_list_does_not_go_through_what_is_far_away(store: JobStore) -> None:
    """Whoever runs is due: a hundred jobs of next year give no hundred empty pages."""
    running = in_state(store, Status.RUNNING, due_in_ms=-5)
    for i in range(10):
        store.add(a_job(due_in_ms=86_400_000 + i))
    query = ListQuery("ada", statuses=frozenset({Status.RUNNING}), limit=1)
    assert [list(page) for page in pages(store, query)] == [[running]]


class TestMergeRace:
    """A job that changes its state between two pages, or between an index and the table."""

    def test_a_job_that_ends_between_two_pages_is_not_lost(self, store: JobStore) -> None:
        """It has left the list it was in; the pages go on, each other job is shown once."""
        jobs = [store.add(a_job(due_in_ms=ms)) for ms in range(6)]
        query = ListQuery("ada", limit=2)
        first = store.list(query, now_ms=NOW_MS)
        assert first.after is not None
        for index in (1, 2):  # the last that was shown, which is where the next page begins, and one to come
            won = store.claim(jobs[index].id, fire_at_ms=jobs[index].fire_at_ms, claim_id="c", now_ms=NOW_MS).won
            assert won is not None
            settled(store, won, Status.SUCCEEDED)
        rest = ids(listed(store, replace(query, after=first.after)))
        assert [job_id for job_id in rest if job_id != jobs[1].id] == ids(jobs[2:])
        assert rest.count(jobs[1].id) <= 1

    def test_a_job_that_ends_after_it_was_shown_is_not_shown_again(self, store: JobStore) -> None:
        """Its new list goes on from where the page before had come to, although it showed nothing of it yet."""
        jobs = [store.add(a_job(due_in_ms=ms)) for ms in range(4)]
        query = ListQuery("ada", limit=2)
        first = store.list(query, now_ms=NOW_MS)
        assert first.after is not None
        in_turn = store.claim(jobs[0].id, fire_at_ms=jobs[0].fire_at_ms, claim_id="c", now_ms=NOW_MS).won
        assert in_turn is not None
        settled(store, in_turn, Status.FAILED)
        assert ids(listed(store, replace(query, after=first.after))) == ids(jobs[2:])

    def test_a_job_that_is_put_off_between_two_pages_ends_the_pages(self, store: JobStore) -> None:
        """However often: a page never begins before the one before it."""
        jobs = [store.add(a_job(due_in_ms=ms)) for ms in range(3)]
        query = ListQuery("ada", limit=1)
        shown = []
        for turn in range(20):
            page = store.list(query, now_ms=NOW_MS)
            shown += ids(page.jobs)
            if page.after is None:
                break
            query = replace(query, after=page.after)
            if turn < 3:
                moved = replace(jobs[0], due_at_ms=NOW_MS + 10 + turn).edited(now_ms=NOW_MS, horizon=HORIZON)
                jobs[0] = store.replace(moved, read_version=jobs[0].version)
        else:
            pytest.fail("the pages go round in a loop")
        assert set(shown) == set(ids(jobs))

    @pytest.mark.parametrize(
        ("place", "descending", "shown"),
        [
            (Position(0, "job_1"), False, True),
            (Position(0, "job_1"), True, False),
            (Position(NOW_MS * 2, "job_1"), False, False),
            (Position(NOW_MS * 2, "job_1"), True, True),
            (Position(10**15 - 1, ""), False, False),
        ],
        ids=["before, up", "before, down", "behind, up", "behind, down", "the end of time"],
    )
    def test_a_place_outside_the_range_does_no_harm(
        self, store: JobStore, place: Position, descending: bool, shown: bool
    ) -> None:
        """A cursor comes from users' machines: one that was tampered with gives a page, not an error."""
        job = store.add(a_job())
        query = ListQuery("ada", from_ms=NOW_MS, to_ms=NOW_MS * 2, descending=descending, after={"upcoming": place})
        assert ids(store.list(query, now_ms=NOW_MS).jobs) == ([job.id] if shown else [])
