"""What `pip install .` and `uv tool install .` give: the wheel, in a virtual environment of its own."""

from __future__ import annotations

import ast
import os
import re
import site
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from punctual.version import VERSION
from tests.cli.programs import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as pip builds it, by the pinned hatchling; that needs no network."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as opened:
        return message_from_bytes(opened.read(f"punctual-{VERSION}.dist-info/METADATA"))


def test_it_holds_the_client_and_the_command_line_and_nothing_else(wheel: Path) -> None:
    """All of `punctual/`, the mark that it is typed too."""
    with zipfile.ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if ".dist-info/" not in name}
    tree = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "punctual"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert packed == set(tree.stdout.split())
    assert "punctual/py.typed" in packed and "punctual/cli/commands/login.py" in packed


def test_it_asks_for_all_that_it_imports(metadata: Message) -> None:
    """Or it works here, where everything is installed, and nowhere else. keyring is an extra."""
    asked = metadata.get_all("Requires-Dist") or []
    needed = {name_of(line) for line in asked if "extra ==" not in line}
    extras = {name_of(line) for line in asked if "extra ==" in line}
    imported = {
        name.partition(".")[0]
        for file in (ROOT / "punctual").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for name in imported_by(node)
    }
    foreign = imported - sys.stdlib_module_names - {"punctual"}
    assert {"click", "rich", "platformdirs", "urllib3"} <= foreign <= needed | extras
    assert extras == {"keyring"} and not extras & needed


def name_of(requirement: str) -> str:
    return re.split(r"[^\w-]", requirement, maxsplit=1)[0].replace("-", "_")


def imported_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_installed_it_is_the_program(wheel: Path, tmp_path: Path) -> None:
    """In an environment where nothing of this clone is but the libraries that it asks for."""
    place = tmp_path / "installed"
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python"]
    subprocess.run([*install, str(python), str(wheel)], check=True, capture_output=True, timeout=120)
    (packages,) = (place / "lib").glob("python*/site-packages")
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()))

    environment = {"PATH": os.defpath, "HOME": str(tmp_path)}
    for arguments, said in (
        (["--version"], f"punctual {VERSION}\n"),
        (["--help"], "Usage: punctual [OPTIONS] COMMAND"),
        (["login", "--help"], "punctual login --no-browser"),
    ):
        ended = subprocess.run(
            [place / "bin" / "punctual", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert said in ended.stdout
    where = "import punctual, punctual.cli.main; print(punctual.__file__)"
    ended = subprocess.run(
        [python, "-c", where], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == str(packages / "punctual" / "__init__.py")
