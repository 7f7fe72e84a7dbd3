"""Where everything that make generates lives. Only the standard library: `setup` runs before anything is installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The clone."""

LOCAL = ROOT / ".local"
"""Generated, git-ignored: tools, caches and, unless PUNCTUAL_STATE says otherwise, the running stack's state."""

PROJECT_VENV = ROOT / ".venv"
COMMAND_LINE = PROJECT_VENV / "bin" / "punctual"
EMULATOR_VENV = LOCAL / "emulator-venv"
NODE_VENV = LOCAL / "node-venv"
CHECKS_VENV = LOCAL / "checks-venv"
NODE_MODULES = ROOT / "node_modules"
CDK = NODE_MODULES / ".bin" / "cdk"


def python_of(venv: Path) -> Path:
    """The interpreter of a virtual environment."""
    return venv / "bin" / "python"


def tools_environment() -> dict[str, str]:
    """The environment in which npm and the CDK run: the project's Python and a recent Node come first on the PATH.

    PYTHONDONTWRITEBYTECODE is taken out because the AWS CDK library is big: compiling it anew for every
    synth costs seconds.
    """
    environment = dict(os.environ)
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME"):
        environment.pop(name, None)
    folders = [PROJECT_VENV / "bin"]
    if python_of(NODE_VENV).exists():
        folders.append(NODE_VENV / "bin")
    environment["PATH"] = os.pathsep.join([*map(str, folders), environment.get("PATH", os.defpath)])
    environment["VIRTUAL_ENV"] = str(PROJECT_VENV)
    return environment


def machine() -> str:
    """What a virtual environment depends on besides its lock: interpreter and place (scripts hold absolute paths)."""
    return f"{sys.version} {sys.base_prefix} {sys.platform} {ROOT}"
