"""The CloudFormation template: `python -m local.synth` writes it into cdk.out, `cached` keeps one for each input.

Synthesis fails if the template breaks a rule of cdk-nag that is not acknowledged: `make check` relies on it.
It takes 6 to 18 seconds, most of it starting the CDK's own engine; a start of the local stack with nothing
changed finds the last result by a hash of all that went into it.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from local import paths, tool
from local.progress import RunFailed

CACHE = paths.LOCAL / "synth"
KEPT = 4
"""So many results are kept: the stack's, the tests' own, and those of settings that one goes back and forth between."""
INPUTS = (
    *("app.py", "cdk.json", "infra", "lambdas", "pyproject.toml", "requirements.txt", "package-lock.json"),
    *("description", "docs/api.md", "docs/errors.md", "docs/receiving.md"),
)
"""All that the template and the packaged functions are made from."""


def cached(context: Mapping[str, str]) -> Path:
    """The cloud assembly for this context, synthesised if no earlier one had the same inputs. Raises RunFailed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:  # two copies that start at once share one synthesis
        fcntl.flock(lock, fcntl.LOCK_EX)
        assembly = CACHE / cache_key(context, paths.ROOT)
        if not assembly.exists():
            unfinished = CACHE / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            synthesise(context, unfinished)
            unfinished.rename(assembly)
        os.utime(assembly)
        _forget_all_but_latest(KEPT)
    return assembly


def cache_key(context: Mapping[str, str], root: Path) -> str:
    """A hash of the sources below `root`, the settings and the machine's Python."""
    digest = hashlib.sha256(json.dumps([paths.machine(), dict(sorted(context.items()))]).encode())
    for file in _source_files(root):
        digest.update(f"{file.relative_to(root)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:24]


def synthesise(context: Mapping[str, str], out: Path) -> None:
    """Write the cloud assembly into `out`, without an account. Raises RunFailed."""
    settings = [word for name, value in context.items() for word in ("--context", f"{name}={value}")]
    tool.run(
        [str(paths.CDK), "synth", "--quiet", "--output", str(out), "--no-notices", *settings],
        what="Making the template (cdk synth)",
        log=paths.LOCAL / "synth.log",
        cwd=paths.ROOT,
        environment=environment(),
    )


def environment() -> dict[str, str]:
    """The tools' environment without anything of AWS: no real account is ever asked or touched."""
    kept = {name: value for name, value in paths.tools_environment().items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }


def _source_files(root: Path) -> Iterable[Path]:
    for name in INPUTS:
        place = root / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)


def _forget_all_but_latest(count: int) -> None:
    assemblies = [place for place in CACHE.iterdir() if place.is_dir()]
    for old in sorted(assemblies, key=lambda place: place.stat().st_mtime, reverse=True)[count:]:
        shutil.rmtree(old, ignore_errors=True)


def main() -> int:
    """Write the template of the default stage into cdk.out. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.synth", description=__doc__)
    parser.add_argument("--out", type=Path, default=paths.ROOT / "cdk.out", help="where to (default: cdk.out)")
    parser.add_argument("--context", action="append", default=[], metavar="NAME=VALUE", help="a setting of the stage")
    arguments = parser.parse_args()
    context = dict(setting.split("=", 1) for setting in arguments.context)
    try:
        synthesise(context, arguments.out)
    except RunFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"The template is in {arguments.out}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
