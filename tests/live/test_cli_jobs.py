"""The real program before the deployed stack: jobs are listed, shown, changed, run, watched and cancelled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.programs import Program, lines, program
from tests.cli.test_watch import lines_of
from tests.live.deployed_stack import DeployedStack, eventually
from tests.live.target import Reply, Target

pytestmark = pytest.mark.live


def owner(stack: DeployedStack, folder: Path, name: str) -> Program:
    """The program of a user with jobs of their own."""
    return program(folder, stack.api_url, stack.sign_in(name).token)


def scheduled(cli: Program, *words: str) -> str:
    """The id of a new job."""
    ended = cli.run("schedule", *words, "--quiet")
    assert ended.code == 0, ended
    return ended.out.strip()


def test_jobs_are_listed_shown_changed_and_cancelled(stack: DeployedStack, receiver: Target, tmp_path: Path) -> None:
    cli = owner(stack, tmp_path, "lists@example.com")
    url = receiver.url("/cli/listed")
    ids = [scheduled(cli, "PUT", url, "--in", f"{n}h", "--name", f"purge {n}", "-d", "byte\n") for n in (1, 2, 3)]

    listed = eventually(
        lambda: cli.run("list", "--quiet").out.split(), lambda found: len(found) == 3, within_seconds=20
    )
    assert listed == ids
    assert cli.run("list", "next 90 minutes", "--status", "scheduled", "-q").out.split() == ids[:1]
    with cli.before_terminal("list", columns=80) as terminal:
        assert terminal.finished() == 0
    assert all(job_id in terminal.text for job_id in ids) and "purge 2" in terminal.text
    assert cli.run("get", ids[0], "--body").out == "byte\n"

    updated = cli.run("update", ids[0], "--in", "5h", "--name", "kept", "--if-version", "1")
    assert (updated.code, "name: purge 1 → kept" in updated.out) == (0, True), updated
    overtaken = cli.run("update", ids[0], "--name", "late", "--if-version", "1")
    assert (overtaken.code, "Somebody was faster" in overtaken.err) == (6, True), overtaken
    with cli.before_terminal("get", ids[0], columns=80, rows=40) as terminal:
        assert terminal.finished() == 0
    shown = " ".join(terminal.text.split())
    assert "kept" in shown and f"PUT {url}" in shown and "in 4 hours 59 minutes" in shown

    with cli.before_terminal("cancel", "--name", "purge", columns=100) as terminal:
        terminal.wait_for("Cancel these 2 jobs? [y/N]:")
        terminal.type("y\r")
        assert terminal.finished() == 0
    assert json.loads(cli.run("get", ids[1], "--json").out)["status"] == "cancelled"
    again = cli.run("cancel", "-", "--quiet", stdin="\n".join(ids))
    assert (again.code, again.out.split()) == (0, ids)


def test_a_job_is_run_fails_is_explained_and_run_again(stack: DeployedStack, receiver: Target, tmp_path: Path) -> None:
    cli = owner(stack, tmp_path, "reruns@example.com")
    receiver.answer("/cli/run", Reply(status=404, body="no \x1b[2Jsuch thing"), Reply())
    job_id = scheduled(cli, receiver.url("/cli/run"), "--in", "1h")

    with cli.before_terminal("run", job_id, "--wait", columns=100) as terminal:
        assert terminal.finished() == 1
    assert "404" in terminal.text and "\x1b[2J" not in terminal.raw.decode()
    with cli.before_terminal("history", job_id, columns=100) as terminal:
        assert terminal.finished() == 0
    assert "404  ✗ failed" in terminal.text and "(status_permanent)" in terminal.text
    number, _began, outcome, status, *_ = cli.run("history", job_id).out.split("\t")
    assert (number, outcome, status) == ("1", "failed", "404")
    assert cli.run("run", job_id).code == 6

    eventually(
        lambda: cli.run("list", "-s", "failed", "-q").out.split(), lambda ids: ids == [job_id], within_seconds=20
    )
    again = cli.run("rerun", "--when", "last 2 hours", "--yes", "--wait", "--json")
    assert again.code == 0, again
    (told,) = lines(again.out)
    assert (json.loads(told)["rerun_of"], json.loads(told)["status"]) == (job_id, "succeeded")
    assert len(receiver.requests("/cli/run")) == 2


def test_what_happens_is_watched(stack: DeployedStack, receiver: Target, tmp_path: Path) -> None:
    cli = owner(stack, tmp_path, "watches@example.com")
    with lines_of(cli, "--json") as told:
        assert next(told).startswith("Watching.")
        job_id = scheduled(cli, receiver.url("/cli/watched"), "--in", "1h", "--name", "watched")
        with cli.before_terminal("watch", columns=140) as terminal:
            terminal.wait_for("○ scheduled")
            assert cli.run("run", job_id).code == 0
            shown = terminal.wait_for(lambda text: "✓ succeeded" in text and "Nothing is to come." in text)
            assert job_id in shown
            terminal.type("q")
            assert terminal.finished() == 0
            assert terminal.echoes
        changes = [json.loads(next(told))]
        while changes[-1]["change"] != "succeeded":
            changes.append(json.loads(next(told)))
        assert {change["job"]["id"] for change in changes} == {job_id}
