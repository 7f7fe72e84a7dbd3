"""T14 and what else `make check` looks for: a hole is found, and the lack of a network is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import checks, paths
from tests.infra.templates import template_with_everything
from tests.services.missing import require

LOCKS = sorted(
    [
        *paths.ROOT.glob("requirements*.txt"),
        *paths.ROOT.glob("local/requirements*.txt"),
        *paths.ROOT.glob("lambdas/requirements/*.txt"),
    ]
)
TABLE_WITHOUT_RECOVERY = {"Resources": {"Careless": {"Type": "AWS::DynamoDB::Table", "Properties": {}}}}


@pytest.fixture
def tools() -> None:
    """bandit and checkov, which only `make check` fetches."""
    require(
        (paths.CHECKS_VENV / "bin" / "checkov").exists(), "python3 -m local.setup checks fetches what is tested here"
    )


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(paths.ROOT)))
def test_every_locked_package_has_one_version_and_hashes(lock: Path) -> None:
    """T14: what is installed is what was reviewed, to the byte."""
    requirements = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n?", "", lock.read_text(), flags=re.MULTILINE).strip())
    assert requirements
    for requirement in requirements:
        assert re.match(r"[\w.-]+==[\w.+!]+( ; .+)? \\\n", requirement), requirement
        hashes = requirement.splitlines()[1:]
        assert all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes), requirement


def test_the_cdk_is_locked_with_hashes() -> None:
    """T14: npm checks what it fetches against the lock, and runs no script of it (local/setup.py)."""
    packages = json.loads((paths.ROOT / "package-lock.json").read_text())["packages"]
    assert all(package["integrity"].startswith("sha512-") for name, package in packages.items() if name)


def test_every_package_that_is_installed_anywhere_is_audited() -> None:
    """What a function is given, too: it is part of what developers install."""
    audited = {pin for lock in checks.LOCKS for pin in _pins(paths.ROOT / lock)}
    assert {pin for lock in LOCKS for pin in _pins(lock)} == audited


@pytest.mark.usefixtures("tools")
def test_a_shell_that_runs_a_users_text_is_found(tmp_path: Path) -> None:
    """By bandit, with its place."""
    (tmp_path / "careless.py").write_text("import subprocess\n\nsubprocess.run(input(), shell=True, check=True)\n")
    verdict = checks.bandit(tmp_path)
    assert not verdict.passed
    assert "careless.py:3: B602" in verdict.text


@pytest.mark.usefixtures("tools")
def test_a_table_without_recovery_is_found(tmp_path: Path) -> None:
    """By checkov, with the resource."""
    (tmp_path / "Careless.template.json").write_text(json.dumps(TABLE_WITHOUT_RECOVERY))
    verdict = checks.checkov(tmp_path)
    assert not verdict.passed
    assert "CKV_AWS_28 AWS::DynamoDB::Table.Careless" in verdict.text


@pytest.mark.usefixtures("tools")
def test_a_template_that_is_not_there_does_not_pass(tmp_path: Path) -> None:
    """Nothing judged is not nothing found."""
    assert not checks.checkov(tmp_path).passed


@pytest.mark.usefixtures("tools")
def test_checkov_finds_nothing_with_every_setting() -> None:
    """A key, an issuer, an address for alerts; `make check` looks at production as it is without them."""
    verdict = checks.checkov(template_with_everything().folder)
    assert verdict.passed, verdict.text


def test_checks_that_need_no_network_get_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """No account's keys, no settings of the machine's owner, and proxies that nobody runs."""
    for name in ("AWS_PROFILE", "BC_API_KEY", "PRISMA_API_URL", "CHECKOV_RUN_SCA_PACKAGE_SCAN_V2", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "https://platform.example")
    environment = checks.environment(online=False)
    assert "https://platform.example" not in environment.values()
    assert not any(name.startswith(("AWS_", "BC_", "PRISMA_")) for name in environment)
    assert environment["HTTPS_PROXY"] == environment["http_proxy"] == "http://127.0.0.1:9"
    assert not list(Path(environment["HOME"]).glob(".bridgecrew/*"))


def test_a_known_hole_fails_the_check() -> None:
    """With the version that mends it."""
    verdict = checks.audited(
        [_package("urllib3", "1.0", _hole("PYSEC-1", fix_versions=["1.1"])), _package("idna", "3")]
    )
    assert not verdict.passed
    assert "urllib3 1.0: PYSEC-1, mended in 1.1" in verdict.text


def test_an_accepted_hole_does_not() -> None:
    """By any of its names, and only that one."""
    (accepted, *_) = checks.ACCEPTED
    known = _hole("PYSEC-2", aliases=[accepted])
    assert checks.audited([_package("ecdsa", "0.19", known)]).passed
    assert not checks.audited([_package("ecdsa", "0.19", known, _hole("PYSEC-3"))]).passed


def test_every_accepted_hole_has_its_reason() -> None:
    """A sentence, not a word."""
    assert all(len(reason.split()) >= 8 for reason in checks.ACCEPTED.values())


def test_no_advisories_are_no_fault_and_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said in one line: neither a network without PyPI nor a mirror that has packages only fails a change."""
    monkeypatch.setattr(checks, "_ADVISORIES", "https://127.0.0.1:9/pypi/pip/json")
    for verdict in (checks.pip_audit(), checks.audited([{"name": "idna", "skip_reason": "not found on PyPI"}])):
        assert verdict.passed
        assert "not audited" in verdict.text
        assert len(verdict.text.splitlines()) == 1


def test_packages_that_pypi_does_not_know_are_counted() -> None:
    """They were not audited, and the line says so."""
    verdict = checks.audited([_package("idna", "3"), {"name": "ours", "skip_reason": "not found on PyPI"}])
    assert verdict.passed
    assert "1 packages" in verdict.text and "1 are unknown" in verdict.text


def _pins(lock: Path) -> Iterator[str]:
    yield from re.findall(r"^([\w.-]+==[\w.+!]+)", lock.read_text(), re.MULTILINE)


def _package(name: str, version: str, *holes: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": version, "vulns": list(holes)}


def _hole(name: str, *, aliases: list[str] | None = None, fix_versions: list[str] | None = None) -> dict[str, Any]:
    return {"id": name, "aliases": aliases or [], "fix_versions": fix_versions or [], "description": "…"}
