"""What may know what: the core knows no AWS, no clock and no environment, and each function imports only what it uses.

Read from the source, so that a breach is told by file and line before anything runs.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE, HANDLERS, ADAPTERS = "lambdas/jobs", "lambdas/handlers", "lambdas/adapters"
WIRING = "lambdas/wiring.py"

CORE_LIBRARIES = {"idna", "pydantic", "typing_extensions", "tzdata"}
"""What the core may import beside the standard library: all for judging what users send."""

FUNCTIONS = ("api", "hand_off", "sweep", "fire", "bury", "count")

MEANT_FOR = {"pydantic": {"api"}, "tzdata": {"api"}, "uuid_utils": {"api"}, "requests": {"fire"}}
"""Libraries that are heavy to import, and which functions may."""

CLOCK_METHODS = {"now", "utcnow", "today"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}


def test_the_core_imports_no_aws_and_nothing_of_the_outside() -> None:
    """Only the standard library, itself, and the libraries that judge what users send."""
    breaches = [
        f"{file}:{line} imports {name}"
        for file in sources(CORE)
        for name, line in imports_of(tree_of(file))
        if not (name.startswith("lambdas.jobs") or library_of(name) in sys.stdlib_module_names | CORE_LIBRARIES)
    ]
    assert not breaches, tell("the core (lambdas/jobs) must not know what is behind its ports", breaches)


def test_the_template_is_made_without_the_adapters() -> None:
    """`infra` goes by rules and names of the core; a template needs neither clients nor handlers to be made."""
    breaches = [
        f"{file}:{line} imports {name}"
        for file in ("app.py", *sources("infra"))
        for name, line in imports_of(tree_of(file))
        if library_of(name) == "lambdas" and not name.startswith("lambdas.jobs")
    ]
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
    breaches = [
        f"{file}:{line} imports {name}"
        for file in sources("punctual")
        if not file.startswith("punctual/cli/")
        for name, line in imports_of(tree_of(file))
        if library_of(name) not in sys.stdlib_module_names | {"punctual", "urllib3"} or name.startswith("punctual.cli")
    ]
    assert not breaches, tell("the client speaks HTTP to docs/api.md, and nothing else", breaches)


def test_the_command_line_speaks_http_by_the_client_alone() -> None:
    """Commands know methods and errors of the client: how it asks is its own business."""
    breaches = [
        f"{file}:{line} imports {name}"
        for file in sources("punctual/cli")
        for name, line in imports_of(tree_of(file))
        if library_of(name) in {"urllib3", "http", "urllib", "socket", "ssl", "lambdas", "local", "infra"}
        and not name.startswith("urllib.parse")
    ]
    assert not breaches, tell("put it beside the client, into punctual/", breaches)


def test_handlers_translate_and_do_not_talk_to_aws() -> None:
    """An event comes in, the core is called once, an answer goes out: clients are the adapters' business."""
    breaches = [
        f"{file}:{line} imports {name}"
        for file in sources(HANDLERS)
        for name, line in imports_of(tree_of(file))
        if library_of(name) in ("botocore", "boto3", "aws_lambda_powertools", "requests", "os")
    ]
    assert not breaches, tell("build it in lambdas/wiring.py, behind a port", breaches)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_heavy_libraries_are_imported_only_where_they_are_meant_to_be(function: str) -> None:
    """Import time is cold start. `fire` never reaches pydantic, and nobody but `fire` reaches requests."""
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
    breaches = [
        f"{name} by way of {' → '.join(way)}"
        for name, way in libraries_reached_by(function).items()
        if name not in packed
    ]
    assert not breaches, tell(f"add to the group `{function}` of pyproject.toml, then `make lock`", breaches)


def test_adapters_and_core_do_not_know_who_calls_them() -> None:
    """Imports point inwards: handlers and wiring know the others, and nobody knows them."""
    breaches = [
        f"{file}:{line} imports {name}"
        for folder in (CORE, ADAPTERS)
        for file in sources(folder)
        for name, line in imports_of(tree_of(file))
        if name.startswith(("lambdas.handlers", "lambdas.wiring"))
    ]
    assert not breaches, tell("turn the dependency round", breaches)


