"""The tab key: what the shell asks, and what it is answered."""

from __future__ import annotations

import subprocess

import pytest

from lambdas.jobs.job import Status
from tests.cli.programs import PROGRAM, Program
from tests.cli.stored import stored
from tests.client import gateway as gateways
from tests.handlers.recorded import Service


def completed(cli: Program, *words: str) -> list[str]:
    """What is offered for the last of these words, as bash asks for it."""
    line = " ".join(["punctual", *words])
    ended = cli.run(_PUNCTUAL_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words)))
    assert ended.err == ""
    return [line.partition(",")[2] for line in ended.out.splitlines() if line]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_the_program(shell: str, stranger: Program) -> None:
    ended = stranger.run("completion", shell)
    assert ended.code == 0
    assert f"_PUNCTUAL_COMPLETE={shell}_complete" in ended.out


def test_the_shell_is_the_one_that_the_user_has(stranger: Program) -> None:
    assert stranger.run("completion", SHELL="/usr/bin/fish").out == stranger.run("completion", "fish").out
    unknown = stranger.run("completion", SHELL="/bin/rc")
    assert (unknown.code, unknown.err.splitlines()[-1]) == (2, "Name one: bash, zsh, fish.")


def test_bash_takes_the_script(stranger: Program) -> None:
    script = stranger.run("completion", "bash").out
    program = " ".join(PROGRAM)
    asked = f'{script}\npunctual() {{ {program} "$@"; }}\ncomplete -p punctual'
    ended = subprocess.run(["bash", "-c", asked], env=stranger.environment, capture_output=True, text=True, check=True)
    assert "_punctual_completion punctual" in ended.stdout


def test_commands_are_completed(stranger: Program) -> None:
    assert completed(stranger, "who") == ["whoami"]


def test_options_are_completed(stranger: Program) -> None:
    assert completed(stranger, "whoami", "--js") == ["--json"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("keys", ""), ["list", "create", "revoke"]),
        (("keys", "re"), ["revoke"]),
        (("keys", "--js"), ["--json"]),
        (("targets", "a"), ["allow"]),
        (("--profile", "work", "who"), ["whoami"]),
        (("list", "--status", "f"), ["finished", "failed"]),
        (("list", "--status", "failed,c"), ["failed,cancelled"]),
    ],
    ids=str,
)
def test_what_stands_below_before_and_behind_is_completed(
    stranger: Program, words: tuple[str, ...], offered: list[str]
) -> None:
    assert completed(stranger, *words) == offered


@pytest.mark.parametrize("command", ["get", "history", "update", "cancel", "run", "rerun"])
def test_ids_of_jobs_are_completed_those_that_are_due_next_first(command: str, cli: Program, service: Service) -> None:
    ids = [
        stored(service, due_in=seconds, status=status).id
        for seconds, status in ((7200, Status.SCHEDULED), (-60, Status.FAILED), (60, Status.SCHEDULED))
    ]
    assert completed(cli, command, "job_") == [ids[2], ids[0], ids[1]]
    assert completed(cli, command, "joc") == []


def test_what_an_id_stands_for_is_told_to_shells_that_show_it(cli: Program, service: Service) -> None:
    stored(service, due_in=60, name="purge \x1b[2J items")
    ended = cli.run(_PUNCTUAL_COMPLETE="zsh_complete", COMP_WORDS="punctual get ", COMP_CWORD="2")
    assert "scheduled, in" in ended.out and r"purge \x1b[2J items" in ended.out
    assert "\x1b" not in ended.out


def test_ids_of_keys_are_completed(cli: Program) -> None:
    cli.run("keys", "create", "ci", "--scope", "jobs:read")
    assert completed(cli, "keys", "revoke", "") == cli.run("keys", "--quiet").out.split()


@pytest.mark.parametrize("trouble", [gateways.Canned(500), gateways.Lost()])
def test_nothing_is_offered_and_nothing_said_when_the_service_cannot_be_asked(
    trouble: gateways.Trouble, cli: Program, gateway: gateways.Gateway, stranger: Program
) -> None:
    gateway.troubles.append(trouble)
    assert completed(cli, "get", "job_") == []
    assert completed(stranger, "get", "job_") == []


def test_a_request_is_completed_as_far_as_it_can_be_known(cli: Program) -> None:
    """Its method, and whom to tell; what is half typed is no mistake yet."""
    assert completed(cli, "schedule", "P") == ["POST", "PUT", "PATCH"]
    assert "POST" not in completed(cli, "schedule", "GET", "P")
    assert completed(cli, "schedule", "--notify", "fai") == ["failed", "failed,succeeded"]
    assert completed(cli, "schedule", "--json=", "--wai") == ["--wait"]
