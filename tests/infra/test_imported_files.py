"""Following imports by reading: what a function can reach is in its package, what it cannot is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from infra.imported_files import imported_files


def test_modules_are_followed_with_the_packages_around_them(tmp_path: Path) -> None:
    """By every form of the import statement."""
    reached = follow(
        tmp_path,
        {
            "ours/__init__.py": "",
            "ours/entry.py": "import json, ours.a\nfrom ours.b import name\nfrom ours import c\nfrom .d import x\n",
            "ours/a.py": "",
            "ours/b.py": "from .deep import inner\nname = inner.name",
            "ours/c.py": "",
            "ours/d.py": "x = 1",
            "ours/deep/__init__.py": "from . import inner",
            "ours/deep/inner.py": "name = 1",
            "ours/unused.py": "",
        },
    )
    assert reached == {"__init__", "entry", "a", "b", "c", "d", "deep/__init__", "deep/inner"}


def test_an_import_in_a_function_counts_when_somebody_names_the_function(tmp_path: Path) -> None:
    """So that the wiring of one function does not bring in the adapters of the others."""
    reached = follow(
        tmp_path,
        {
            "ours/__init__.py": "",
            "ours/entry.py": "from ours import wiring\ndef handler(event):\n    return wiring.this()\n",
            "ours/wiring.py": (
                "from functools import cache\n"
                "@cache\n"
                "def this():\n    return _helper()\n"
                "@cache\n"
                "def that():\n    from ours import heavy\n"
                "def _helper():\n    from ours import light\n"
            ),
            "ours/light.py": "",
            "ours/heavy.py": "",
        },
    )
    assert reached == {"__init__", "entry", "wiring", "light"}


def test_what_is_passed_over_is_not_followed_whoever_imports_it(tmp_path: Path) -> None:
    """Nor what only it would need; a neighbour whose name begins alike is not meant."""
    reached = follow(
        tmp_path,
        {
            "ours/__init__.py": "",
            "ours/entry.py": "from ours.heavy.inner import x\nimport ours.heavy_not, ours.light\n",
            "ours/heavy/__init__.py": "from ours import only_heavy",
            "ours/heavy/inner.py": "x = 1",
            "ours/heavy_not.py": "",
            "ours/light.py": "",
            "ours/only_heavy.py": "",
        },
        passed_over=["ours.heavy"],
    )
    assert reached == {"__init__", "entry", "heavy_not", "light"}


def test_a_function_behind_another_decorator_counts_at_once(tmp_path: Path) -> None:
    """It may be called by whoever the decorator told, a route table for one."""
    reached = follow(
        tmp_path,
        {
            "ours/__init__.py": "",
            "ours/entry.py": "@routes.get('/')\ndef page():\n    from ours import pages\n",
            "ours/pages.py": "",
        },
    )
    assert reached == {"__init__", "entry", "pages"}


def test_methods_and_pythons_own_hooks_count_at_once(tmp_path: Path) -> None:
    """Nobody need write their names."""
    reached = follow(
        tmp_path,
        {
            "ours/__init__.py": "def __getattr__(name):\n    from ours import lazy\n",
            "ours/entry.py": "class Thing:\n    def method(self):\n        from ours import used\n",
            "ours/lazy.py": "",
            "ours/used.py": "",
        },
    )
    assert reached == {"__init__", "entry", "lazy", "used"}


def test_imports_for_type_checkers_do_not_count_but_their_alternative_does(tmp_path: Path) -> None:
    """They do not run."""
    reached = follow(
        tmp_path,
        {
            "ours/__init__.py": "",
            "ours/entry.py": (
                "import typing\n"
                "if typing.TYPE_CHECKING:\n    from ours import types\n"
                "else:\n    from ours import real\n"
            ),
            "ours/types.py": "",
            "ours/real.py": "",
        },
    )
    assert reached == {"__init__", "entry", "real"}


def test_other_packages_are_left_alone(tmp_path: Path) -> None:
    """Wheels are packed whole, except those that are named."""
    files = {
        "ours/__init__.py": "",
        "ours/entry.py": "import theirs.part",
        "theirs/__init__.py": "",
        "theirs/part.py": "",
    }
    write(tmp_path, files)
    assert len(imported_files([tmp_path], "ours.entry", ["ours"])) == 2
    assert len(imported_files([tmp_path], "ours.entry", ["ours", "theirs"])) == 4


def test_the_files_may_lie_in_several_places(tmp_path: Path) -> None:
    """Our sources in the clone, the wheels where they were fetched to."""
    write(tmp_path / "clone", {"ours/__init__.py": "", "ours/entry.py": "import theirs"})
    write(tmp_path / "wheels", {"theirs/__init__.py": ""})
    reached = imported_files([tmp_path / "clone", tmp_path / "wheels"], "ours.entry", ["ours", "theirs"])
    assert reached[Path("theirs/__init__.py")] == tmp_path / "wheels" / "theirs" / "__init__.py"


@pytest.mark.parametrize("statement", ["import ours.missing", "from ours.missing import x", "from .missing import x"])
def test_an_import_of_ours_that_does_not_exist_is_refused(statement: str, tmp_path: Path) -> None:
    """The package would break where it runs."""
    write(tmp_path, {"ours/__init__.py": "", "ours/entry.py": statement})
    with pytest.raises(FileNotFoundError, match=r"ours\.entry imports ours\.missing, which does not exist"):
        imported_files([tmp_path], "ours.entry", ["ours"])


def test_a_missing_handler_is_refused(tmp_path: Path) -> None:
    """Likewise."""
    with pytest.raises(FileNotFoundError, match=r"ours\.entry"):
        imported_files([tmp_path], "ours.entry", ["ours"])


def follow(root: Path, files: dict[str, str], *, passed_over: Sequence[str] = ()) -> set[str]:
    """The modules that `ours.entry` reaches, as paths under `ours` without `.py`."""
    write(root, files)
    reached = imported_files([root], "ours.entry", ["ours"], passed_over=passed_over)
    return {path.relative_to("ours").with_suffix("").as_posix() for path in reached}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
