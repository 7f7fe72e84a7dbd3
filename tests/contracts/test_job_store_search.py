"""What every job store does for searches: an owner's jobs whose names begin so, and those that call a host."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from lambdas.jobs.job import Job, Request, Status
from lambdas.jobs.listing import ListQuery
from lambdas.jobs.ports import JobStore
from tests.contracts.test_job_store_list import ids, in_state, listed, pages
from tests.examples import HORIZON, a_job
from tests.fakes import NOW_MS

SHOP, BANK = "https://shop.example.com/items", "https://bank.example.com:8443/"


def calls(url: str) -> Request:
    return Request("POST", url)


def stored(store: JobStore, *names: str | None, url: str = SHOP) -> list[Job]:
    """A job for each name, a second apart; every third is over."""
    states = itertools.cycle((Status.SCHEDULED, Status.SCHEDULED, Status.SUCCEEDED))
    return [
        in_state(store, status, name=name, due_in_ms=1_000 * second, request=calls(url))
        for second, (name, status) in enumerate(zip(names, states, strict=False))
    ]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_jobs_are_found_by_how_their_names_begin(store: JobStore, descending: bool, limit: int) -> None:
    """Among others, in the order of lists, whatever their state; case counts, and a part in the middle does not."""
    names = ["purge", None, "purge items", "Purge", "a purge", "pur", "purge", "purge\u00e9", "other"] * 2
    jobs = stored(store, *names)
    wanted = [job for job in jobs if (job.name or "").startswith("purge")]
    query = ListQuery("ada", name="purge", descending=descending, limit=limit)
    assert listed(store, query) == (wanted[::-1] if descending else wanted)
    assert len(wanted) == 8


def test_jobs_are_found_by_the_host_that_they_call(store: JobStore) -> None:
    """Whatever the port and the path; a host that another one ends with is another."""
    jobs = [
        store.add(a_job(request=calls(url), due_in_ms=ms))
        for ms, url in enumerate(
            (SHOP, BANK, "http://[2001:db8::1]/", "https://bank.example.com/", "https://example.com/")
        )
    ]
    found = {
        host: ids(listed(store, ListQuery("ada", host=host))) for host in ("bank.example.com", "2001:db8::1", "x.y")
    }
    assert found == {"bank.example.com": ids([jobs[1], jobs[3]]), "2001:db8::1": ids([jobs[2]]), "x.y": []}


def test_all_that_is_asked_for_must_hold(store: JobStore) -> None:
    """Name, host, status and range."""
    jobs = stored(store, "a", "ab", "abc", "b", "a", "ab")
    elsewhere = stored(store, "a", "ab", "abc", url=BANK)
    host = "shop.example.com"
    query = ListQuery("ada", name="a", host=host, statuses=frozenset({Status.SCHEDULED}))
    assert ids(listed(store, query)) == ids([jobs[0], jobs[1], jobs[4]])
    assert ids(listed(store, replace(query, from_ms=NOW_MS + 1, to_ms=NOW_MS + 4_001))) == ids([jobs[1], jobs[4]])
    assert ids(listed(store, replace(query, host="bank.example.com"))) == ids(elsewhere[:2])
    both = listed(store, replace(query, host=None))
    assert sorted(ids(both)) == sorted(ids([*elsewhere[:2], jobs[0], jobs[1], jobs[4]]))


def test_nothing_of_others_is_found(store: JobStore) -> None:
    """T5."""
    store.add(a_job(owner="eve", name="purge", request=calls(SHOP)))
    for query in (ListQuery("ada", name="purge"), ListQuery("ada", host="shop.example.com")):
        assert listed(store, query) == []


def test_what_was_renamed_or_moved_is_found_as_it_is(store: JobStore) -> None:
    """The index follows the job."""
    (job,) = stored(store, "before")
    after = replace(job, name="after", request=calls(BANK)).edited(now_ms=NOW_MS, horizon=HORIZON)
    store.replace(after, read_version=job.version)
    assert [ids(listed(store, ListQuery("ada", name=name))) for name in ("before", "after")] == [[], [job.id]]
    hosts = ("shop.example.com", "bank.example.com")
    assert [ids(listed(store, ListQuery("ada", host=host))) for host in hosts] == [[], [job.id]]


@pytest.mark.parametrize("descending", [False, True])
def test_the_rarest_is_found_among_many_of_one_millisecond(store: JobStore, descending: bool) -> None:
    """More than a page looks through: it goes on from a job, not from a time."""
    for number in range(16):
        in_state(store, (Status.SCHEDULED, Status.FAILED)[number % 2], name="many")
    rare = [in_state(store, status, name="rare") for status in (Status.SCHEDULED, Status.FAILED)]
    shown = list(pages(store, ListQuery("ada", name="rare", limit=1, descending=descending)))
    assert sorted(ids(list(itertools.chain.from_iterable(shown)))) == sorted(ids(rare))


def test_a_search_that_finds_nothing_ends(store: JobStore) -> None:
    """Its pages are empty, and the last says that it is."""
    stored(store, *["many"] * 20)
    assert listed(store, ListQuery("ada", name="few")) == []
    assert listed(store, ListQuery("nobody", name="few")) == []
