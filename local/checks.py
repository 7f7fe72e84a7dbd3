"""What looks for holes, in code, template and dependencies: `python -m local.checks FOLDER`, a part of `make check`.

bandit reads the code, checkov the template that was made into FOLDER, and pip-audit asks whether a locked package has a
known hole. The first two need no network and get none. The third asks PyPI; without it that is said, and no fault.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from local import paths

LOCKS = (
    "requirements-dev.txt",
    "local/requirements.txt",
    "local/requirements-node.txt",
    "local/requirements-checks.txt",
)
"""Every package that is installed anywhere: those of the functions and of the infrastructure are in the first, too."""

ACCEPTED: Mapping[str, str] = {
    "CVE-2024-23342": "ecdsa, which checkov asks for: how long it signs tells of the key. Nothing here signs with"
    " it, and its authors do not mean to mend it.",
}
"""Known holes that do no harm here, by their identifier or one of its aliases, each with the reason."""

_ADVISORIES = "https://pypi.org/pypi/pip/json"
"""Any package's page tells whether PyPI's advisories can be read from here."""

_NOBODY = "http://127.0.0.1:9"
"""The discard port: a proxy that refuses every connection at once."""


@dataclass(frozen=True)
class Verdict:
    """What a check says in the end: whether it passed, and the lines that a person reads."""

    passed: bool
    text: str


NOT_AUDITED = Verdict(True, "pip-audit: not audited, because PyPI's advisories cannot be reached from here.")


def main() -> int:
    """Run all three at once. Returns the exit status: 0 if none found anything."""
    template_folder = Path(sys.argv[1])
    with ThreadPoolExecutor() as pool:
        checks = [pool.submit(bandit, paths.ROOT), pool.submit(checkov, template_folder), pool.submit(pip_audit)]
    verdicts = [check.result() for check in checks]
    for verdict in verdicts:
        print(verdict.text, file=sys.stdout if verdict.passed else sys.stderr)
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def bandit(root: Path) -> Verdict:
    """Judge the Python code below `root`; what is left out stands in pyproject.toml and on the lines themselves."""
    line = "{relpath}:{line}: {test_id} {msg}"
    configured = ["--configfile", str(paths.ROOT / "pyproject.toml"), "--recursive", "--quiet"]
    done = _run(["bandit", *configured, "--format", "custom", "--msg-template", line, "."], cwd=root)
    if done.returncode:
        return Verdict(
            False, f"{done.stdout}{done.stderr}bandit: see above. Mend it, or excuse the line with its reason."
        )
    return Verdict(True, "bandit found nothing in the code.")


def checkov(folder: Path) -> Verdict:
    """Judge the templates in `folder`; what does not fit is acknowledged on its resource (infra/security_rules.py)."""
    templates = [str(file) for file in sorted(folder.glob("*.template.json"))]
    offline = ["--skip-download", "--skip-results-upload", "--quiet", "--compact"]
    done = _run(["checkov", "--framework", "cloudformation", *offline, "--output", "json", "--file", *templates])
    try:
        summary = json.loads(done.stdout)["summary"]
        findings = [_finding(found) for found in json.loads(done.stdout)["results"]["failed_checks"]]
    except (ValueError, KeyError, TypeError):
        return Verdict(False, f"checkov could not do its work:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    if findings or done.returncode or summary["parsing_errors"] or not summary["passed"]:
        lines = [*findings, "checkov: see above. Mend it, or acknowledge_checkov() the one resource with its reason."]
        return Verdict(False, "\n".join(lines))
    return Verdict(
        True, f"checkov: {summary['passed']} checks of the template passed, {summary['skipped']} do not fit."
    )


def _finding(found: Mapping[str, Any]) -> str:
    return f"{found['check_id']} {found['resource']}: {found['check_name']}"


def pip_audit() -> Verdict:
    """Ask PyPI whether a locked package has a known hole. Fails on one, never for want of an answer."""
    if not _pypi_answers():
        return NOT_AUDITED
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(_audit, LOCKS))
    packages = []
    for text in said:
        try:
            packages += json.loads(text)["dependencies"]
        except ValueError:  # no report: the network went away, or the tool could not do its work
            return (
                Verdict(False, f"pip-audit could not do its work:\n{text[-2000:]}") if _pypi_answers() else NOT_AUDITED
            )
    return audited(packages)


def _audit(lock: str) -> str:
    """The report on one lock in JSON; whatever was said instead if there is none."""
    kept = ["--cache-dir", str(paths.LOCAL / "pip-audit"), "--progress-spinner", "off", "--timeout", "10"]
    of_lock = ["--disable-pip", "--require-hashes", "--requirement", str(paths.ROOT / lock)]
    done = _run(["pip-audit", *kept, *of_lock, "--format", "json"], online=True)
    return done.stdout or done.stderr


def _pypi_answers() -> bool:
    """Whether advisories can be read here: mirrors of PyPI, which is all that some networks let through, have none."""
    try:
        with urllib.request.urlopen(_ADVISORIES, timeout=10) as answer:  # nosec B310  # an https address, above
            return "vulnerabilities" in json.load(answer)
    except (OSError, ValueError, HTTPException):
        return False


def audited(packages: Sequence[Mapping[str, Any]]) -> Verdict:
    """What the packages of pip-audit's reports mean, each `{"name", "version", "vulns": [{"id", "aliases",
    "fix_versions"}]}`, or `{"name", "skip_reason"}` if PyPI says nothing of it."""
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        return NOT_AUDITED
    holes = list(_holes(asked))
    if holes:
        lines = [
            *holes,
            "pip-audit: see above. `make lock UPGRADE=1`, or accept it in local/checks.py with its reason.",
        ]
        return Verdict(False, "\n".join(lines))
    silent = f", {len(packages) - len(asked)} are unknown to it" if len(asked) < len(packages) else ""
    return Verdict(True, f"pip-audit: {len(asked)} packages have no known hole{silent}.")


def _holes(packages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for package in packages:
        for hole in package["vulns"]:
            if ACCEPTED.keys().isdisjoint({hole["id"], *hole.get("aliases", ())}):
                mended = " or ".join(hole.get("fix_versions", ())) or "no version yet"
                yield f"{package['name']} {package['version']}: {hole['id']}, mended in {mended}"


def _run(command: list[str], *, cwd: Path = paths.ROOT, online: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a tool of the checks' own environment."""
    program = paths.CHECKS_VENV / "bin" / command[0]
    return subprocess.run(
        [str(program), *command[1:]],
        cwd=cwd,
        env=environment(online=online),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def environment(*, online: bool) -> dict[str, str]:
    """Without any account's keys or settings of the machine's owner, which checkov would use to ask a platform.

    Offline, whatever still wants out is sent to a proxy that nobody runs.
    """
    left_out = ("AWS_", "BC_", "PRISMA_", "CKV_", "CHECKOV_", "VIRTUAL_ENV", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    if online:
        return kept
    home = paths.LOCAL / "checks-home"
    home.mkdir(parents=True, exist_ok=True)
    proxies = {name: _NOBODY for word in ("http_proxy", "https_proxy", "all_proxy") for name in (word, word.upper())}
    nobody = {"no_proxy": "", "NO_PROXY": ""}
    return kept | proxies | nobody | {"HOME": str(home), "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}


if __name__ == "__main__":
    sys.exit(main())
