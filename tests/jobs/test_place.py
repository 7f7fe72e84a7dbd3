"""The place that a URL names, also where the URL was damaged."""

from __future__ import annotations

import pytest

from lambdas.jobs.job import Request, Status
from lambdas.jobs.place import UNKNOWN, host_of, place_of
from lambdas.jobs.sending import Failure
from tests.corpus.files import ADDRESSES, AddressEntry, read_addresses
from tests.examples import a_job
from tests.world import World

ENTRIES = [pytest.param(entry, id=entry.id) for entry in read_addresses(ADDRESSES).entries]


@pytest.mark.parametrize(
    ("url", "place", "host"),
    [
        ("https://example.com/a?b#c", "example.com", "example.com"),
        ("http://example.com/", "example.com", "example.com"),
        ("https://example.com:8443/", "example.com:8443", "example.com"),
        ("http://example.com:443/", "example.com:443", "example.com"),
        ("https://93.184.216.34/", "93.184.216.34", "93.184.216.34"),
        ("https://[2606:2800::1]/", "[2606:2800::1]", "2606:2800::1"),
        ("https://[2606:2800::1]:8080/", "[2606:2800::1]:8080", "2606:2800::1"),
        ("https://example.com/http://example.org:8080/", "example.com", "example.com"),
    ],
)
def test_a_place_is_a_host_and_its_port_if_that_is_not_the_schemes(url: str, place: str, host: str) -> None:
    """Another port is another service, which need not be down too."""
    assert (place_of(url), host_of(url)) == (place, host)


@pytest.mark.parametrize("url", ["", "/", "http://", "http:///a", "example.com", "://", "http:example.com", "http://?"])
def test_what_names_no_place_has_one_that_says_so(url: str) -> None:
    """It is part of keys, which must not be empty."""
    assert (place_of(url), host_of(url)) == (UNKNOWN, UNKNOWN)


def test_what_is_too_long_for_any_place_is_cut() -> None:
    """A key has its limit."""
    assert max(len(read("http://" + "a" * 3_000 + ":80/")) for read in (place_of, host_of)) <= 300


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_job_whose_url_was_damaged_ends_with_one_attempt(entry: AddressEntry) -> None:
    """F28, T1: whatever it was changed to in the table, nobody who tells or counts by its host stumbles over it."""
    world = World()
    job = a_job(request=Request("POST", entry.url))
    world.accept(job, Failure("address_denied", "It must not be called.", started_at_ms=None, duration_ms=1))
    world.run(seconds=120)
    assert world.store[job.id].status is Status.FAILED
    assert [attempt.error.code for attempt in world.store[job.id].attempts if attempt.error] == ["address_denied"]
    assert len(world.alerts_of(job)) == 1 and "defect" not in world.journal.events()
