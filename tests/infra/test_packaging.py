"""What is uploaded: enough to run where nothing else is, and nothing more."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from description.pages import pages
from infra.packaging import FUNCTIONS, ROOT, package, packages, unzipped_bytes
from infra.target import AWS, THIS_MACHINE, Target
from infra.wheels import PackagingFailed, wheels
from lambdas.handlers import pages as handlers_pages
from tests.infra.templates import template

MIB = 2**20
LARGEST_MIB = {
    "authorize": 33,
    "api": 18,
    "check": 19,
    "fire": 11,
    "hand_off": 11,
    "sweep": 11,
    "bury": 11,
    "count": 11,
}

ELF_MACHINE_AARCH64 = 183

# Run in the package with nothing else on the path: import the handler, put its parts together, import what is imported
# later if it is there, and tell what was loaded of ours, and which variables were asked for.
PROBE = """
import importlib, json, os, sys
sys.path.insert(0, sys.argv[1])
function = sys.argv[2]
importlib.import_module(f"lambdas.handlers.{function}")
asked = set()
class Recorded(dict):
    def get(self, name, default=None):
        asked.add(name)
        return super().get(name, default)
    def __getitem__(self, name):
        asked.add(name)
        return super().__getitem__(name)
os.environ = Recorded(os.environ)
wiring = importlib.import_module("lambdas.wiring")
getattr(wiring, f"{function}_parts")()
asked = sorted(asked)
for file in filter(os.path.exists, sys.argv[3:]):
    importlib.import_module(file.removesuffix(".py").replace("/", "."))
ours = [module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] == "lambdas"]
print(json.dumps({"files": [os.path.relpath(file, sys.argv[1]) for file in ours], "asked": asked}))
"""


@pytest.fixture(scope="module")
def for_here() -> dict[str, Path]:
    """The packages for this machine, kept from one run to the next."""
    return packages(THIS_MACHINE)


LOADED_LATER = {
    "lambdas/adapters/dynamodb_counters.py",
    "lambdas/adapters/dynamodb_cursor_key.py",
    "lambdas/adapters/dynamodb_new_jobs.py",
    "lambdas/adapters/dynamodb_owners.py",
    "lambdas/adapters/dynamodb_signing_secrets.py",
    "lambdas/adapters/dynamodb_targets.py",
    "lambdas/adapters/kms_seal.py",
    "lambdas/adapters/sns_addresses.py",
    "lambdas/handlers/batch.py",
    "lambdas/handlers/keys.py",
    "lambdas/handlers/me.py",
    "lambdas/handlers/stats.py",
    "lambdas/jobs/counting.py",
    "lambdas/handlers/signing.py",
    "lambdas/handlers/targets.py",
    "lambdas/handlers/pages.py",
    "lambdas/jobs/criteria.py",
    "lambdas/jobs/email.py",
    "lambdas/jobs/intervals.py",
    "lambdas/jobs/new_key.py",
    "lambdas/jobs/outgoing.py",
    "lambdas/jobs/owner.py",
    "lambdas/jobs/receipt.py",
    "lambdas/jobs/set_owner.py",
    "lambdas/jobs/stats.py",
}
"""Imported where they are needed, because most requests do not; the job store brings its two to all who have one.
With what they import these are, in each package, all that is not loaded before the first request."""


@pytest.fixture(scope="module")
def for_aws() -> dict[str, Path]:
    """The packages for AWS."""
    return packages(AWS)


@pytest.fixture(scope="module")
def probed(for_here: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """What each packaged function said of itself in an empty environment with just its variables."""
    return {
        function: _probe(function, _unzipped(package, tmp_path_factory.mktemp(function)))
        for function, package in for_here.items()
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_packaged_handler_runs_where_nothing_else_is(function: str, probed: dict[str, dict[str, list[str]]]) -> None:
    """No other package, no environment but what the template gives it."""
    assert f"lambdas/handlers/{function}.py" in probed[function]["files"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_of_our_code_a_package_has_just_what_its_function_loads(
    function: str, for_here: dict[str, Path], probed: dict[str, dict[str, list[str]]]
) -> None:
    """No other function's adapter, and nothing that would be missed at the first invocation or later."""
    packed = {name for name in _names(for_here[function]) if name.startswith("lambdas/") and name.endswith(".py")}
    loaded = set(probed[function]["files"])
    assert loaded == packed


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_reads_every_variable_that_the_template_gives_it(
    function: str, probed: dict[str, dict[str, list[str]]]
) -> None:
    """What it needs and was not given would have ended the probe."""
    given = {name for name in template("prod").environment(function) if name.startswith("PUNCTUAL_")}
    assert given <= set(probed[function]["asked"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_import_of_ours_is_in_the_package(function: str, for_aws: dict[str, Path]) -> None:
    """Those inside functions too, which a test might never reach. Of wiring, which puts all together, the
    function's own part was run by the probe."""
    names = _names(for_aws[function])
    tops = {name.partition("/")[0].removesuffix(".py") for name in names}
    with zipfile.ZipFile(for_aws[function]) as archive:
        for name in set(names) - {"lambdas/wiring.py"}:
            if name.startswith("lambdas/") and name.endswith(".py"):
                for imported in _imports_at_run_time(ast.parse(archive.read(name))):
                    assert imported in tops | sys.stdlib_module_names, f"{name} imports {imported}"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_packages_are_small(function: str, for_aws: dict[str, Path], for_here: dict[str, Path]) -> None:
    """What a cold start has to fetch stays small. Byte code makes the packages for this machine larger."""
    assert unzipped_bytes(for_aws[function]) <= LARGEST_MIB[function] * MIB
    assert unzipped_bytes(for_here[function]) <= (LARGEST_MIB[function] + 2) * MIB


@pytest.mark.parametrize("function", FUNCTIONS)
def test_wheels_are_those_of_the_lock_without_what_nobody_needs(function: str, for_aws: dict[str, Path]) -> None:
    """T14. Four of botocore's four hundred services, no tests, stubs or programs; names and versions stay readable."""
    names = _names(for_aws[function])
    services = {name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2}
    assert services == {"dynamodb", "kms", "sns", "sqs"}
    assert not [name for name in names if name.endswith((".pyi", "py.typed")) or "/tests/" in name]
    assert not [name for name in names if name.startswith(("bin/", "boto3/", "tests/"))]
    lock = (ROOT / "lambdas" / "requirements" / f"{function}.txt").read_text()
    pinned = {line.split()[0] for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))}
    metadata = [name for name in names if ".dist-info/" in name]
    assert {_name_and_version(for_aws[function], name) for name in metadata} == pinned


