"""The locked wheels of a function, fetched ready-made for the machine they will run on, without what none needs.

No Docker and no compiler: uv takes wheels for any platform from any other. Only wheels whose hashes are in the lock
are taken. What was fetched once is kept, so that a change of our own code costs a second and no network.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from infra.target import Target

# Python finds a function's code here; a traceback names the path that is there, not the one on this machine.
TASK_ROOT = "/var/task"

_BOTOCORE_SERVICES = frozenset({"dynamodb", "kms", "sns", "sqs"})
# pydantic carries its first version, and a plugin of mypy.
_NOT_AT_RUN_TIME = (
    "*.pyi",
    "py.typed",
    "examples-1.json",
    "__pycache__",
    "tests",
    "bin",
    ".lock",
    "pydantic/v1",
    "pydantic/mypy.py",
)


class PackagingFailed(Exception):
    """The wheels of a function could not be fetched; the text says what uv said and what to do."""


def wheels(lock: Path, target: Target, cache: Path) -> Path:
    """A folder with the wheels that `lock` names, pruned, for `target`. Not to be changed: others read it too.

    Raises PackagingFailed when a wheel is missing, for that platform or altogether.
    """
    pins = "\n".join(line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#"))
    recipe = Path(__file__).read_text()
    key = hashlib.sha256("\0".join((target.fingerprint, recipe, pins)).encode()).hexdigest()[:32]
    kept = cache / f"wheels-{key}"
    if kept.exists():
        os.utime(kept)
        return kept
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".making-") as folder:
        made = Path(folder) / "wheels"
        _fetch(lock, target, made)
        _prune(made)
        if target.has_this_python:
            compile_modules(made)
        try:
            made.rename(kept)
        except OSError:  # another synth was faster; what it made is the same
            if not kept.exists():
                raise
    return kept


def _fetch(lock: Path, target: Target, folder: Path) -> None:
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-config", "--target", str(folder)]
    command += ["--python", sys.executable, "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    # Not links into uv's cache: what is pruned here would be pruned there too.
    command += ["--link-mode", "copy", "-r", str(lock)]
    if target.platform:
        command += ["--python-platform", target.platform, "--python-version", target.python_version]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise PackagingFailed(
            f"The wheels of {lock.name} for Python {target.python_version} on {target.platform or 'this machine'} "
            f"could not be fetched; uv said:\n{done.stdout}\n"
            "The first synth needs PyPI, or a mirror that uv is set up for."
        )


def _prune(folder: Path) -> None:
    for pattern in _NOT_AT_RUN_TIME:
        for path in list(folder.rglob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for metadata in list(folder.glob("*.dist-info")):
        _prune_metadata(metadata)
    if (folder / "botocore").exists():
        _prune_botocore(folder / "botocore" / "data")


def _prune_metadata(folder: Path) -> None:
    """Keep the head of METADATA, by which scanners for known holes see what is inside; running needs none of it."""
    head, _, _ = (folder / "METADATA").read_bytes().partition(b"\n\n")
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "METADATA").write_bytes(head + b"\n")


def _prune_botocore(data: Path) -> None:
    """Leave the services we call, without their documentation: making a client then takes a third of the CPU time."""
    for folder in [path for path in data.iterdir() if path.is_dir()]:
        if folder.name not in _BOTOCORE_SERVICES:
            shutil.rmtree(folder)
    for packed in list(data.rglob("*.json.gz")):
        model = _without_documentation(json.loads(gzip.decompress(packed.read_bytes())))
        _write_json(packed.with_suffix(""), model)
        packed.unlink()
    endpoints = json.loads((data / "endpoints.json").read_bytes())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in _BOTOCORE_SERVICES}
    _write_json(data / "endpoints.json", endpoints)


def _without_documentation(model: Any) -> Any:
    if isinstance(model, dict):
        return {
            key: _without_documentation(value)
            for key, value in model.items()
            if not (key == "documentation" and isinstance(value, str))
        }
    if isinstance(model, list):
        return [_without_documentation(value) for value in model]
    return model


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")))


def compile_modules(folder: Path) -> None:
    """Byte code that is believed without a look at the source's time stamp, which a zip does not keep."""
    command = [sys.executable, "-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash"]
    # Its exit status counts for nothing: a wheel may carry a file for other versions of Python, left as it is.
    subprocess.run([*command, "-s", str(folder), "-p", TASK_ROOT, str(folder)], check=False)