class TestTheChecksSee:
    """A check that finds nothing must be one that could."""

    @pytest.mark.parametrize(
        ("check", "code"),
        [
            ("clock_reads", "import time\ntime.time()"),
            ("clock_reads", "from time import monotonic"),
            ("clock_reads", "import datetime\ndatetime.datetime.now(tz)"),
            ("clock_reads", "from datetime import datetime as d, date\nd.utcnow()"),
            ("clock_reads", "from datetime import date\nfresh = date.today"),
            ("environment_reads", "import os\nos.environ['A']"),
            ("environment_reads", "def f():\n    import os as o\n    return o.getenv('A')"),
            ("environment_reads", "from os import environ"),
        ],
    )
    def test_what_they_look_for(self, check: str, code: str) -> None:
        """However it is spelt."""
        assert list(CHECKS[check](ast.parse(code)))

    @pytest.mark.parametrize(
        ("check", "code"),
        [
            ("clock_reads", "from datetime import UTC, datetime\ndatetime.fromisoformat(text).astimezone(UTC)"),
            ("clock_reads", "clock.now_ms()\nself._clock.now()"),
            ("environment_reads", "import os\nos.path.join(a, b)"),
        ],
    )
    def test_what_they_leave_alone(self, check: str, code: str) -> None:
        """A clock that was passed in, a time that was given."""
        assert not list(CHECKS[check](ast.parse(code)))

    def test_the_real_breaches_that_are_allowed(self) -> None:
        """The adapter that is the clock, the module that reads the settings, the function that may use pydantic."""
        assert list(clock_reads(tree_of(f"{ADAPTERS}/system_clock.py")))
        assert list(environment_reads(tree_of(WIRING)))
        assert "pydantic" in libraries_reached_by("api")
        assert "requests" in libraries_reached_by("fire")


# How the source is read


def sources(folder: str) -> list[str]:
    found = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py"))
    assert found, f"{folder} holds no source"
    return found


@functools.cache
def tree_of(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text("utf-8"), file)


def tell(what_to_do: str, breaches: list[str]) -> str:
    return "\n  ".join([f"{what_to_do}:", *breaches])


def library_of(name: str) -> str:
    return name.partition(".")[0]


def imports_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module (or member of one) that is imported when the code runs, with its line; not what only types need."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        yield from imports_of(node)


def clock_reads(tree: ast.Module) -> Iterator[int]:
    """Lines that import the module `time`, or use a reading method of a class of `datetime`."""
    classes = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if "datetime" in (alias.name, getattr(node, "module", None))
    }
    yield from (line for name, line in imports_of(tree) if library_of(name) == "time")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCK_METHODS:
            owner = ast.unparse(node.value)
            if library_of(owner) in classes and set(owner.split(".")) <= {*classes, "datetime", "date"}:
                yield node.lineno


def environment_reads(tree: ast.Module) -> Iterator[int]:
    """Lines that touch the environment of the process."""
    names = {
        alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    yield from (line for name, line in imports_of(tree) if name in {f"os.{member}" for member in ENVIRONMENT})
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT and ast.unparse(node.value) in names:
            yield node.lineno


CHECKS: dict[str, Callable[[ast.Module], Iterator[int]]] = {
    "clock_reads": clock_reads,
    "environment_reads": environment_reads,
}


def libraries_reached_by(function: str) -> dict[str, list[str]]:
    """The libraries that a function's handler imports, each with one way that leads there.

    `lambdas/wiring.py` imports what a function needs inside that function's own part, so only the parts that the
    handler asks for count.
    """
    start = f"{HANDLERS}/{function}.py"
    reached: dict[str, list[str]] = {}
    seen: set[str] = set()
    ways = [[start]]
    while ways:
        way = ways.pop()
        file = way[-1]
        if file in seen:
            continue
        seen.add(file)
        for name in names_imported_by(file, start):
            inner = file_of(name)
            if inner:
                ways.append([*way, inner])
            elif library_of(name) not in sys.stdlib_module_names | {"lambdas"}:
                reached.setdefault(library_of(name), way)
    return reached


def names_imported_by(file: str, start: str) -> list[str]:
    tree = tree_of(file)
    if file != WIRING:
        return [name for name, _ in imports_of(tree)]
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    wanted = [
        node.attr
        for node in ast.walk(tree_of(start))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "wiring"
    ]
    assert wanted, f"{start} asks wiring for nothing"
    used: dict[str, ast.FunctionDef] = {}
    while wanted:
        name = wanted.pop()
        if name in functions and name not in used:
            used[name] = functions[name]
            wanted += [node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)]
    top = ast.Module([node for node in tree.body if not isinstance(node, ast.FunctionDef)], [])
    return [name for part in (top, *used.values()) for name, _ in imports_of(part)]


def file_of(name: str) -> str | None:
    """The source of a module of ours, or of the module that a name is a member of."""
    if library_of(name) != "lambdas":
        return None
    for path in (name, name.rpartition(".")[0]):
        file = path.replace(".", "/") + ".py"
        if (ROOT / file).exists():
            return file
    return None
