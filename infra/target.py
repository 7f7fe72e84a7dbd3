"""The interpreter and machine that a function runs on, which its package and its template must both match."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib.util import MAGIC_NUMBER


@dataclass(frozen=True)
class Target:
    """A Python version, a machine, and uv's name of the platform (None: this machine, whatever it is)."""

    python: tuple[int, int]
    arm: bool
    platform: str | None

    @property
    def python_version(self) -> str:
        """As AWS and uv write it: "3.14"."""
        return "{}.{}".format(*self.python)

    @property
    def has_this_python(self) -> bool:
        """Whether byte code made here is good there: it counts only for the Python version that made it."""
        return self.python == sys.version_info[:2]

    @property
    def fingerprint(self) -> str:
        """Tells apart what must not share a package."""
        here = f"{sys.platform} {platform.machine()} {platform.libc_ver()}" if self.platform is None else ""
        byte_code = MAGIC_NUMBER.hex() if self.has_this_python else ""
        return f"{self.python_version} {self.platform} {here} {byte_code}"


# Every locked wheel exists for CPython 3.14 on aarch64, AWS's newest runtime; Graviton costs a fifth less than x86.
AWS = Target(python=(3, 14), arm=True, platform="aarch64-manylinux_2_28")

# The emulator runs handlers on the interpreter it runs on itself, which `make` takes from this one.
THIS_MACHINE = Target(
    python=(sys.version_info[0], sys.version_info[1]),
    arm=platform.machine() in ("arm64", "aarch64"),
    platform=None,
)
