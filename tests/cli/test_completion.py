"""The tab key: what the shell asks, and what it is answered."""

from __future__ import annotations

import subprocess

import pytest

from tests.cli.programs import PROGRAM, Program


def completed(cli: Program, *words: str) -> list[str]:
    """What is offered for the last of these words, as bash asks for it."""
    line = " ".join(["punctual", *words])
    ended = cli.run(_PUNCTUAL_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words)))
    assert ended.err == ""
    return [line.partition(",")[2] for line in ended.out.splitlines()]


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
