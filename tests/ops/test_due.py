"""What is due in a range, from every shard, in order."""

from __future__ import annotations

from collections.abc import Callable

from lambdas.jobs.due_job import DUE_SHARDS
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Request
from ops import due
from ops.place import Place
from tests.examples import a_job
from tests.fakes import NOW_MS
from tests.ops.conftest import Hands

Lines = Callable[[], list[str]]


def between(first_ms: int, end_ms: int) -> list[str]:
    return ["--from", rfc3339(first_ms), "--to", rfc3339(end_ms)]


def test_it_lists_all_shards_by_fire_time(at: Place, hands: Hands, printed: Lines) -> None:
    """Of the range, its end not in it; finished jobs are not due."""
    jobs = [at.store.add(a_job(shard=shard, due_in_ms=1_000 * (40 - shard))) for shard in range(DUE_SHARDS)]
    hands.failed(a_job(due_in_ms=30_000))
    due.main(between(NOW_MS, jobs[0].fire_at_ms))
    assert [line.split("  ")[1] for line in printed()] == [job.id for job in reversed(jobs[1:])]


def test_it_lists_those_of_one_owner_or_host(at: Place, printed: Lines) -> None:
    """Judged by the job, of which the index knows the time only."""
    job = at.store.add(a_job(owner="eve", request=Request("GET", "https://shop.example.com/a")))
    at.store.add(a_job())
    for option in (["--owner", "eve"], ["--host", "shop.example.com"]):
        due.main([*between(NOW_MS, NOW_MS + 3_600_000), *option])
        (line,) = printed()
        assert job.id in line


def test_ids_alone_need_no_job(at: Place, printed: Lines) -> None:
    """So that ten thousand can be counted."""
    job = at.store.add(a_job())
    due.main([*between(NOW_MS, NOW_MS + 3_600_000), "--ids"])
    assert printed() == [f"{rfc3339(job.fire_at_ms)}  {job.id}"]