@pytest.mark.parametrize("function", FUNCTIONS)
def test_compiled_modules_are_for_the_machine_they_run_on(function: str, for_aws: dict[str, Path]) -> None:
    """Graviton and Python 3.14, whatever this is made on."""
    with zipfile.ZipFile(for_aws[function]) as archive:
        for name in archive.namelist():
            if name.endswith(".so"):
                assert int.from_bytes(archive.read(name)[18:20], "little") == ELF_MACHINE_AARCH64
                assert ".cpython-314-aarch64" in name or ".abi3." in name


@pytest.mark.parametrize("function", FUNCTIONS)
def test_byte_code_is_shipped_where_it_counts_and_is_believed_unread(
    function: str, for_here: dict[str, Path], for_aws: dict[str, Path]
) -> None:
    """For the Python that makes the package; its flags say: hash, unchecked (PEP 552)."""
    with zipfile.ZipFile(for_here[function]) as archive:
        for name in ("lambdas/wiring", "botocore/client"):
            folder, _, module = name.rpartition("/")
            code = archive.read(f"{folder}/__pycache__/{module}.{sys.implementation.cache_tag}.pyc")
            assert int.from_bytes(code[4:8], "little") == 0b01
    shipped = any(name.endswith(".pyc") for name in _names(for_aws[function]))
    assert shipped == (sys.version_info[:2] == AWS.python)


def test_the_same_inputs_give_the_same_bytes(for_here: dict[str, Path], tmp_path: Path) -> None:
    """So an unchanged function is not uploaded again, wherever it was made."""
    again = package("hand_off", THIS_MACHINE, cache=tmp_path)
    assert again.name == for_here["hand_off"].name
    same = again.read_bytes() == for_here["hand_off"].read_bytes()  # pytest would take minutes to show the difference
    assert same


def test_a_change_of_a_source_that_is_reached_makes_a_new_package_and_no_other_does(small_project: Path) -> None:
    """And a package that is there is taken as it is."""
    cache = small_project / "cache"

    def made() -> Path:
        return package("api", THIS_MACHINE, root=small_project, cache=cache)

    first = made()
    assert made() == first
    (small_project / "lambdas" / "unused.py").write_text("x = 2\n")
    assert made() == first
    (small_project / "lambdas" / "used.py").write_text("x = 2\n")
    assert made() != first


def test_what_python_needs_to_run_the_handler_is_reached_by_its_name(small_project: Path) -> None:
    """A handler that is not there is refused before anything is fetched."""
    with pytest.raises(FileNotFoundError, match=r"lambdas\.handlers\.bury"):
        package("bury", THIS_MACHINE, root=small_project, cache=small_project / "cache")


