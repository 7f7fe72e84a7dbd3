"""What a cold start pays: CPU to import a function's packaged handler, beside a bare DynamoDB client made from the
same package; and the size of each package.

Each import is a fresh process with nothing but the unpacked zip on its path, and the functions take turns, so that
all see the same machine. Measured is this machine's package, because AWS's (arm64, another Python) cannot run here.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench import template
from bench.figures import Figure, Part
from infra.packaging import FUNCTIONS, packages, unzipped_bytes
from infra.target import AWS, THIS_MACHINE
from local.emulator import REGION

LARGEST_RATIO = {"api": (1.7,), "fire": (1.2,), "hand_off": (1.15,), "sweep": (1.15,)}
LARGEST_MB = {"api": (18.0,), "fire": (11.0,)}
"""Unzipped: what a cold start loads from."""

BARE = f"import botocore.session; botocore.session.get_session().create_client('dynamodb', region_name={REGION!r})"
HANDLER = "import lambdas.handlers.{function}"
READY = HANDLER + "; import lambdas.wiring; lambdas.wiring.{function}_parts()"
"""What a function does until it can begin with its first event: its handler, its clients."""

MEASURED = "import sys, time; sys.path.insert(0, {folder!r}); {code}; print(time.process_time() * 1000)"

CALLER = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",  # nosec B105  # nobody is called
}

CpuMs = Mapping[tuple[str, str], Sequence[float]]
"""By function, and what was run ("bare", "handler", "ready"), round by round."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The folders of all packages, with their byte code and without any."""

    compiled: Mapping[str, Path]
    plain: Mapping[str, Path]


def measure(quick: bool) -> Part:
    """A minute, and half a minute more when the packages have to be made first; quick a quarter of that."""
    here, aws = packages(THIS_MACHINE), packages(AWS)
    with tempfile.TemporaryDirectory() as folder:
        unpacked = _unpacked(here, Path(folder))
        compiled = _rounds(3 if quick else 15, unpacked.compiled, {"bare": BARE, "handler": HANDLER, "ready": READY})
        plain = _rounds(1 if quick else 5, unpacked.plain, {"bare": BARE, "handler": HANDLER})
    figures = [
        *(_import(function, compiled, "handler", LARGEST_RATIO.get(function, ())) for function in FUNCTIONS),
        *(_import(function, compiled, "ready") for function in FUNCTIONS),
        *(_import(function, plain, "handler", note=", without .pyc") for function in FUNCTIONS),
        *(_size(function, here[function], "here", "with .pyc for this machine") for function in FUNCTIONS),
        *(_size(function, aws[function], "aws", f"for AWS{_byte_code_note()}") for function in FUNCTIONS),
    ]
    details = {
        f"{what}_cpu_ms:{function}": statistics.median(taken) for (function, what), taken in compiled.items()
    } | {f"plain_{what}_cpu_ms:{function}": statistics.median(taken) for (function, what), taken in plain.items()}
    return Part(tuple(figures), details)


def _unpacked(zips: Mapping[str, Path], folder: Path) -> Unpacked:
    compiled, plain = {}, {}
    for function, package in zips.items():
        compiled[function], plain[function] = folder / "compiled" / function, folder / "plain" / function
        for place in (compiled[function], plain[function]):
            with zipfile.ZipFile(package) as archive:
                archive.extractall(place)
        for byte_code in list(plain[function].rglob("__pycache__")):
            shutil.rmtree(byte_code)
    return Unpacked(compiled, plain)


def _rounds(count: int, folders: Mapping[str, Path], programs: Mapping[str, str]) -> CpuMs:
    taken: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(count):
        for function, folder in folders.items():
            for what, program in programs.items():
                taken[function, what].append(_cpu_ms(folder, program.format(function=function)))
    return taken


def _cpu_ms(folder: Path, code: str) -> float:
    """CPU of a whole process, the start of Python included (some 7 ms)."""
    # Isolated, without site-packages, and without leaving byte code for the next round.
    command = [sys.executable, "-I", "-S", "-B", "-c", MEASURED.format(folder=str(folder), code=code)]
    environment = {"PATH": os.environ.get("PATH", os.defpath), **_variables(), **CALLER}
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


@cache
def _variables() -> Mapping[str, str]:
    return template.variables()


def _import(function: str, taken: CpuMs, what: str, largest: tuple[float, ...] = (), *, note: str = "") -> Figure:
    """The ratio is the median of what each round gave: a round's processes ran one after the other."""
    mine, bare = taken[function, what], taken[function, "bare"]
    ratio = statistics.median(cpu / floor for cpu, floor in zip(mine, bare, strict=True))
    verb = "import" if what == "handler" else "import, and make its clients"
    return Figure(
        key=f"{what}-{function}{'-plain' if note else ''}",
        name=f"{function}: {verb}{note}",
        unit="×, ms",
        values=(ratio, statistics.median(mine)),
        targets=largest,
        floor=(1.0, statistics.median(bare)),
    )


def _byte_code_note() -> str:
    return (
        ", with .pyc" if AWS.has_this_python else f", without .pyc (made by another Python than {AWS.python_version})"
    )


def _size(function: str, package: Path, where: str, note: str) -> Figure:
    return Figure(
        key=f"size-{function}-{where}",
        name=f"{function}, {note}: unzipped / zipped",
        unit="MB",
        values=(unzipped_bytes(package) / 1e6, package.stat().st_size / 1e6),
        targets=LARGEST_MB.get(function, ()),
    )
