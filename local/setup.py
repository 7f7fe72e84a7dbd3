"""Fetch what the project needs: `python3 -m local.setup`, which every word of the Makefile runs first.

Makes `.venv` (project and development), `.local/emulator-venv` (the emulator of AWS), `node_modules` (the CDK
command line) and, where the machine's Node is missing or older than 22, `.local/node-venv`. With the word `checks` also
`.local/checks-venv` (what looks for holes; `make check` alone needs it). Every step is stamped with a hash of its
inputs, so a second run does nothing and takes no time. Only the standard library is used.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local import paths

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 22
DISK_NEEDED_BYTES = 2 * 1024**3

DEV_LOCK = paths.ROOT / "requirements-dev.txt"
EMULATOR_LOCK = paths.ROOT / "local" / "requirements.txt"
CHECKS_LOCK = paths.ROOT / "local" / "requirements-checks.txt"
NODE_LOCK = paths.ROOT / "local" / "requirements-node.txt"
NPM_LOCK = paths.ROOT / "package-lock.json"


# `pip install .` makes its own; this one runs the clone's code, so that what is changed is what is tried.
# A shell starts it, because the path of the interpreter in a first line may hold no blank.
COMMAND_LINE = f"""#!/bin/sh
'''exec' {shlex.quote(str(paths.python_of(paths.PROJECT_VENV)))} "$0" "$@"
' '''
import sys

sys.path[0] = {str(paths.ROOT)!r}

from punctual.cli.main import main

sys.exit(main())
"""


class SetupFailed(Exception):
    """A step could not be done; the text says what went wrong and what to do."""


def main(module: str = "local.setup") -> int:
    """Do every step whose inputs have changed. Returns the exit status. `module` is what `python -m` was given."""
    with_checks = module == "local.setup" and "checks" in sys.argv[1:]
    if sys.version_info < OLDEST_PYTHON:
        return _start_again_with_a_newer_python(module)
    paths.LOCAL.mkdir(exist_ok=True)
    try:
        with open(paths.LOCAL / "setup.lock", "w") as lock:  # two makes in one clone take turns
            fcntl.flock(lock, fcntl.LOCK_EX)
            _fetch_everything(with_checks=with_checks)
    except SetupFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; what was fetched is kept.", file=sys.stderr)
        return 130
    return 0


def _fetch_everything(*, with_checks: bool) -> None:
    step("uv, the installer", paths.PROJECT_VENV, "uv", uv_pin(), _make_project_venv)
    with ThreadPoolExecutor() as pool:
        steps = [
            pool.submit(step, "Python packages", paths.PROJECT_VENV, "lock", DEV_LOCK.read_text(), _sync_project),
            pool.submit(
                step,
                "emulator of AWS",
                paths.EMULATOR_VENV,
                "lock",
                EMULATOR_LOCK.read_text(),
                _sync_emulator,
            ),
            pool.submit(_fetch_cdk),
        ]
        if with_checks:
            title, lock = "bandit, checkov and pip-audit", CHECKS_LOCK.read_text()
            steps.append(pool.submit(step, title, paths.CHECKS_VENV, "lock", lock, _sync_checks))
    for done in steps:
        done.result()
    _write_command_line()


def _fetch_cdk() -> None:
    if not _machine_has_recent_node():
        step("Node", paths.NODE_VENV, "lock", NODE_LOCK.read_text(), _sync_node)
    step("CDK command line", paths.NODE_MODULES, "lock", NPM_LOCK.read_text(), _install_cdk)


def step(title: str, folder: Path, name: str, inputs: str, action: Callable[[], None]) -> None:
    """Do `action` unless the stamp in `folder` says that it was done with these inputs."""
    stamp = folder / f".stamp-{name}"
    key = hashlib.sha256(f"{paths.machine()}\n{inputs}".encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == key:
        return
    if shutil.disk_usage(paths.ROOT).free < DISK_NEEDED_BYTES:
        raise SetupFailed(f"Less than 2 GB are free on the disk of {paths.ROOT}. Make room, then try again.")
    stamp.unlink(missing_ok=True)
    print(f"  fetching {title} ...", flush=True)
    started = time.monotonic()
    action()
    stamp.write_text(key)
    print(f"  fetched {title} in {time.monotonic() - started:.0f} s", flush=True)


def _make_project_venv() -> None:
    venv = paths.PROJECT_VENV
    run([sys.executable, "-m", "venv", "--clear", str(venv)], "Python could not make a virtual environment.")
    pin = venv / "uv.txt"
    pin.write_text(uv_pin())
    run(
        [str(paths.python_of(venv)), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(pin)],
        "uv could not be installed from PyPI.",
    )


def uv_pin() -> str:
    """The lock's own lines for uv, so that pip installs the same version and checks its hash."""
    found = re.search(r"^uv==(?:.*\\\n)*.*$", DEV_LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise SetupFailed("requirements-dev.txt does not pin uv: run `make lock`.")
    return found.group()


def _sync_project() -> None:
    _sync(paths.PROJECT_VENV, DEV_LOCK)


def _write_command_line() -> None:
    if paths.COMMAND_LINE.exists() and paths.COMMAND_LINE.read_text() == COMMAND_LINE:
        return
    paths.COMMAND_LINE.write_text(COMMAND_LINE)
    paths.COMMAND_LINE.chmod(0o755)


def _sync_emulator() -> None:
    _bare_venv(paths.EMULATOR_VENV)
    # Compiled now, because each Lambda worker imports from here and starts in half the time.
    _sync(paths.EMULATOR_VENV, EMULATOR_LOCK, "--compile-bytecode")


def _sync_checks() -> None:
    _bare_venv(paths.CHECKS_VENV)
    _sync(paths.CHECKS_VENV, CHECKS_LOCK)


def _sync_node() -> None:
    _bare_venv(paths.NODE_VENV)
    _sync(paths.NODE_VENV, NODE_LOCK)


def _bare_venv(venv: Path) -> None:
    run(
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(venv)],
        "Python could not make a virtual environment.",
    )


