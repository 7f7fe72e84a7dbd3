"""The cache of the template."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import synth

CONTEXT = {"stage": "local", "sweep_minutes": "4"}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A small project: as much of one as the key looks at."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "lambdas" / "jobs").mkdir(parents=True)
    for name in ("app.py", "cdk.json", "infra/front_door.py", "lambdas/jobs/fire.py", "requirements.txt"):
        (tmp_path / name).write_text(name)
    for name in ("pyproject.toml", "package-lock.json"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_same_inputs_have_the_same_key(sources: Path) -> None:
    """In whatever order the settings come, and whatever Python leaves behind beside the sources."""
    key = synth.cache_key(CONTEXT, sources)
    (sources / "infra" / "__pycache__").mkdir()
    (sources / "infra" / "__pycache__" / "front_door.cpython-311.pyc").write_bytes(b"code")
    (sources / "README.md").write_text("not an input")
    assert synth.cache_key(dict(reversed(CONTEXT.items())), sources) == key


@pytest.mark.parametrize("name", ["app.py", "infra/front_door.py", "lambdas/jobs/fire.py", "requirements.txt"])
def test_a_changed_source_has_another_key(sources: Path, name: str) -> None:
    """Old code must never be deployed."""
    key = synth.cache_key(CONTEXT, sources)
    (sources / name).write_text("changed")
    assert synth.cache_key(CONTEXT, sources) != key


def test_a_new_or_moved_source_has_another_key(sources: Path) -> None:
    """The names count, not only the contents."""
    key = synth.cache_key(CONTEXT, sources)
    (sources / "lambdas" / "jobs" / "fire.py").rename(sources / "lambdas" / "jobs" / "firing.py")
    assert synth.cache_key(CONTEXT, sources) != key


def test_another_setting_has_another_key(sources: Path) -> None:
    """The port, the sweep's period and the rest are in the template."""
    assert synth.cache_key({**CONTEXT, "sweep_minutes": "1"}, sources) != synth.cache_key(CONTEXT, sources)


def test_a_real_account_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's AWS settings is left to the CDK."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    environment = synth.environment()
    assert "AWS_PROFILE" not in environment
    assert "AWS_ACCESS_KEY_ID" not in environment
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
