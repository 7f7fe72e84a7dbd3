"""What README and docs show works as it stands there: a shell runs every command, with this machine's own curl."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from description.words import FENCED, ROOT, answer
from local import paths
from tests.live.deployed_stack import DeployedStack, eventually
from tests.live.target import Reply, Target
from tests.services.missing import require
from tests.shown import Reading, Shown, commands, documented

pytestmark = pytest.mark.live

SECONDS = 30
"""What was asked for happens, and lists and counts follow it: so long a reader may have to look again."""
CURL = '#!/bin/sh\nexec "{curl}" --dump-header "{head}" "$@"\n'
"""What stands in for curl: curl itself, which notes the status and the headers too."""


@dataclass(frozen=True)
class Seen:
    """What the reader saw of an answer."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Shell:
    """A reader's shell. What one command sets, the next one knows."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        curl = shutil.which("curl")
        require(curl is not None, "the commands of the documents need curl")
        self._folder = folder
        self._head = folder / "head"
        path = f"{folder}:{os.environ['PATH']}"
        self._variables = {**os.environ, **variables, "PATH": path, "HOME": str(folder)}  # there is no .curlrc
        program = folder / "curl"
        program.write_text(CURL.format(curl=curl, head=self._head))
        program.chmod(0o755)

    def run(self, command: str) -> Seen | None:
        """Paste a command. Returns what curl saw, if it is one of curl."""
        self._head.unlink(missing_ok=True)
        script = f"set -aeu\n{command}\nenv -0 > variables"
        done = subprocess.run(
            ["sh", "-c", script], cwd=self._folder, env=self._variables, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        entries = (self._folder / "variables").read_text().split("\0")
        self._variables = dict(entry.split("=", 1) for entry in entries if entry)
        if not self._head.exists():
            return None
        status, *lines = self._head.read_text().strip().splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Seen(int(status.split()[1]), headers, json.loads(done.stdout) if done.stdout else None)


def follow(page: str, shell: Shell, reading: Reading) -> None:
    """Paste every command of a page, in its order, and compare what comes with what is shown."""
    pasted = list(commands(page))
    assert pasted
    for shown in pasted:
        check(shown, shell, reading)


def check(shown: Shown, shell: Shell, reading: Reading) -> None:
    """Paste one command, a reading one until its answer is as shown. Fails the test if it does not come to that."""
    wanted = None if shown.answer is None else answer(shown.answer)

    def paste() -> tuple[Seen | None, list[str]]:
        seen = shell.run(reading.own(shown.command))
        if shown.route is None:
            return None, []
        assert seen is not None
        return seen, [] if wanted is None else reading.faults(wanted, seen.body)

    again = SECONDS if shown.route is not None and shown.route[0] == "GET" else 0
    seen, faults = eventually(paste, lambda each: not each[1], within_seconds=again)
    assert faults == [], f"{shown}\n{seen}"
    if seen is not None and shown.route is not None:
        status, headers = documented(shown.route)
        if wanted is not None and "errors" in wanted:
            status, headers = wanted["status"], set()  # a refusal says so itself
        assert seen.status == status, f"{shown}\n{seen}"
        assert {name.lower() for name in headers} <= seen.headers.keys(), f"{shown}\n{seen}"


def the_shop(receiver: Target) -> dict[str, str]:
    """What the reader puts in for the pages' server, which does as the pages tell."""
    receiver.answer("/api/state", Reply(200, "<html>Not yet.</html>", {"Content-Type": "text/html"}))
    for path in ("/api/items/_delete", "/api/sales"):
        receiver.answer(path, Reply(503, "try again later", {"Retry-After": "600"}))
    place = f"127.0.0.1:{receiver.port}"
    return {
        "https://shop.example.com": f"http://{place}",
        "shop.example.com": place,
    }


def test_the_api_page_can_be_pasted_from_top_to_bottom(stack: DeployedStack, receiver: Target, tmp_path: Path) -> None:
    """By somebody new, who puts in the ids that they are answered, and a server of theirs."""
    reader = stack.sign_in("reader@example.com")
    shell = Shell(tmp_path, {"API": stack.api_url, "TOKEN": reader.token})
    follow("docs/api.md", shell, Reading({"https://jobs.example.com": stack.api_url, **the_shop(receiver)}))


def test_the_page_for_receivers_can_be_pasted(stack: DeployedStack, tmp_path: Path) -> None:
    reader = stack.sign_in("receiver@example.com")
    follow("docs/receiving.md", Shell(tmp_path, {"API": stack.api_url, "TOKEN": reader.token}), Reading({}))


def test_the_readme_leads_from_a_start_to_a_fired_job(stack: DeployedStack, tmp_path: Path) -> None:
    """In the folder of `make run`, with its target; and its terminal shows the two lines that the page shows."""
    known = {**stack.description, "token": stack.sign_in("first-minute@example.com").token}
    (tmp_path / ".venv").symlink_to(paths.PROJECT_VENV)
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(known))
    terminal = stack.state.with_name("run.log")
    port = re.search(r"target +http://localhost:(\d+)", terminal.read_text())
    assert port is not None
    reading = Reading({"localhost:4567": f"127.0.0.1:{port[1]}", "from localhost": "from 127.0.0.1"})
    follow("README.md", Shell(tmp_path, {"API": stack.api_url, "TOKEN": known["token"]}), reading)

    (_, shown), *_ = FENCED.findall((ROOT / "README.md").read_text().partition("two lines appear")[2])
    told = [
        re.sub(r"job_\w+|\d+", lambda found: found[0] if "_" in found[0] else r"\d+", re.escape(line))
        for line in reading.own(shown).splitlines()
    ]
    missing = eventually(
        lambda: [line for line in told if not re.search(line, terminal.read_text())],
        lambda lines: not lines,
        within_seconds=SECONDS,
    )
    assert told and missing == []
