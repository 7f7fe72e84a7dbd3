"""What may know what: the core knows no AWS, no clock and no environment, and each function imports only what it uses.

Read from the source, so that a breach is told by file and line before anything runs.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Callable, Collection, Iterator

import pytest

from infra.packaging import FUNCTIONS
from tests.source_code import (
    HANDLERS,
    ROOT,
    WIRING,
    clock_reads,
    environment_reads,
    imports_at_run_time,
    imports_of,
    libraries_reached_by,
    library_of,
    sources,
    tree_of,
)

CORE, ADAPTERS = "lambdas/jobs", "lambdas/adapters"

FOLDERS = {
    "app.py": {"infra"},
    "lambdas": {"lambdas"},
    "punctual": {"punctual"},
    "description": {"description", "lambdas"},
    "infra": {"infra", "description", "lambdas"},
    "local": {"local", "punctual"},
    "ops": {"ops", "lambdas", "local"},
}
"""Of our own folders, those that the code of each may name; `bench` and `tests` measure and try all of them."""

CORE_LIBRARIES = {"idna", "pydantic", "typing_extensions", "tzdata"}
"""What the core may import beside the standard library: all for judging what users send."""

OUTSIDE = {"asyncio", "ftplib", "http", "importlib", "multiprocessing", "smtplib", "socket", "socketserver", "ssl"}
OUTSIDE |= {"subprocess", "urllib.request", "xmlrpc"}
"""Modules of the standard library by which code reaches what is outside of its process, or anything by a name."""

CHANCE = {"random", "secrets", "uuid"}

MEANT_FOR = {
    "cryptography": {"authorize"},
    "jwt": {"authorize"},
    "pydantic": {"api", "check"},
    "tzdata": {"api", "check"},
    "uuid_utils": {"api", "check"},
    "requests": {"check", "fire"},
}
"""Libraries that are heavy to import, and which functions may."""


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_knows_only_those_below_it(folder: str) -> None:
    """Whoever reads one of them needs to have read no more than those that it names."""
    ours = {path.name for path in ROOT.iterdir() if path.is_dir()}
    breaches = list(imported(folder, lambda name: library_of(name) in ours - FOLDERS[folder]))
    assert not breaches, tell(f"{folder} may know {', '.join(sorted(FOLDERS[folder]))} and no other", breaches)


def test_the_core_imports_no_aws_and_nothing_of_the_outside() -> None:
    """Only the standard library, itself, and the libraries that judge what users send; chance is an argument too."""
    allowed = sys.stdlib_module_names | CORE_LIBRARIES

    def is_breach(name: str) -> bool:
        return not (within(name, {"lambdas.jobs"}) or library_of(name) in allowed) or within(name, OUTSIDE | CHANCE)

    breaches = list(imported(CORE, is_breach))
    assert not breaches, tell("the core (lambdas/jobs) must not know what is behind its ports", breaches)


def test_the_template_is_made_without_the_adapters() -> None:
    """`infra` goes by rules and names of the core; a template needs neither clients nor handlers to be made."""
    breaches = list(imported("infra", lambda name: within(name, {"lambdas"}) and not within(name, {"lambdas.jobs"})))
    assert not breaches, tell("put what both must know into lambdas/jobs", breaches)


def test_only_adapters_read_the_clock() -> None:
    """Time is an argument: everywhere else it comes from a Clock that is passed in, or from a value."""
    breaches = [f"{file}:{line} reads the clock" for file in sources("lambdas") for line in clock_reads(tree_of(file))]
    breaches = [breach for breach in breaches if not breach.startswith(ADAPTERS)]
    assert not breaches, tell("take `now_ms` or a Clock instead", breaches)


def test_only_wiring_reads_the_environment() -> None:
    """One place says what a function is configured by, and no module reads anything while it is imported."""
    breaches = [
        f"{file}:{line} reads the environment"
        for file in sources("lambdas")
        if file != WIRING
        for line in environment_reads(tree_of(file))
    ]
    assert not breaches, tell("read it in lambdas/wiring.py and pass it in", breaches)


def test_the_client_knows_the_service_by_its_contract_alone() -> None:
    """It shares no code with the functions: whoever installs it gets neither them nor what they need."""
    allowed = sys.stdlib_module_names | {"punctual", "urllib3"}
    breaches = [
        breach
        for breach in imported(
            "punctual", lambda name: library_of(name) not in allowed or within(name, {"punctual.cli"})
        )
        if not breach.startswith("punctual/cli/")
    ]
    assert not breaches, tell("the client speaks HTTP to docs/api.md, and nothing else", breaches)


def test_the_command_line_speaks_http_by_the_client_alone() -> None:
    """Commands know methods and errors of the client: how it asks is its own business."""
    http = OUTSIDE - {"importlib"} | {"urllib3", "urllib.error", "punctual.transport"}
    breaches = list(imported("punctual/cli", lambda name: within(name, http)))
    assert not breaches, tell("put it beside the client, into punctual/", breaches)


def test_the_command_line_imports_only_what_is_installed_with_it() -> None:
    """`pip install .` brings what it names, and no more than that."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    brought = [*project["dependencies"], *project["optional-dependencies"]["keyring"]]
    allowed = sys.stdlib_module_names | {"punctual"} | {requirement.partition(">")[0] for requirement in brought}
    breaches = list(imported("punctual/cli", lambda name: library_of(name) not in allowed))
    assert not breaches, tell("add it to `dependencies` in pyproject.toml, or do without", breaches)


