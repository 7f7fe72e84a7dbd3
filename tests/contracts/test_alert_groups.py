"""What every store of alert groups does: two functions never both make the next version of a group."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.grouping import Crowd, Group, GroupKey, Named
from lambdas.jobs.ports import AlertGroups
from tests.fakes import NOW_MS

KEY = GroupKey("ada", "api.example.com", "status_retryable", 503, None)
OTHERS = [
    replace(KEY, owner="bob"),
    replace(KEY, host="api.example.com.evil.example"),
    replace(KEY, code="status_permanent"),
    replace(KEY, status_code=502),
    replace(KEY, status_code=None),
    replace(KEY, email="ada#1@example.com"),
]
WINDOW_MS = NOW_MS + 300_000


def job(number: int, **changes: object) -> Named:
    made = Named(f"job_{number:032x}", f"job {number}", NOW_MS + number, NOW_MS + 10 * number)
    return replace(made, **changes)  # type: ignore[arg-type]


def wait(groups: AlertGroups, named: Named, *, key: GroupKey = KEY, window_ms: int = WINDOW_MS) -> None:
    groups.wait(key, named, window_ms=window_ms, now_ms=NOW_MS)


def test_a_group_is_read_as_it_was_written(alert_groups: AlertGroups) -> None:
    """All of it; what nobody wrote is empty."""
    assert alert_groups.read(KEY) == Group()
    group = Group(WINDOW_MS, ("job_1", "job_2"), True, WINDOW_MS + 1, WINDOW_MS - 5, 1)
    assert alert_groups.write(KEY, group, now_ms=NOW_MS)
    assert alert_groups.read(KEY) == group


def test_of_two_writes_of_one_version_one_wins(alert_groups: AlertGroups) -> None:
    """The first version, and a later one."""
    for version in (1, 2, 3):
        winner = Group(until_ms=version, version=version)
        assert alert_groups.write(KEY, winner, now_ms=NOW_MS)
        assert not alert_groups.write(KEY, replace(winner, until_ms=99), now_ms=NOW_MS)
        assert alert_groups.read(KEY) == winner


def test_a_version_that_skips_one_is_not_written(alert_groups: AlertGroups) -> None:
    """Its writer has not seen what stands there, or what stood there has expired."""
    assert not alert_groups.write(KEY, Group(version=2), now_ms=NOW_MS)
    assert alert_groups.read(KEY) == Group()


@pytest.mark.parametrize("other", OTHERS, ids=["owner", "host", "code", "status", "no status", "address"])
def test_groups_are_apart(alert_groups: AlertGroups, other: GroupKey) -> None:
    """Whatever one of them differs in from another."""
    alert_groups.write(KEY, Group(until_ms=1, version=1), now_ms=NOW_MS)
    wait(alert_groups, job(1))
    assert alert_groups.read(other) == Group()
    assert alert_groups.waiting(other, window_ms=WINDOW_MS) is None
    assert not alert_groups.is_waiting(other, job(1).job_id, window_ms=WINDOW_MS)


def test_those_who_wait_are_counted_once_each(alert_groups: AlertGroups) -> None:
    """Those of the window, with the first made by name."""
    assert alert_groups.waiting(KEY, window_ms=WINDOW_MS) is None
    for number in (7, 3, 1, 2, 4, 5, 6, 3):
        wait(alert_groups, job(number))
    wait(alert_groups, job(8), window_ms=WINDOW_MS + 1)
    assert alert_groups.waiting(KEY, window_ms=WINDOW_MS) == Crowd(
        count=7,
        first=tuple(map(job, range(1, 6))),
        due_ms=(NOW_MS + 1, NOW_MS + 7),
        ended_ms=(NOW_MS + 10, NOW_MS + 70),
    )
    assert alert_groups.is_waiting(KEY, job(3).job_id, window_ms=WINDOW_MS)
    assert not alert_groups.is_waiting(KEY, job(8).job_id, window_ms=WINDOW_MS)


def test_a_job_without_a_name_waits_too(alert_groups: AlertGroups) -> None:
    """Its alert names it by its id."""
    wait(alert_groups, job(1, name=None))
    crowd = alert_groups.waiting(KEY, window_ms=WINDOW_MS)
    assert crowd is not None
    assert crowd.first == (job(1, name=None),)


def test_a_crowd_has_no_largest_size(alert_groups: AlertGroups) -> None:
    """Also when it takes DynamoDB more than one page: 300 names of 4 KB."""
    for number in range(300):
        wait(alert_groups, job(number, name="n" * 4_000))
    crowd = alert_groups.waiting(KEY, window_ms=WINDOW_MS)
    assert crowd is not None
    assert crowd.count == 300
