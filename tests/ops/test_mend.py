"""A mended job gets back the place that a sweep finds; and a table what it has lost (F28, F29)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lambdas.jobs.counting import Cell, Day, DayCount
from lambdas.jobs.due_job import due_shard
from lambdas.jobs.job import Status
from ops import bring_back, mend
from ops.place import Place
from tests.contracts.aws_places import make_table
from tests.examples import a_job, large_request
from tests.fakes import NOW_MS
from tests.ops.conftest import Hands

Lines = Callable[[], list[str]]


def due_ids(at: Place, job_id: str) -> list[str]:
    pages = at.store.due(due_shard(job_id), after_ms=0, until_ms=NOW_MS * 2)
    return [due.job_id for page in pages for due in page]


def damage(at: Place, job_id: str, retry: object) -> None:
    at.table.update((f"JOB#{job_id}", "JOB"), "SET #retry = :retry", {"retry": retry}, condition="")


def test_a_mended_job_is_in_its_shard_again(at: Place, printed: Lines) -> None:
    """Damaged, set aside, mended, put back: the sweep finds it."""
    job = at.store.add(a_job())
    damage(at, job.id, "often")
    at.store.set_aside(job.id)
    assert mend.main([job.id, "--write"]) == 1
    assert "still cannot be read" in printed()[0]
    damage(at, job.id, [5, 10, 3600])
    assert mend.main([job.id]) == 0
    assert "would be put into DUE#" in printed()[0]
    assert due_ids(at, job.id) == []
    assert mend.main([job.id, "--write"]) == 0
    assert due_ids(at, job.id) == [job.id]
    assert mend.main([job.id, "--write"]) == 0
    assert "in its place" in printed()[-1]


def test_a_job_whose_request_is_gone_is_not_put_back(at: Place, printed: Lines) -> None:
    """A sweep would only stumble over it again."""
    job = at.store.add(a_job(request=large_request()))
    at.store.set_aside(job.id)
    at.table.delete((f"JOB#{job.id}", f"REQUEST#{job.stored_apart}"))
    assert mend.main([job.id, "--write"]) == 1
    assert "its request" in printed()[0]
    assert due_ids(at, job.id) == []


def test_a_job_that_is_not_to_fire_any_more_is_among_the_failed_or_in_no_index(at: Place, hands: Hands) -> None:
    """As its status says, whatever place it has now."""
    failed, cancelled = hands.failed(), at.store.add(a_job())
    at.store.set_aside(failed.id)
    at.store.replace(cancelled.cancelled(now_ms=NOW_MS, retention_ms=1), read_version=1)
    at.table.update((f"JOB#{cancelled.id}", "JOB"), "SET #due_shard = :due", {"due": "DUE#1"}, condition="")
    assert mend.main([failed.id, cancelled.id, "--write"]) == 0
    places = [(at.table.get((f"JOB#{job.id}", "JOB")) or {}).get("due_shard") for job in (failed, cancelled)]
    assert places == ["FAILED#2026-09-21", None]


def test_a_job_that_is_not_there_is_said(at: Place, printed: Lines) -> None:
    """And is no success."""
    assert mend.main(["job_" + "0" * 32, "--write"]) == 1
    assert "no such job" in printed()[0]


def test_what_is_missing_is_copied_and_what_is_there_is_not_touched(at: Place, printed: Lines) -> None:
    """From a restored table; a second time there is nothing to do. The marks stay unless they are to go."""
    restored = replace(at, table_name=make_table(at.dynamodb))
    lost = restored.store.add(a_job(request=large_request()))
    kept = restored.store.add(a_job())
    newer = at.store.add(kept)
    newer = at.store.replace(replace(newer, name="edited", version=2), read_version=1)
    restored.store.advance_mark(3, swept_until_ms=1)
    at.store.advance_mark(4, swept_until_ms=NOW_MS)
    assert bring_back.main([restored.table_name]) == 0
    assert printed() == ["JOB: 2 items would be copied"]
    assert at.store.find(lost.id) is None
    assert bring_back.main([restored.table_name, "--write"]) == 0
    assert at.store.with_request(lost) == restored.store.with_request(lost)
    assert at.store.find(kept.id) == newer
    assert (at.store.swept_until(3), at.store.swept_until(4)) == (0, NOW_MS)
    bring_back.main([restored.table_name, "--write", "--reset-marks"])
    assert printed()[-2:] == ["JOB: 0 items copied", "The marks of the sweep were deleted."]
    assert at.store.swept_until(4) == 0


def test_of_counters_only_history_comes_back(at: Place, printed: Lines) -> None:
    """F29, F30: jobs that come back are counted as they are stored; history, of which nobody else knows, is copied
    where a day is missing. What is there stays, also when the copy is repeated."""
    restored = replace(at, table_name=make_table(at.dynamodb))
    days = [Day("ada", number) for number in (20_717, 20_718, 20_719)]
    there, gone = Cell(5, Status.SUCCEEDED), Cell(5, Status.SUCCEEDED, expired=True)
    for day in days[:2]:
        restored.counters.replace(DayCount(day, {there: 3, gone: 2}, {"m_1": "1@1"}, 1))
    restored.counters.replace(DayCount(days[2], {there: 3}, version=1))
    at.counters.replace(DayCount(days[1], {gone: 7}, version=1))
    assert bring_back.main([restored.table_name]) == 0
    assert bring_back.main([restored.table_name, "--write"]) == 0
    assert bring_back.main([restored.table_name, "--write"]) == 0
    assert printed() == ["STATS: 1 items would be copied", "STATS: 1 items copied", "STATS: 0 items copied"]
    assert [at.counters.find(day).cells for day in days] == [{gone: 2}, {gone: 7}, {}]
