"""Failed jobs are listed by what an operator asks for, and sent again once each, as new jobs like them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from lambdas.handlers.desk import JOB_ID
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Request, Status
from ops import failed, redrive
from ops.place import Place
from ops.redrive import Pace, new_id
from tests.examples import a_full_job, a_job, large_request
from tests.fakes import NOW_MS
from tests.ops.conftest import Hands

ALL = ["--from", rfc3339(NOW_MS - 86_400_000), "--to", rfc3339(NOW_MS + 3 * 86_400_000)]
Lines = Callable[[], list[str]]


def test_failed_jobs_are_found_by_time_over_days(hands: Hands, printed: Lines) -> None:
    """One query a day, in order; `--to` itself is not in it, and jobs that did not fail are none."""
    hours = (0, 5, 20, 30, 50)
    jobs = [hands.failed(a_job(due_in_ms=hour * 3_600_000)) for hour in hours]
    hands.at.store.add(a_job())
    assert failed.main(["--from", rfc3339(jobs[1].fire_at_ms), "--to", rfc3339(jobs[4].fire_at_ms)]) == 0
    assert [line.split("  ")[1] for line in printed()] == [job.id for job in jobs[1:4]]


@pytest.mark.parametrize(
    "option", [["--owner", "eve"], ["--host", "Shop.Example.com"], ["--error-code", "status_permanent"]]
)
def test_failed_jobs_are_found_by_owner_host_and_reason(hands: Hands, printed: Lines, option: list[str]) -> None:
    """Each narrows the list to what it names."""
    wanted = a_job(owner="eve", request=Request("GET", "https://shop.example.com/a"))
    wanted = hands.failed(wanted, code="status_permanent")
    hands.failed()
    failed.main([*ALL, *option])
    (line,) = printed()
    assert wanted.id in line


def test_what_strangers_wrote_cannot_steer_the_terminal(hands: Hands, printed: Lines) -> None:
    """T8: one line each, printable characters only."""
    hands.failed(a_job(name="\x1b]0;owned\x07\x1b[2Ja\nforged  line", owner="e\x9bve"))
    failed.main(ALL)
    (line,) = printed()
    assert line.isprintable()
    assert "forged" in line


def test_nothing_is_sent_without_being_told_to(hands: Hands, printed: Lines) -> None:
    """A list first, that says what would be done."""
    job = hands.failed()
    assert redrive.main(ALL) == 0
    assert printed()[0].endswith("would be sent again")
    assert hands.all_ids() == {job.id}


def test_a_failed_job_is_sent_again_as_a_new_one_with_all_that_was_asked(hands: Hands) -> None:
    """Secrets, large bodies, retries, expectation and name; due now, so that the stream hands it off at once."""
    for job in (hands.failed(a_full_job()), hands.failed(a_job(request=large_request()))):
        redrive.main([*ALL, "--send"])
        old = hands.at.store.with_request(hands.found(job.id))
        again = hands.at.store.with_request(hands.found(new_id(job)))
        assert again.rerun_of == job.id
        assert (again.status, again.attempt_count, again.handoff) == (Status.SCHEDULED, 0, True)
        assert (again.request, again.owner, again.name) == (old.request, old.owner, old.name)
        assert (again.retry, again.expect, again.notify) == (old.retry, old.expect, old.notify)
        assert abs(again.due_at_ms - hands.at.now_ms()) < 60_000
        assert old == hands.at.store.with_request(job)


def test_a_failed_job_is_never_sent_twice(hands: Hands, printed: Lines) -> None:
    """However often the same selection is sent; the list says which were."""
    job = hands.failed()
    for _ in range(3):
        redrive.main([*ALL, "--send"])
    assert hands.all_ids() == {job.id, new_id(job)}
    assert f"was sent again as {new_id(job)}" in printed()[-1]


def test_two_operators_at_once_send_a_job_once(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one is faster between the look and the write: what is there stays, and both are told of it."""
    job = hands.failed()
    add, rival = type(hands.at.store).add, redrive.send_again

    def overtaken(store: object, new: object) -> object:
        monkeypatch.setattr(type(hands.at.store), "add", add)
        rival(hands.at, job)
        return add(store, new)  # type: ignore[arg-type]

    monkeypatch.setattr(type(hands.at.store), "add", overtaken)
    assert redrive.send_again(hands.at, job).endswith(f"sent again as {new_id(job)}")
    assert hands.all_ids() == {job.id, new_id(job)}


