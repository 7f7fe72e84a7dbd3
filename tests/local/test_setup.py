"""The set-up that runs before anything is installed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from local import paths, setup
from punctual.version import VERSION


def test_the_installer_is_pinned_with_its_hashes_by_the_lock() -> None:
    """pip installs uv before there is uv: the same version, checked the same way."""
    pin = setup.uv_pin()
    assert re.match(r"uv==\d+\.\d+\.\d+ \\\n", pin)
    assert all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in pin.splitlines()[1:])
    assert "--hash" in pin


def test_a_step_is_done_once_for_the_same_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second time takes no time and says nothing; other inputs do it anew."""
    done: list[str] = []
    for inputs in ("a", "a", "b"):
        setup.step("it", tmp_path, "lock", inputs, lambda inputs=inputs: done.append(inputs))  # type: ignore[misc]
    assert done == ["a", "b"]
    assert capsys.readouterr().out.count("fetching it") == 2


def test_a_step_that_failed_is_done_again(tmp_path: Path) -> None:
    """Half an installation must not pass for a whole one."""

    def fail() -> None:
        raise setup.SetupFailed("no network")

    done: list[str] = []
    with pytest.raises(setup.SetupFailed):
        setup.step("it", tmp_path, "lock", "a", fail)
    setup.step("it", tmp_path, "lock", "a", lambda: done.append("a"))
    assert done == ["a"]


def test_a_command_that_fails_is_shown_with_what_it_said() -> None:
    """What failed, the command, its last lines, and what the first use needs."""
    with pytest.raises(setup.SetupFailed) as failure:
        setup.run([sys.executable, "-c", "print('no route to host'); raise SystemExit(3)"], "It could not be fetched.")
    assert str(failure.value).startswith("It could not be fetched.")
    assert "no route to host" in str(failure.value)
    assert "network" in str(failure.value)


def test_it_needs_nothing_that_is_not_in_pythons_own_library() -> None:
    """`-S` leaves out site-packages; the import of anything else would fail."""
    command = [sys.executable, "-S", "-c", "import local.setup"]
    assert subprocess.run(command, cwd=paths.ROOT, check=False).returncode == 0


def test_it_leaves_the_command_line_of_this_clone(tmp_path: Path) -> None:
    """From any folder, in a clone whose path has a blank too: what runs is the clone's own code."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    program = folder / "punctual"
    interpreter = shlex.quote(str(paths.python_of(paths.PROJECT_VENV)))
    program.write_text(setup.COMMAND_LINE.replace(interpreter, shlex.quote(str(python))))
    program.chmod(0o755)
    told = subprocess.run([program, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout == f"punctual {VERSION}\n"
