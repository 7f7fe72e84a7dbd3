"""Streams that are closed or full, folders that cannot be written: told in a sentence, with a code of its own.

Exit code 1 is the failed job's, which is why nothing else may end with it.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.programs import Finished, Program
from tests.cli.users import KEY
from tests.client import gateway as gateways

SCHEDULE = "schedule https://shop.example.com/ --in 1h"


def in_shell(cli: Program, command: str) -> Finished:
    """What bash makes of a line in which `punctual` is the program."""
    ended = subprocess.run(
        ["bash", "-c", f'punctual() {{ "{sys.executable}" -m punctual.cli.main "$@"; }}; {command}'],
        env=dict(cli.environment),
        cwd=cli.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Finished(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["list", "list --json", SCHEDULE, "whoami", "stats", "--help"])
def test_a_closed_stream_takes_what_is_printed_and_changes_nothing_else(
    cli: Program, command: str, closed: str
) -> None:
    ended = in_shell(cli, f"punctual {command} {closed}")
    assert (ended.code, "Traceback" in ended.err) == (0, False), ended.err


@pytest.mark.parametrize("command", [f"{SCHEDULE} --json", "whoami", "whoami --json", "stats", "--help"])
def test_a_full_disk_is_told_and_is_no_failed_job(cli: Program, command: str) -> None:
    ended = in_shell(cli, f"punctual {command} > /dev/full")
    assert (ended.code, ended.err.splitlines()[-1]) == (74, "Error: The output: No space left on device.")
    assert "Traceback" not in ended.err and "Exception" not in ended.err


def test_import_from_a_stdin_that_is_closed_is_a_mistake_of_the_command_line(cli: Program) -> None:
    ended = cli.run("import", "-", stdin=None)
    assert (ended.code, ended.err) == (2, "Error: FILE: stdin is closed, so there is nothing to read.\n")


def test_a_folder_that_cannot_be_made_is_told(
    stranger: Program, gateway: gateways.Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "TOKEN", KEY)
    ended = stranger.run("login", "--key-stdin", gateway.url, stdin=KEY, XDG_CONFIG_HOME="/proc/none")
    assert (ended.code, "Traceback" in ended.err) == (74, False)
    assert ended.err.splitlines()[-1] == "Error: /proc/none: No such file or directory."


@pytest.mark.parametrize(
    "arguments",
    [
        ("schedule", "https://shop.example.com/?\udcff", "--in", "1h"),
        ("schedule", "https://shop.example.com/", "--in", "1h", "--name", "\udcff"),
        ("schedule", "https://shop.example.com/", "--in", "1h", 'a:="\\ud800"'),
        ("list", "--name", "\udcff"),
    ],
    ids=["url", "name", "field", "query"],
)
def test_what_is_no_text_is_a_mistake_of_the_command_line(cli: Program, arguments: tuple[str, ...]) -> None:
    ended = cli.run(*arguments)
    assert (ended.code, ended.out, "Traceback" in ended.err) == (2, "", False)
    assert "no text" in ended.err.splitlines()[-2]


def test_a_mistake_of_the_program_itself_is_no_failed_job(cli: Program) -> None:
    code = (
        "import sys; from punctual.cli import main, session;"
        "session.Session.client = property(lambda _: 1 / 0); sys.exit(main.main(['list']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env=dict(cli.environment), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 70
    assert "ZeroDivisionError" in ended.stderr and "a mistake in punctual itself" in ended.stderr