def test_wheels_that_cannot_be_had_are_told_with_what_uv_said(tmp_path: Path) -> None:
    """And nothing is kept of the attempt."""
    lock = tmp_path / "api.txt"
    lock.write_text("this is no lock")
    with pytest.raises(PackagingFailed, match=r"(?s)wheels of api\.txt for Python 3\.14 on aarch64.*uv said:.*no lock"):
        wheels(lock, AWS, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_of_many_packages_those_that_were_used_last_are_kept(small_project: Path) -> None:
    """Or every edit would leave one behind for ever."""
    cache = small_project / "cache"
    made = []
    for edit in range(10):
        (small_project / "lambdas" / "used.py").write_text(f"x = {edit}\n")
        made.append(package("api", THIS_MACHINE, root=small_project, cache=cache))
        os.utime(made[-1], (edit, edit))
    assert [path.exists() for path in made] == [False] * 2 + [True] * 8


def test_targets_tell_apart_what_must_not_share_a_package() -> None:
    """Python, platform, and what this machine is."""
    other = Target(python=(3, 13), arm=True, platform=AWS.platform)
    assert len({target.fingerprint for target in (AWS, THIS_MACHINE, other)}) == 3
    assert THIS_MACHINE.has_this_python


def test_what_is_packed_beside_the_code_counts(small_project: Path) -> None:
    """Another page makes another package, with that page in it."""

    def made(text: bytes) -> Path:
        return package(
            "api", THIS_MACHINE, root=small_project, cache=small_project / "cache", data={"lambdas/pages/a.page": text}
        )

    first, second = made(b"first"), made(b"second")
    assert first != second and made(b"first") == first
    with zipfile.ZipFile(second) as archive:
        assert archive.read("lambdas/pages/a.page") == b"second"


def test_the_pages_are_where_the_packaged_api_looks_for_them(for_aws: dict[str, Path]) -> None:
    """As they are made now; no other function has them."""
    with zipfile.ZipFile(for_aws["api"]) as archive:
        assert {name: archive.read(name) for name in pages()} == pages()
    assert {str(ROOT / name) for name in pages()} == {str(handlers_pages.FOLDER / Path(name).name) for name in pages()}
    assert [name for name in FUNCTIONS if name != "api" and set(pages()) & set(_names(for_aws[name]))] == []


@pytest.fixture
def small_project(tmp_path: Path) -> Path:
    """A handler, a module that it imports and one that it does not, and one wheel of a real lock."""
    lock = (ROOT / "lambdas" / "requirements" / "hand_off.txt").read_text()
    pin = re.search(r"^jmespath==(?:.*\\\n)*.*$", lock, re.MULTILINE)
    assert pin is not None
    sources = {
        "lambdas/__init__.py": "",
        "lambdas/handlers/__init__.py": "",
        "lambdas/handlers/api.py": "from lambdas import used\n",
        "lambdas/used.py": "x = 1\n",
        "lambdas/unused.py": "x = 1\n",
        "lambdas/requirements/api.txt": pin.group(),
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _probe(function: str, folder: Path) -> dict[str, list[str]]:
    variables = {name: _as_deployed(value) for name, value in template("prod").environment(function).items()}
    # What Lambda itself sets.
    lambdas_own = {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_LAMBDA_FUNCTION_NAME": function,
    }
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROBE, str(folder), function, *sorted(LOADED_LATER)],
        env=variables | lambdas_own,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return told


def _as_deployed(value: Any) -> str:
    """A value of the template, with something in the place of what only a deploy knows."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        delimiter, parts = value["Fn::Join"]
        joined: str = delimiter.join(map(_as_deployed, parts))
        return joined
    return "x"


def _unzipped(zipped: Path, folder: Path) -> Path:
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(folder)
    return folder


def _names(zipped: Path) -> list[str]:
    with zipfile.ZipFile(zipped) as archive:
        return archive.namelist()


def _name_and_version(zipped: Path, metadata: str) -> str:
    with zipfile.ZipFile(zipped) as archive:
        lines = archive.read(metadata).decode().splitlines()
    fields = dict(line.split(": ", 1) for line in reversed(lines) if ": " in line)
    return f"{fields['Name'].lower().replace('_', '-')}=={fields['Version']}"


def _imports_at_run_time(tree: ast.AST) -> Iterator[str]:
    """Top-level names of absolute imports, without those for type checkers."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
            yield child.module.partition(".")[0]
        yield from _imports_at_run_time(child)
