"""The real program before the deployed stack: many jobs from a file, counted, by a program's own key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.programs import Program, lines, program
from tests.cli.test_completion import completed
from tests.live.deployed_stack import DeployedStack, eventually
from tests.live.target import Reply, Target

pytestmark = pytest.mark.live


def owner(stack: DeployedStack, folder: Path, name: str) -> Program:
    """The program of a user with jobs of their own."""
    return program(folder, stack.api_url, stack.sign_in(name).token)


def test_a_file_of_jobs_is_imported_once_fires_and_is_counted(
    stack: DeployedStack, receiver: Target, tmp_path: Path
) -> None:
    cli = owner(stack, tmp_path, "imports@example.com")
    receiver.answer("/imports/2", Reply(status=404))
    rows = [f'{receiver.url(f"/imports/{n}")},PUT,3s,"{{""n"": {n}}}"' for n in (1, 2)]
    (tmp_path / "jobs.csv").write_text("\n".join(["url,method,in,json", *rows]) + "\n")

    imported = cli.run("import", "jobs.csv", "--quiet")
    assert (imported.code, len(lines(imported.out))) == (0, 2), imported
    assert cli.run("import", "jobs.csv").err == "0 scheduled, 2 there before.\n"

    first, second = (receiver.wait_for(f"/imports/{n}", within_seconds=30)[0] for n in (1, 2))
    assert (first.method, json.loads(first.body), json.loads(second.body)) == ("PUT", {"n": 1}, {"n": 2})
    counted = eventually(
        lambda: json.loads(cli.run("stats", "yesterday..tomorrow", "--json").out)["totals"],
        lambda totals: (totals["succeeded"], totals["failed"]) == (1, 1),
        within_seconds=30,
    )
    assert sum(counted.values()) == 2
    with cli.before_terminal("stats", "yesterday..tomorrow") as terminal:  # today may have ended meanwhile
        assert terminal.finished() == 0
    assert "█ succeeded 1  × failed 1" in terminal.text

    exported = [json.loads(line) for line in lines(cli.run("export", "--status", "failed").out)]
    assert [(job["url"], job["body"]) for job in exported] == [(receiver.url("/imports/2"), {"n": 2})]
    assert sorted(completed(cli, "get", "job_")) == sorted(lines(imported.out))


def test_a_key_that_was_made_at_the_command_line_signs_a_program_in(stack: DeployedStack, tmp_path: Path) -> None:
    cli = owner(stack, tmp_path, "makes-keys@example.com")
    made = cli.run("keys", "create", "ci", "--scope", "jobs:read")
    key = made.out.strip()
    assert made.code == 0 and key.startswith("punctual_live_")

    robot = program(tmp_path, stack.api_url, key)
    assert robot.run("stats", "--quiet").code == 0
    assert robot.run("targets").err == "No host is in trouble.\n"
    assert robot.run("keys").code == 4  # its scope is another
    assert cli.run("keys", "revoke", cli.run("keys", "--quiet").out.strip()).code == 0
    assert cli.run("keys").err == "There are no keys. Make one with `punctual keys create`.\n"
