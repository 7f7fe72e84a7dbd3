"""`make mutants`: take out each protection in a copy of the tree, and see the tests fail that stand for it.

Prints a line for each protection. Ends with 1 if a test passed all the same, or an edit found no place.
ARGS="F12 T3" tries those rows only, ARGS=new those protections that the table in docs/guarantees.md has not got yet.
Whatever holds is written there at once, and what does not is taken out, so that a run that was stopped goes on with
ARGS=new.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.page import PAGE, line, written
from tests.mutants.protection import ROOT, Protection, mutated, node_id, parts
from tests.mutants.protections import PROTECTIONS

AT_ONCE = 2
LONGEST_SECONDS = 600
"""Of one protection, so many because the machine may be busy: what takes long is still told from what survives."""

LONGEST_HANGING_SECONDS = 60
LONGEST_WITH_ALL_SECONDS = 1800
GENERATED = ("node_modules", ".local")
"""Not in the repository, and needed by tests of the template: linked, not copied."""


@dataclass(frozen=True)
class Tried:
    """What came of taking a protection out: the named tests that failed, and those that passed all the same."""

    protection: Protection
    failed: tuple[str, ...]
    survived: tuple[str, ...]
    trouble: str = ""

    @property
    def proven(self) -> bool:
        return not self.survived and not self.trouble

    def line(self) -> str:
        verdict = f"TROUBLE: {self.trouble}" if self.trouble else ", ".join(_name(test) for test in self.failed)
        if self.survived:
            verdict += f"  SURVIVED: {', '.join(_name(test) for test in self.survived)}"
        return f"{self.protection.row:4} {self.protection.what:68} {verdict}"


class Copy:
    """A copy of the tree, in which one protection at a time is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        for name in filter(None, files.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        for name in GENERATED:
            (folder / name).symlink_to(ROOT / name)

    def without(self, protection: Protection) -> Tried:
        """Take the protection out, run its tests, put it back."""
        originals = {edit.file: (self.folder / edit.file).read_text() for edit in protection.edits}
        try:
            for edit in protection.edits:
                path = self.folder / edit.file
                path.write_text(mutated(path.read_text(), edit))
            longest = LONGEST_HANGING_SECONDS if protection.hangs else LONGEST_SECONDS
            failed = self.failing(protection.tests, on_emulator=protection.on_emulator, longest_seconds=longest)
        except subprocess.TimeoutExpired as error:
            failed = set(protection.tests) if protection.hangs else set()
            if not failed:
                return Tried(protection, (), (), f"not done after {error.timeout:.0f} s")
        except (ValueError, RuntimeError) as error:
            return Tried(protection, (), (), str(error))
        finally:
            for file, text in originals.items():
                (self.folder / file).write_text(text)
        survived = tuple(test for test in protection.tests if test not in failed)
        return Tried(protection, tuple(test for test in protection.tests if test in failed), survived)

    def failing(
        self, tests: Sequence[str], *, on_emulator: bool = False, longest_seconds: int = LONGEST_SECONDS
    ) -> set[str]:
        """Which of the tests fail. Raises TimeoutExpired, and RuntimeError if some did not run.

        An edit must leave code that runs.
        """
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.mutants.no_shrinking"]
        ids = [node_id(test) for test in tests]
        done = subprocess.run(
            [
                *command,
                f"--junitxml={report}",
                "-m",
                "emulator" if on_emulator else "not live and not emulator",
                *ids,
            ],
            cwd=self.folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=longest_seconds,
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(f"pytest ended with {done.returncode}: {done.stdout[-600:]}")
        cases = list(ElementTree.parse(report).iter("testcase"))
        ran = {_identity(case) for case in cases if case.find("skipped") is None}
        missing = [test for test, node in zip(tests, ids, strict=True) if _dotted(node) not in ran]
        if missing:
            raise RuntimeError(f"did not run: {', '.join(missing)}")
        bad = {_identity(case) for case in cases if case.find("failure") is not None or case.find("error") is not None}
        return {test for test, node in zip(tests, ids, strict=True) if _dotted(node) in bad}


def _identity(case: ElementTree.Element) -> str:
    return f"{case.get('classname')}.{(case.get('name') or '').partition('[')[0]}"


def _dotted(node: str) -> str:
    """A node id as `_identity` spells it, without its case."""
    file, *names = node.partition("[")[0].split("::")
    return ".".join([file.removesuffix(".py").replace("/", "."), *names])


def _name(test: str) -> str:
    return parts(test)[1]


def try_all(protections: Sequence[Protection]) -> list[Tried]:
    """Take the protections out one after the other, in two copies side by side; prints a line for each."""
    copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="punctual-mutants-") as folder:
        for number in range(AT_ONCE):
            place = Path(folder) / str(number)
            place.mkdir()
            copies.put(Copy(place))

        def attempt(protection: Protection) -> Tried:
            copy = copies.get()
            try:
                return copy.without(protection)
            finally:
                copies.put(copy)

        _fails_if_whole_tree_fails(copies, protections)
        tried = []
        threads = ThreadPoolExecutor(AT_ONCE)
        try:
            for one in threads.map(attempt, protections):
                tried.append(one)
                print(f"{len(tried):3}/{len(protections)} {one.line()}", flush=True)
                lines = {"proven" if one.proven else "unproven": [one.protection]}
                PAGE.write_text(written(PAGE.read_text(), PROTECTIONS, **lines))
        finally:  # whoever stops a run does not wait for all that is still to be tried
            threads.shutdown(cancel_futures=True)
        return tried


def _fails_if_whole_tree_fails(copies: queue.SimpleQueue[Copy], protections: Sequence[Protection]) -> None:
    """A test that fails by itself would prove each protection that names it."""
    copy = copies.get()
    broken: set[str] = set()
    for on_emulator in (False, True):
        tests = sorted({test for one in protections if one.on_emulator is on_emulator for test in one.tests})
        if tests:
            print(
                f"{len(tests)} tests{' on the emulator' if on_emulator else ''}, with nothing taken out …", flush=True
            )
            broken |= copy.failing(tests, on_emulator=on_emulator, longest_seconds=LONGEST_WITH_ALL_SECONDS)
    copies.put(copy)
    if broken:
        raise SystemExit(f"These fail although nothing is taken out: {', '.join(sorted(broken))}")


def chosen(arguments: Sequence[str]) -> list[Protection]:
    """The protections of these rows; all of them without arguments."""
    if list(arguments) == ["new"]:
        page = PAGE.read_text()
        return [protection for protection in PROTECTIONS if line(protection) not in page]
    unknown = set(arguments) - {protection.row for protection in PROTECTIONS}
    if unknown:
        raise SystemExit(f"There are no protections of {', '.join(sorted(unknown))}")
    return [protection for protection in PROTECTIONS if not arguments or protection.row in arguments]


def main(arguments: Sequence[str]) -> int:
    began = time.monotonic()
    PAGE.write_text(written(PAGE.read_text(), PROTECTIONS))
    tried = try_all(chosen(arguments))
    unproven = [one for one in tried if not one.proven]
    tests = sum(len(one.failed) for one in tried)
    seconds = time.monotonic() - began
    print(f"\n{len(tried)} protections taken out, {tests} tests failed as they should, in {seconds:.0f} s")
    for one in unproven:
        print(one.line())
    return 1 if unproven else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