def test_it_goes_on_where_it_was_stopped(hands: Hands, printed: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C after two of four; the next run sends the other two."""
    jobs = [hands.failed(a_job(due_in_ms=minute * 60_000)) for minute in range(4)]
    waits = 0

    def wait(_: object) -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Pace, "wait", wait)
    assert redrive.main([*ALL, "--send"]) == 130
    assert len(hands.all_ids()) == 6
    redrive.main([*ALL, "--send"])
    assert hands.all_ids() == {job.id for job in jobs} | {new_id(job) for job in jobs}
    assert [line.partition("  was")[1] != "" for line in printed()[-4:]] == [True, True, False, False]


def test_a_new_job_that_fails_in_its_turn_is_sent_again_too(hands: Hands) -> None:
    """It is a failed job like any other."""
    job = hands.failed()
    redrive.send_again(hands.at, job)
    again = hands.found(new_id(job))
    claimed = hands.at.store.claim(again.id, fire_at_ms=again.fire_at_ms, claim_id="d", now_ms=again.fire_at_ms).won
    assert claimed is not None
    lost = claimed.failed(job.attempts[0], now_ms=again.fire_at_ms, retention_ms=1)
    hands.at.store.settle(lost, attempt=lost.attempts[0])
    redrive.main(["--job", again.id, "--send"])
    assert hands.found(new_id(lost)).rerun_of == again.id


def test_chosen_jobs_are_sent_and_what_has_not_failed_is_not(hands: Hands, capsys: pytest.CaptureFixture[str]) -> None:
    """By id, whenever they failed; why another is left is said."""
    chosen, other = hands.failed(), hands.failed()
    waiting = hands.at.store.add(a_job())
    nobody = "job_" + "0" * 32
    redrive.main(["--job", chosen.id, "--job", waiting.id, "--job", nobody, "--send"])
    assert hands.all_ids() == {chosen.id, other.id, waiting.id, new_id(chosen)}
    said = capsys.readouterr().err
    assert f"{waiting.id}: is scheduled, not failed" in said
    assert f"{nobody}: there is no such job" in said


def test_a_job_whose_body_is_gone_and_a_damaged_one_are_left(hands: Hands, at: Place, printed: Lines) -> None:
    """The others are sent all the same."""
    expired = hands.failed(a_job(request=large_request(), due_in_ms=1_000))
    damaged = hands.failed(a_job(due_in_ms=2_000))
    well = hands.failed(a_job(due_in_ms=3_000))
    at.table.delete((f"JOB#{expired.id}", f"REQUEST#{expired.stored_apart}"))
    at.table.update((f"JOB#{damaged.id}", "JOB"), "SET #retry = :retry", {"retry": "often"}, condition="")
    redrive.main([*ALL, "--send"])
    first, second, third = printed()
    assert "left: its headers and body have expired" in first
    assert "cannot be read" in second and second.endswith("left")
    assert third.endswith(f"sent again as {new_id(well)}")


def test_the_new_id_follows_from_the_failed_one_and_is_one_of_ours() -> None:
    """The same at every try, another for another job, and in the form that the API takes."""
    job = replace(a_job(), finished_at_ms=NOW_MS)
    assert new_id(job) == new_id(replace(job, version=9, alerted_at_ms=NOW_MS))
    assert new_id(job) != new_id(replace(job, id=a_job().id))
    assert JOB_ID.fullmatch(new_id(job))
    assert new_id(job)[4:16] == f"{NOW_MS:012x}"


def test_the_rate_is_kept() -> None:
    """Evenly, and without making up for time that went by otherwise."""
    clock, starts = [100.0], list[float]()
    pace = Pace(4, monotonic=lambda: clock[0], sleep=lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    for work_seconds in (0, 0.1, 0, 1.0, 0, 0):
        pace.wait()
        starts.append(clock[0])
        clock[0] += work_seconds
    assert all(after - before >= 0.25 for before, after in pairwise(starts))
    assert starts[:4] == [100.0, 100.25, 100.5, 100.75] and starts[4] == 101.75


@pytest.mark.parametrize("rate", ["0", "-1", "1001", "fast", "nan"])
def test_a_rate_that_is_none_is_refused(rate: str) -> None:
    """Before anything is looked at."""
    with pytest.raises(SystemExit):
        redrive.main(["--rate", rate])
