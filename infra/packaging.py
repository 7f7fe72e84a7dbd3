"""What is uploaded for a function: one zip with its handler, what that imports, and its locked wheels.

The same inputs give the same bytes, and a zip that was made once is kept in `.local/bundles`, so that a second synth
takes no time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from description.pages import pages
from infra.imported_files import imported_files
from infra.target import Target
from infra.wheels import compile_modules, wheels

FUNCTIONS = ("authorize", "api", "check", "hand_off", "sweep", "fire", "bury", "count")
_SERVES_PAGES = "api"

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".local" / "bundles"

# A large toolbox of which a function uses a drawer or two: only the modules that are reached are packed.
_FOLLOWED_WHEEL = "aws_lambda_powertools"
# Its logger reaches for all of this to print a model of pydantic, of which the journal is never told.
_PASSED_OVER = ("aws_lambda_powertools.event_handler",)

# Of each function's zips, and of the wheels: enough for two targets, the tests' own, and going back and forth.
_KEPT_OF_EACH = 8


def packages(target: Target) -> dict[str, Path]:
    """The zips of all functions, made side by side where they are not kept from before."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(FUNCTIONS, pool.map(lambda function: _package_of(function, target), FUNCTIONS), strict=True))


def _package_of(function: str, target: Target) -> Path:
    return package(function, target, data=pages() if function == _SERVES_PAGES else {})


def package(
    function: str, target: Target, *, root: Path = ROOT, cache: Path = CACHE, data: Mapping[str, bytes] | None = None
) -> Path:
    """The zip for one function ("api", "hand_off", …); its name ends with the key of its inputs.

    `data` are files that it reads, by their path in the zip. Raises PackagingFailed when wheels are missing,
    FileNotFoundError when there is no such handler.
    """
    data = data or {}
    entry = f"lambdas.handlers.{function}"
    sources = imported_files([root], entry, ["lambdas"])
    lock = root / "lambdas" / "requirements" / f"{function}.txt"
    folder = wheels(lock, target, cache)
    kept = cache / f"{function}-{_key(folder, sources, data, target)}.zip"
    if kept.exists():
        os.utime(kept)
        return kept
    reached = imported_files([root, folder], entry, ["lambdas", _FOLLOWED_WHEEL], passed_over=_PASSED_OVER)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".making-") as scratch:
        files = _wheel_files(folder, reached) | {path.as_posix(): where for path, where in sources.items()}
        files |= _written(data, Path(scratch) / "data")
        if target.has_this_python:
            files |= _compiled(sources, Path(scratch))
        zipped = Path(scratch) / "package.zip"
        _zip(files, zipped)
        zipped.replace(kept)  # at once, so that another synth never sees half a zip
    _forget_old(cache)
    return kept


def unzipped_bytes(package: Path) -> int:
    """What the package takes in the function's file system, the figure that AWS limits and cold starts feel."""
    with zipfile.ZipFile(package) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _key(folder: Path, sources: Mapping[Path, Path], data: Mapping[str, bytes], target: Target) -> str:
    """All that the zip's bytes follow from: the wheels (their folder is named by their key), our code, this recipe,
    and what is packed beside it."""
    digest = hashlib.sha256(f"{folder.name} {target.fingerprint}".encode())
    recipe = {Path(path.name): path for path in (Path(__file__), Path(imported_files.__code__.co_filename))}
    contents = {name.as_posix(): path.read_bytes() for name, path in {**recipe, **sources}.items()} | dict(data)
    for name, content in sorted(contents.items()):
        digest.update(f"\0{name} {len(content)}\0".encode() + content)
    return digest.hexdigest()[:32]


def _wheel_files(folder: Path, reached: Mapping[Path, Path]) -> dict[str, Path]:
    files = {}
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and (relative.parts[0] != _FOLLOWED_WHEEL or _source_of(relative) in reached):
            files[relative.as_posix()] = path
    return files


def _source_of(path: Path) -> Path:
    return Path(importlib.util.source_from_cache(str(path))) if path.suffix == ".pyc" else path


def _written(data: Mapping[str, bytes], folder: Path) -> dict[str, Path]:
    for name, content in data.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {name: folder / name for name in data}


def _compiled(sources: Mapping[Path, Path], scratch: Path) -> dict[str, Path]:
    """Byte code of our own modules, as in `wheels`.

    Made by an interpreter of its own: how names are written down depends on what else the interpreter holds, so this
    one would not give the same bytes twice.
    """
    for relative, path in sources.items():
        copy = scratch / relative
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    compile_modules(scratch)
    names = (importlib.util.cache_from_source(relative.as_posix()) for relative in sources)
    return {name: scratch / name for name in names}


def _zip(files: Mapping[str, Path], zipped: Path) -> None:
    """Sorted names, one date, plain modes: nothing in the zip tells when or by whom it was made."""
    with zipfile.ZipFile(zipped, "w") as archive:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100755 if path.suffix == ".so" else 0o100644) << 16
            archive.writestr(entry, path.read_bytes(), compress_type=zipfile.ZIP_DEFLATED)


def _forget_old(cache: Path) -> None:
    """Leave those that were used last. What is being made (its name begins with a dot) is nobody's business."""
    seen: Counter[str] = Counter()
    for path in sorted(cache.glob("[a-z]*-*"), key=_last_used, reverse=True):
        kind = path.name.partition("-")[0]
        seen[kind] += 1
        if seen[kind] > _KEPT_OF_EACH:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another synth has forgotten it just now
        return 0