def _sync(venv: Path, lock: Path, *options: str) -> None:
    uv = str(paths.PROJECT_VENV / "bin" / "uv")
    command = [uv, "pip", "sync", "--quiet", "--require-hashes", *options]
    run(
        [*command, "--python", str(paths.python_of(venv)), str(lock)],
        f"The packages of {lock.relative_to(paths.ROOT)} could not be installed from PyPI.",
    )


def _install_cdk() -> None:
    run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        "The CDK could not be installed from npm.",
    )


def _machine_has_recent_node() -> bool:
    if shutil.which("npm") is None or shutil.which("node") is None:
        return False
    command = ["node", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # nosec B607  # the user's own
    major = re.match(r"v(\d+)\.", said)
    return major is not None and int(major.group(1)) >= OLDEST_NODE


def run(command: list[str], what_failed: str) -> None:
    done = subprocess.run(
        command,
        cwd=paths.ROOT,
        env=paths.tools_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        free = shutil.disk_usage(paths.ROOT).free / 1024**3
        last_lines = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-15:])
        raise SetupFailed(
            f"{what_failed} `{' '.join(command)}` said:\n{last_lines}\n"
            "The first use needs the network: PyPI and the npm registry, or mirrors of them that pip, uv and npm are "
            f"set up for. {free:.1f} GB of disk are free. On Debian and Ubuntu virtual environments come with the "
            "package python3-venv. Then run the same make again: what was fetched is kept."
        )


def _start_again_with_a_newer_python(module: str) -> int:
    for minor in range(14, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, "-m", module, *sys.argv[1:]])
    oldest = ".".join(map(str, OLDEST_PYTHON))
    print(
        f"This is Python {sys.version.split()[0]}; the project needs {oldest} or newer. Install one, or name it: "
        "make PYTHON=/path/to/python3.12 ...",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
