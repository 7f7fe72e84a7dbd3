"""`make run` before it starts anything, and the page it ends its start with."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from local import paths, welcome
from local.run import Journal
from local.try_target import arrival_line

DESCRIPTION = {
    "api_url": "http://localhost:4566/_aws/execute-api/9a7c41d2",
    "aws_endpoint_url": "http://127.0.0.1:4566",
    "token": "a.b.c",
}


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    """What `make run` runs, with these settings."""
    return subprocess.run(
        [sys.executable, "-m", "local.run"],
        cwd=paths.ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_second_copy_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    """They would overwrite each other's state; the message shows a command for a copy beside the first."""
    with open(tmp_path / "run.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = run(PUNCTUAL_STATE=str(tmp_path))
    assert refused.returncode == 1
    assert f"PUNCTUAL_STATE={tmp_path}/second" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_setting_that_cannot_be_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Not in a traceback, and before anything was made."""
    refused = run(PUNCTUAL_STATE=str(tmp_path / "state"), PUNCTUAL_PORT="many")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "PUNCTUAL_PORT is 'many'" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "state").exists()


def test_the_page_has_three_commands_to_paste() -> None:
    """Schedule, read, list: with short paths, because they are pasted in the clone."""
    page = welcome.page(seconds=8.4, description=DESCRIPTION, target_url="http://localhost:4567", state=paths.LOCAL)
    commands = [block for block in page.split("\n\n") if block.startswith("curl")]
    assert len(commands) == 3
    assert all("-H @.local/authorization" in command for command in commands)
    assert '"url": "http://localhost:4567/ok", "delay_seconds": 15' in commands[0]
    assert "Ready in 8 s." in page


def test_the_command_line_comes_first(tmp_path: Path) -> None:
    """It finds the default folder by itself, and another one by the setting that `make run` was given too."""
    url = "http://localhost:4567"
    page = welcome.page(seconds=8, description=DESCRIPTION, target_url=url, state=paths.LOCAL)
    assert f"\n\n.venv/bin/punctual schedule DELETE {url}/ok --in 5s --wait\n" in page
    assert page.index(".venv/bin/punctual list\n") < page.index("\ncurl ")
    inside = welcome.page(seconds=8, description=DESCRIPTION, target_url=url, state=paths.LOCAL / "second")
    assert "\nPUNCTUAL_STATE=.local/second .venv/bin/punctual list\n" in inside
    elsewhere = welcome.page(seconds=8, description=DESCRIPTION, target_url=url, state=tmp_path)
    folder, program = shlex.quote(str(tmp_path)), shlex.quote(str(paths.COMMAND_LINE))
    assert f"\nPUNCTUAL_STATE={folder} {program} list\n" in elsewhere


def test_the_page_of_a_copy_elsewhere_has_whole_paths(tmp_path: Path) -> None:
    """PUNCTUAL_STATE may be anywhere."""
    page = welcome.page(seconds=8, description=DESCRIPTION, target_url="http://localhost:4567", state=tmp_path)
    assert f"-H @{tmp_path}/authorization" in page


@pytest.mark.parametrize("place", ["terminal", "file"])
def test_what_functions_and_requests_say_stays_one_line_and_steers_nothing(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T8: neither a line of its own nor an escape, in the terminal and in the log's file, from a log line (in JSON,
    whose escapes are undone for people), from a text that is no JSON, and from a request to the target."""
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\u2028\u202e12:00:00.000  forged"
    with Journal(tmp_path) as journal:
        journal.write("Fire", json.dumps({"level": "ERROR", "message": hostile, "service": "fire", "x": hostile}))
        journal.write("Fire", f"Traceback {hostile}".replace("\n", ""))
        journal.say(arrival_line("GET", f"/{hostile}", hostile, "1", 0))
    said = capsys.readouterr().out if place == "terminal" else (tmp_path / "logs" / "functions.log").read_text()
    lines = said.removesuffix("\n").split("\n")
    assert len(lines) == (3 if place == "terminal" else 2)
    assert all(line.isprintable() and "forged" in line for line in lines)