def test_handlers_translate_and_do_not_talk_to_aws() -> None:
    """An event comes in, the core is called once, an answer goes out: clients are the adapters' business."""
    allowed = sys.stdlib_module_names | {"lambdas"}
    breaches = list(imported(HANDLERS, lambda name: library_of(name) not in allowed or within(name, {*OUTSIDE, "os"})))
    assert not breaches, tell("build it in lambdas/wiring.py, behind a port", breaches)


def test_adapters_and_core_do_not_know_who_calls_them() -> None:
    """Imports point inwards: handlers and wiring know the others, and nobody knows them."""
    callers = {"lambdas.handlers", "lambdas.wiring"}
    breaches = [
        breach for folder in (CORE, ADAPTERS) for breach in imported(folder, lambda name: within(name, callers))
    ]
    assert not breaches, tell("turn the dependency round", breaches)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_heavy_libraries_are_imported_only_where_they_are_meant_to_be(function: str) -> None:
    """Import time is cold start. `fire` never reaches pydantic, and `api` never reaches requests."""
    breaches = [
        f"{name} by way of {' → '.join(way)}"
        for name, way in libraries_reached_by(function).items()
        if function not in MEANT_FOR.get(name, FUNCTIONS)
    ]
    assert not breaches, tell(f"{function} must not import", breaches)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_packed_with_all_that_it_imports(function: str) -> None:
    """Or it works here, where everything is installed, and fails on AWS."""
    lock = (ROOT / f"lambdas/requirements/{function}.txt").read_text("utf-8")
    packed = {line.partition("==")[0].replace("-", "_") for line in lock.splitlines() if "==" in line}
    packed |= {"jwt"} if "pyjwt" in packed else set()
    breaches = [
        f"{name} by way of {' → '.join(way)}"
        for name, way in libraries_reached_by(function).items()
        if name not in packed
    ]
    assert not breaches, tell(f"add to the group `{function}` of pyproject.toml, then `make lock`", breaches)


class TestTheChecksSee:
    """A check that finds nothing must be one that could."""

    @pytest.mark.parametrize(
        ("check", "code"),
        [
            (clock_reads, "import time\ntime.time()"),
            (clock_reads, "from time import monotonic"),
            (clock_reads, "import datetime\ndatetime.datetime.now(tz)"),
            (clock_reads, "from datetime import datetime as d, date\nd.utcnow()"),
            (clock_reads, "from datetime import date\nfresh = date.today"),
            (environment_reads, "import os\nos.environ['A']"),
            (environment_reads, "import os.path\nos.environ['A']"),
            (environment_reads, "def f():\n    import os as o\n    return o.getenv('A')"),
            (environment_reads, "from os import environ"),
            (imports_of, "if TYPE_CHECKING:\n    import boto3"),
            (imports_at_run_time, "def f():\n    import boto3"),
            (imports_at_run_time, "if not TYPE_CHECKING:\n    import boto3"),
            (imports_at_run_time, "if TYPE_CHECKING:\n    pass\nelse:\n    import boto3"),
        ],
    )
    def test_what_they_look_for(self, check: Callable[[ast.Module], Iterator[object]], code: str) -> None:
        """However it is spelt."""
        assert list(check(ast.parse(code)))

    @pytest.mark.parametrize(
        ("check", "code"),
        [
            (clock_reads, "from datetime import UTC, datetime\ndatetime.fromisoformat(text).astimezone(UTC)"),
            (clock_reads, "clock.now_ms()\nself._clock.now()"),
            (environment_reads, "import os\nos.path.join(a, b)"),
            (imports_at_run_time, "if typing.TYPE_CHECKING:\n    import boto3"),
        ],
    )
    def test_what_they_leave_alone(self, check: Callable[[ast.Module], Iterator[object]], code: str) -> None:
        """A clock that was passed in, a time that was given, what only annotations need."""
        assert not list(check(ast.parse(code)))

    def test_a_module_is_within_itself_and_those_above_it(self) -> None:
        """By whole names: `lambdas.jobs_old` is not of `lambdas.jobs`."""
        assert within("lambdas.jobs", {"lambdas.jobs"}) and within("lambdas.jobs.job.Job", {"http", "lambdas.jobs"})
        assert not within("lambdas.jobs_old", {"lambdas.jobs"}) and not within("urllib.parse", {"urllib.request"})

    def test_the_real_breaches_that_are_allowed(self) -> None:
        """The adapter that is the clock, the module that reads the settings, those that may use heavy libraries."""
        assert list(clock_reads(tree_of(f"{ADAPTERS}/system_clock.py")))
        assert list(environment_reads(tree_of(WIRING)))
        assert list(imported(ADAPTERS, lambda name: within(name, OUTSIDE | CHANCE)))
        reached = {function: libraries_reached_by(function) for function in FUNCTIONS}
        for library, meant_for in MEANT_FOR.items():
            assert {function for function in FUNCTIONS if library in reached[function]} == meant_for


def imported(folder: str, is_breach: Callable[[str], bool]) -> Iterator[str]:
    """The imports below a folder that are a breach, each told by file, line and name."""
    for file in sources(folder):
        for name, line in imports_of(tree_of(file)):
            if is_breach(name):
                yield f"{file}:{line} imports {name}"


def within(name: str, modules: Collection[str]) -> bool:
    """Whether a dotted name is one of these modules or a part of one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def tell(what_to_do: str, breaches: list[str]) -> str:
    return "\n  ".join([f"{what_to_do}:", *breaches])
