"""What every store of targets does: no record of one that is well, counting, changes that only one worker wins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.ports import Targets
from lambdas.jobs.target import Limits, Sign, State, Target
from tests.fakes import NOW_MS

LIMITS = Limits()
HOST = "example.com:8443"


def failed(targets: Targets, times: int = 1, *, now_ms: int = NOW_MS) -> Target:
    """A target of `ada` that has failed so often in a row."""
    return [targets.count("ada", HOST, sign=Sign.FAILURE, now_ms=now_ms + number) for number in range(times)][-1]


def paused(target: Target, *, now_ms: int = NOW_MS) -> Target:
    return target.opened("connect_failed", asked_ms=0, now_ms=now_ms, limits=LIMITS)


def stands(targets: Targets) -> Target | None:
    return targets.find("ada", HOST)


def test_there_is_no_record_of_a_target_that_is_well(targets: Targets) -> None:
    """Looking makes none."""
    assert stands(targets) is None
    assert stands(targets) is None


def test_failures_add_up_from_the_first(targets: Targets) -> None:
    """With when it came; what is returned is what stands."""
    third = failed(targets, 3)
    assert (third.failures, third.refusals, third.since_ms, third.state) == (3, 0, NOW_MS, State.ALLOWED)
    assert stands(targets) == third


def test_a_row_of_one_kind_ends_a_row_of_the_other(targets: Targets) -> None:
    """Only what happens in a row counts."""
    failed(targets, 2)
    refused = targets.count("ada", HOST, sign=Sign.REFUSAL, now_ms=NOW_MS + 5)
    assert (refused.failures, refused.refusals) == (0, 1)
    again = failed(targets)
    assert (again.failures, again.refusals) == (1, 0)


@pytest.mark.parametrize("kind", ["paused", "asked", "probed", "denied", "closed", "told"])
def test_a_record_reads_back_as_it_was_written(targets: Targets, kind: str) -> None:
    """In every state, to the letter."""
    target = failed(targets, 2)
    opened = paused(target)
    written = {
        "paused": opened,
        "asked": target.asked_to_wait(5_000, now_ms=NOW_MS, limits=LIMITS),
        "probed": opened.probed("claim-1", until_ms=NOW_MS + 60_000, now_ms=NOW_MS),
        "denied": target.denied("status_permanent", now_ms=NOW_MS),
        "closed": opened.closed(now_ms=NOW_MS),
        "told": opened.told(now_ms=NOW_MS),
    }[kind]
    assert targets.replace(written, read_version=target.version, now_ms=NOW_MS) == written
    assert stands(targets) == written


def test_of_two_changes_of_one_record_the_first_wins(targets: Targets) -> None:
    """The other is told what stands."""
    target = failed(targets)
    first, second = paused(target), paused(target, now_ms=NOW_MS + 1)
    targets.replace(first, read_version=target.version, now_ms=NOW_MS)
    assert targets.replace(second, read_version=target.version, now_ms=NOW_MS) == first
    assert stands(targets) == first


def test_a_change_whose_reply_was_lost_has_been_made(targets: Targets) -> None:
    """Repeated, it finds its own."""
    target = failed(targets)
    for _ in range(2):
        assert targets.replace(paused(target), read_version=target.version, now_ms=NOW_MS) == paused(target)


def test_counting_does_not_stand_in_the_way_of_a_change(targets: Targets) -> None:
    """A thousand failures at once must not keep a target from being paused; and a paused one may be counted."""
    target = failed(targets)
    failed(targets, 3)
    assert targets.replace(paused(target), read_version=target.version, now_ms=NOW_MS) == paused(target)
    counted = failed(targets)
    assert counted == replace(paused(target), failures=target.failures + 1)


def test_a_record_is_made_only_if_there_is_none(targets: Targets) -> None:
    """A target may ask for patience before it has failed."""
    blank = Target(owner="ada", host=HOST, since_ms=NOW_MS, version=0)
    asked = blank.asked_to_wait(5_000, now_ms=NOW_MS, limits=LIMITS)
    assert targets.replace(asked, read_version=0, now_ms=NOW_MS) == asked
    later = blank.asked_to_wait(9_000, now_ms=NOW_MS, limits=LIMITS)
    assert targets.replace(later, read_version=0, now_ms=NOW_MS) == asked


def test_a_change_of_what_is_gone_makes_nothing(targets: Targets) -> None:
    """Somebody saw the target well, or its owner lifted it."""
    target = failed(targets)
    targets.forget(target)
    assert targets.replace(paused(target), read_version=target.version, now_ms=NOW_MS) is None
    assert stands(targets) is None


def test_a_record_that_was_made_anew_is_not_the_old_one(targets: Targets) -> None:
    """Its version is another, so that a late change of the old one is refused."""
    old = failed(targets)
    targets.forget(old)
    new = failed(targets, now_ms=NOW_MS + 7)
    assert targets.replace(paused(old), read_version=old.version, now_ms=NOW_MS) == new


def test_a_record_that_has_changed_is_not_forgotten(targets: Targets) -> None:
    """A success that read of failures must not end a pause that began since."""
    target = failed(targets)
    targets.replace(paused(target), read_version=target.version, now_ms=NOW_MS)
    targets.forget(target)
    assert stands(targets) == paused(target)


def test_forgetting_what_is_gone_is_fine(targets: Targets) -> None:
    """Two workers saw it well."""
    target = failed(targets)
    targets.forget(target)
    targets.forget(target)
    assert stands(targets) is None


@pytest.mark.parametrize("host", ["a" * 1_025, "ü" * 513, "a" * 3_000])
def test_what_is_too_long_for_a_host_is_not_there_to_be_lifted(targets: Targets, host: str) -> None:
    """It comes from a path, where anybody writes what they like."""
    assert not targets.lift("ada", host)


def test_lifting_removes_a_record_whatever_it_says(targets: Targets) -> None:
    """The owner's own, and it says whether there was one."""
    target = failed(targets)
    targets.replace(target.denied("status_permanent", now_ms=NOW_MS), read_version=target.version, now_ms=NOW_MS)
    assert not targets.lift("bob", HOST)
    assert targets.lift("ada", HOST)
    assert not targets.lift("ada", HOST)
    assert stands(targets) is None


def test_owners_see_and_change_their_own_targets_only(targets: Targets) -> None:
    """One owner's dead target is no other's, though it be the same host."""
    mine = failed(targets, 2)
    theirs = targets.count("bob", HOST, sign=Sign.FAILURE, now_ms=NOW_MS)
    assert (theirs.owner, theirs.failures) == ("bob", 1)
    assert targets.list("ada") == [mine]
    assert targets.list("bob") == [theirs]
    assert targets.list("ada#") == []


def test_a_list_is_by_host(targets: Targets) -> None:
    """Whatever their states."""
    for host in ("b.example.com", "[2001:db8::1]:8080", "a.example.com"):
        targets.count("ada", host, sign=Sign.REFUSAL, now_ms=NOW_MS)
    assert [target.host for target in targets.list("ada")] == ["[2001:db8::1]:8080", "a.example.com", "b.example.com"]
