"""`punctual cancel`, `run` and `rerun`: one job, several, those that stdin names, and all that match."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace

import pytest

from lambdas.jobs.job import Job, Request, Status
from tests.cli.programs import Program, lines
from tests.cli.stored import set_clock, stored
from tests.client.gateway import Canned, Gateway
from tests.handlers.recorded import Service

NO_JOB = "job_" + 32 * "0"


class TestOne:
    def test_is_cancelled_and_told(self, cli: Program, service: Service) -> None:
        job = stored(service)
        ended = cli.run("cancel", job.id, "--json")
        assert (ended.code, ended.err) == (0, "")
        assert json.loads(ended.out)["status"] == "cancelled"
        assert service.store[job.id].status is Status.CANCELLED
        again = cli.run("cancel", job.id, "--quiet")
        assert (again.code, again.out) == (0, job.id + "\n")

    def test_in_a_terminal_its_line_fits(self, cli: Program, service: Service) -> None:
        job = stored(service)
        with cli.before_terminal("cancel", job.id, columns=80) as terminal:
            assert terminal.finished() == 0
        assert terminal.text.startswith(f"– cancelled  {job.id}  DELETE shop.example")

    def test_that_has_ended_is_a_conflict(self, cli: Program, service: Service) -> None:
        ended = cli.run("cancel", stored(service, Status.FAILED, due_in=-60).id)
        assert (ended.code, ended.out) == (6, "")
        assert "job_finished" in ended.err

    def test_of_another_version_is_left_alone(self, cli: Program, service: Service) -> None:
        job = stored(service)
        assert cli.run("cancel", job.id, "--if-version", str(job.version + 1)).code == 6
        assert service.store[job.id].status is Status.SCHEDULED
        assert cli.run("cancel", job.id, "--if-version", str(job.version)).code == 0


class TestSeveral:
    def test_those_that_cannot_be_are_told_and_the_worst_is_the_exit_code(self, cli: Program, service: Service) -> None:
        jobs = [stored(service), stored(service, Status.SUCCEEDED, due_in=-60), stored(service)]
        ended = cli.run("cancel", jobs[0].id, NO_JOB, jobs[1].id, jobs[2].id, "--quiet")
        assert ended.code == 6
        assert ended.out.split() == [jobs[0].id, jobs[2].id]
        told = lines(ended.err)
        assert told[0].startswith(f"{NO_JOB}: ") and told[0].endswith("(not_found)")
        assert told[1].startswith(f"{jobs[1].id}: ") and told[1].endswith("(job_finished)")
        assert told[2] == "Error: Cancelled 2 of 4 jobs."

    def test_a_wrong_id_among_them_and_nothing_is_done(self, cli: Program, service: Service) -> None:
        job = stored(service)
        ended = cli.run("cancel", job.id, "oops")
        assert ended.code == 2
        assert service.store[job.id].status is Status.SCHEDULED

    def test_stdin_may_have_ids_or_lines_of_a_list(self, cli: Program, service: Service) -> None:
        jobs = [stored(service, due_in=60 * n, name=f"purge {n}") for n in range(1, 6)]
        piped = lines(cli.run("list").out)
        as_json = lines(cli.run("list", "--json").out)
        given = "\n".join([jobs[0].id, piped[1], "", as_json[2], f"  {jobs[3].id}", jobs[0].id])
        ended = cli.run("cancel", "-", "-q", stdin=given)
        assert (ended.code, ended.out.split()) == (0, [job.id for job in jobs[:4]])
        assert service.store[jobs[4].id].status is Status.SCHEDULED

    @pytest.mark.parametrize("stdin", ["", None])
    def test_a_stdin_without_ids_is_a_mistake(self, stdin: str | None, cli: Program) -> None:
        ended = cli.run("cancel", "-", stdin=stdin)
        assert (ended.code, ended.err) == (2, "Error: There was no job's id on stdin.\n")

    def test_a_token_that_does_not_count_ends_it_at_once(self, cli: Program, service: Service) -> None:
        jobs = [stored(service).id for _ in range(40)]
        ended = cli.run("cancel", *jobs, PUNCTUAL_TOKEN="another")
        assert ended.code == 3
        assert lines(ended.err)[:2] == ["Stopped. Cancelled 0 of 40 jobs.", "Error: Unauthorized"]

    def test_who_is_too_fast_waits_and_goes_on(self, cli: Program, service: Service, gateway: Gateway) -> None:
        jobs = [stored(service).id for _ in range(3)]
        problem = json.dumps({"detail": "Too many requests.", "code": "rate_limited", "errors": []}).encode()
        gateway.troubles.append(Canned(429, problem, {"retry-after": "21"}))  # longer than the client waits by itself
        gateway.troubles.append(Canned(429, problem, {"retry-after": "1"}))
        ended = cli.run("cancel", *jobs, "--quiet")
        assert (ended.code, ended.out.split()) == (0, jobs)


class TestAllThatMatch:
    def test_are_counted_shown_and_cancelled_when_somebody_agrees(self, cli: Program, service: Service) -> None:
        jobs = [stored(service, due_in=3600 * n) for n in range(1, 31)]
        other = stored(service, request=Request("GET", "https://other.example.com/"))
        with cli.before_terminal("cancel", "--host", "shop.example.com", columns=100) as terminal:
            terminal.wait_for("Cancel these 30 jobs? [y/N]:")
            assert "… and 27 more, the last due" in terminal.text
            assert all(job.id in terminal.text for job in jobs[:3])
            assert all(service.store[job.id].status is Status.SCHEDULED for job in jobs)
            terminal.type("y\r")
            assert terminal.finished() == 0
        assert "Cancelled 30 jobs." in terminal.text
        assert "━" in terminal.raw.decode()  # a bar was drawn, and taken away again
        assert "━" not in terminal.text
        assert {job.id for job in service.store if job.status is Status.CANCELLED} == {job.id for job in jobs}
        assert service.store[other.id].status is Status.SCHEDULED

    @pytest.mark.parametrize("answer", ["n\r", "\r"])
    def test_are_left_alone_when_nobody_does(self, answer: str, cli: Program, service: Service) -> None:
        """F31."""
        job = stored(service)
        with cli.before_terminal("cancel", "--all") as terminal:
            terminal.wait_for("Cancel this job? [y/N]:")
            terminal.type(answer)
            assert terminal.finished() == 0
        assert "Nothing was done." in terminal.text
        assert service.store[job.id].status is Status.SCHEDULED

    def test_need_a_yes_where_nobody_can_be_asked(self, cli: Program, service: Service, gateway: Gateway) -> None:
        """F31: and before the service is asked for any."""
        job = stored(service, due_in=600)
        ended = cli.run("cancel", "--when", "next 2 hours")
        assert ended.code == 2
        assert "--yes" in ended.err
        assert gateway.seen == []
        ended = cli.run("cancel", "--when", "next 2 hours", "--yes", "--json")
        assert [json.loads(line)["id"] for line in lines(ended.out)] == [job.id]

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            ((), "Which jobs?"),
            ((NO_JOB, "--all"), "Name the jobs or choose them by options, not both."),
            (("--status", "failed", "--yes"), "--status: failed is none of scheduled, running"),
            ((NO_JOB, NO_JOB.replace("0", "1"), "--if-version", "1"), "--if-version is about one job."),
        ],
        ids=["nothing", "both", "status", "version"],
    )
    def test_must_be_said_clearly(self, arguments: tuple[str, ...], told: str, cli: Program, gateway: Gateway) -> None:
        """F31."""
        ended = cli.run("cancel", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err
        assert gateway.seen == []

    def test_one_that_is_on_two_pages_is_one(self, cli: Program, service: Service, gateway: Gateway) -> None:
        job = stored(service)
        told = json.loads(cli.run("list", "--json").out)
        page = {"jobs": [told, told], "next_cursor": None}
        gateway.troubles.append(Canned(200, json.dumps(page).encode()))
        ended = cli.run("cancel", "--all", "--yes", "--quiet")
        assert (ended.code, ended.out) == (0, f"{job.id}\n")

    def test_none_is_no_error(self, cli: Program, service: Service) -> None:
        stored(service, Status.FAILED, due_in=-60)
        ended = cli.run("cancel", "--name", "x", "--yes")
        assert (ended.code, ended.out) == (0, "")
        assert ended.err == "No scheduled jobs match.\n"

    def test_ctrl_c_says_how_far_it_came(self, cli: Program, service: Service) -> None:
        jobs = [stored(service, due_in=3600 * n) for n in range(1, 401)]
        begun: list[None] = []
        typed = threading.Event()

        def hold_the_later_ones() -> None:
            service.store.before["replace"] = hold_the_later_ones
            begun.append(None)
            if len(begun) > 100:
                typed.wait(60)

        service.store.before["replace"] = hold_the_later_ones
        with cli.before_terminal("cancel", "--all", "--yes", columns=100) as terminal:
            terminal.wait_for(lambda text: re.search(r"[1-9]\d*/400", text) is not None)
            terminal.type("\x03")
            typed.set()
            assert terminal.finished() == 130
        (said,) = re.findall(r"Stopped\. Cancelled (\d+) of 400 jobs\.", terminal.text)
        cancelled = [job for job in jobs if service.store[job.id].status is Status.CANCELLED]
        assert 0 < len(cancelled) == int(said) < 400
        assert "Traceback" not in terminal.all_text


class TestRun:
    def test_moves_a_job_to_now(self, cli: Program, service: Service) -> None:
        job = stored(service, due_in=86_400)
        ended = cli.run("run", job.id, "--json")
        assert ended.code == 0
        assert json.loads(ended.out)["id"] == job.id
        assert service.store[job.id].due_at_ms == service.clock.ms

    def test_of_one_that_has_ended_is_a_conflict(self, cli: Program, service: Service) -> None:
        assert cli.run("run", stored(service, Status.CANCELLED, due_in=-60).id).code == 6

    def test_may_be_of_all_that_match(self, cli: Program, service: Service) -> None:
        jobs = [stored(service, due_in=60, name="purge") for _ in range(2)]
        ended = cli.run("run", "--name", "purge", "--yes", "-q")
        assert (ended.code, sorted(ended.out.split())) == (0, sorted(job.id for job in jobs))


class TestRerun:
    def test_makes_a_job_like_one_that_has_ended(self, cli: Program, service: Service) -> None:
        job = stored(service, Status.FAILED, due_in=-60)
        ended = cli.run("rerun", job.id, "--quiet")
        new = service.store[ended.out.strip()]
        assert ended.code == 0
        assert (new.rerun_of, new.request.url, new.status) == (job.id, job.request.url, Status.SCHEDULED)

    def test_with_one_key_makes_one_job(self, cli: Program, service: Service) -> None:
        job = stored(service, Status.SUCCEEDED, due_in=-60)
        made = {cli.run("rerun", job.id, "-q", "--idempotency-key", "k").out for _ in range(2)}
        assert len(made) == 1

    def test_with_one_key_and_no_job_named_is_a_mistake(self, cli: Program, service: Service) -> None:
        """The key would not count: the same line again would make another."""
        stored(service, Status.FAILED, due_in=-60)
        ended = cli.run("rerun", "--all", "--yes", "--idempotency-key", "k")
        assert (ended.code, ended.err) == (2, "Error: --idempotency-key is about one job: name it.\n")

    def test_of_a_range_takes_the_failed_ones(self, cli: Program, service: Service) -> None:
        failed = [stored(service, Status.FAILED, due_in=-60 * n).id for n in (2, 1)]
        stored(service, Status.SUCCEEDED, due_in=-90)
        with cli.before_terminal("rerun", "--when", "last 2 hours", columns=100) as terminal:
            terminal.wait_for("Run these 2 jobs again? [y/N]:")
            terminal.type("y\r")
            assert terminal.finished() == 0
        assert {job.rerun_of for job in service.store if job.rerun_of} == set(failed)

    def test_of_one_that_has_not_ended_is_a_conflict(self, cli: Program, service: Service) -> None:
        ended = cli.run("rerun", stored(service).id)
        assert (ended.code, "job_not_finished" in ended.err) == (6, True)


class TestWaiting:
    """What the deployed stack does by itself is done here by the test: jobs end as soon as they were moved."""

    @pytest.mark.parametrize(("status", "code"), [(Status.SUCCEEDED, 0), (Status.FAILED, 1)])
    def test_goes_by_the_outcome(self, status: Status, code: int, cli: Program, service: Service) -> None:
        job = stored(service, due_in=3600)
        service.store.after["replace"] = lambda: _end(service, job, status)
        ended = cli.run("run", job.id, "--wait", "--json")
        assert ended.code == code
        (told,) = lines(ended.out)
        assert json.loads(told)["status"] == status.value

    def test_of_several_names_those_that_failed(self, cli: Program, service: Service) -> None:
        good, bad = (stored(service, due_in=3600) for _ in range(2))

        def after_the_first() -> None:
            service.store.after["replace"] = after_the_second

        def after_the_second() -> None:
            _end(service, good, Status.SUCCEEDED)
            _end(service, bad, Status.FAILED)

        service.store.after["replace"] = after_the_first
        ended = cli.run("run", good.id, bad.id, "--wait", "--quiet")
        assert (ended.code, ended.out.split()) == (1, [good.id, bad.id])
        assert f"1 of 2 jobs did not succeed: {bad.id}." in ended.err


def _end(service: Service, job: Job, status: Status) -> None:
    now_ms = set_clock(service)
    found = service.store[job.id]
    service.store.put(replace(found, status=status, finished_at_ms=now_ms, expires_at_ms=now_ms + 86_400_000))


@pytest.mark.parametrize("option", ["--from", "--to", "--when", "--name", "--host"])
def test_an_option_that_is_empty_is_not_taken_for_none(option: str, cli: Program, service: Service) -> None:
    """F31: a variable that a script forgot to set must not make it all jobs."""
    job = stored(service)
    ended = cli.run("cancel", "--status", "scheduled", option, "", "--yes")
    assert (ended.code, ended.out) == (2, ""), ended
    assert service.store[job.id].status is Status.SCHEDULED
