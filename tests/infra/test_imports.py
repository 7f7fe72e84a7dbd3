"""Cold starts stay short: what each function imports of our own code before its first request, counted.

Timing would tell more and fail by chance. What our own code costs at import is mostly its dataclasses (some 0.5 ms of
CPU each), so these are counted too. Figures in milliseconds are `make bench ARGS="--only packages"`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.packaging import FUNCTIONS, packages
from infra.target import THIS_MACHINE


class Imported(NamedTuple):
    """How many modules of ours, and how many dataclasses they make."""

    modules: int
    dataclasses: int


MOST = {
    "authorize": Imported(13, 2),
    "api": Imported(40, 22),
    "check": Imported(42, 36),
    "hand_off": Imported(15, 5),
    "sweep": Imported(15, 6),
    "fire": Imported(29, 26),
    "bury": Imported(28, 22),
    "count": Imported(15, 15),
}
"""What may be there once a handler is imported. Before a figure is raised: can what is new be imported by those
requests that need it? Is it there for annotations alone? Would a NamedTuple do for a dataclass?"""

PROBE = """
import dataclasses, importlib, json, sys
sys.path.insert(0, sys.argv[1])
importlib.import_module(f"lambdas.handlers.{sys.argv[2]}")
ours = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "lambdas"}
made = [
    f"{name}.{member}"
    for name, module in ours.items()
    for member, value in vars(module).items()
    if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == name
]
print(json.dumps([sorted(ours), sorted(made)]))
"""


@pytest.fixture(scope="module")
def here() -> dict[str, Path]:
    """The packages for this machine, kept from one run to the next."""
    return packages(THIS_MACHINE)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_no_more_than_it_needs_for_any_request(
    function: str, here: dict[str, Path], tmp_path: Path
) -> None:
    """Fresh, from its package."""
    with zipfile.ZipFile(here[function]) as archive:
        archive.extractall(tmp_path)
    command = [sys.executable, "-I", "-S", "-B", "-c", PROBE, str(tmp_path), function]
    done = subprocess.run(command, env={}, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules, dataclasses = json.loads(done.stdout)
    most, told = MOST[function], "\n  ".join(["imports", *modules, "and makes", *dataclasses])
    assert len(modules) <= most.modules and len(dataclasses) <= most.dataclasses, told
