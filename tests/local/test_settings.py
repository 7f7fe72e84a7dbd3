"""The settings of `make run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import paths
from local.settings import SettingInvalid, Settings


def test_nothing_set_gives_the_documented_defaults() -> None:
    """An empty environment is the common case: port 4566, loopback targets, a sweep every 4 minutes."""
    settings = Settings.from_environment({})
    assert settings == Settings(
        port=4566,
        private_targets="127.0.0.1,[::1],localhost",
        more_own_hosts="",
        sweep_minutes=4,
        horizon_seconds=900,
        target_failures=10,
        target_refusals=20,
        target_pause_seconds=30,
        target_longest_pause_seconds=900,
        target_longest_wait_seconds=86_400,
        alert_window_seconds=300,
        limits="standard",
        state=paths.LOCAL,
        keep=False,
    )


def test_every_setting_is_read() -> None:
    """Each variable reaches its field, and what the template needs of them reaches the context."""
    settings = Settings.from_environment(
        {
            "PUNCTUAL_PORT": "4570",
            "PUNCTUAL_PRIVATE_TARGETS": "10.0.0.0/8:8080",
            "PUNCTUAL_OWN_HOSTS": "jobs.example.com",
            "PUNCTUAL_SWEEP_MINUTES": "1",
            "PUNCTUAL_HORIZON_SECONDS": "180",
            "PUNCTUAL_TARGET_FAILURES": "3",
            "PUNCTUAL_TARGET_REFUSALS": "4",
            "PUNCTUAL_TARGET_PAUSE_SECONDS": "2",
            "PUNCTUAL_TARGET_LONGEST_PAUSE_SECONDS": "20",
            "PUNCTUAL_TARGET_LONGEST_WAIT_SECONDS": "200",
            "PUNCTUAL_ALERT_WINDOW_SECONDS": "10",
            "PUNCTUAL_LIMITS": "starter,upcoming_jobs=5",
            "PUNCTUAL_STATE": "/tmp/second",
            "KEEP": "1",
        }
    )
    assert settings.port == 4570
    assert settings.state == Path("/tmp/second").resolve()
    assert settings.keep
    assert settings.cdk_context() == {
        "stage": "local",
        "private_targets": "10.0.0.0/8:8080",
        "own_hosts": "localhost:4570,127.0.0.1:4570,[::1]:4570,jobs.example.com",
        "api_url": "http://localhost:4570/_aws/execute-api/9a7c41d2",
        "cognito_url": "http://127.0.0.1:4570",
        "sweep_minutes": "1",
        "horizon_seconds": "180",
        "target_failures": "3",
        "target_refusals": "4",
        "target_pause_seconds": "2",
        "target_longest_pause_seconds": "20",
        "target_longest_wait_seconds": "200",
        "alert_window_seconds": "10",
        "limits": "starter,upcoming_jobs=5",
    }


def test_empty_private_targets_allow_none() -> None:
    """Set but empty means as on AWS, no private destination at all; it is not the same as left out."""
    assert Settings.from_environment({"PUNCTUAL_PRIVATE_TARGETS": ""}).private_targets == ""


@pytest.mark.parametrize(("text", "keep"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_keep_is_off_when_empty_or_zero(text: str, keep: bool) -> None:
    """`make run KEEP=` and `KEEP=0` start empty."""
    assert Settings.from_environment({"KEEP": text}).keep is keep


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PUNCTUAL_PORT", "http"),
        ("PUNCTUAL_PORT", "0"),
        ("PUNCTUAL_PORT", "65536"),
        ("PUNCTUAL_PORT", "4_566"),
        ("PUNCTUAL_PORT", "٤٥٦٦"),
        ("PUNCTUAL_SWEEP_MINUTES", "0"),
        ("PUNCTUAL_SWEEP_MINUTES", "6"),
        ("PUNCTUAL_HORIZON_SECONDS", "901"),
        ("PUNCTUAL_HORIZON_SECONDS", "-1"),
        ("PUNCTUAL_TARGET_FAILURES", "0"),
        ("PUNCTUAL_TARGET_PAUSE_SECONDS", "901"),
        ("PUNCTUAL_TARGET_LONGEST_PAUSE_SECONDS", "86401"),
        ("PUNCTUAL_ALERT_WINDOW_SECONDS", "9"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(name: str, text: str) -> None:
    """The message tells which variable it is and what it holds, so that it can be found and mended."""
    with pytest.raises(SettingInvalid, match=name) as refused:
        Settings.from_environment({name: text})
    assert repr(text) in str(refused.value)


def test_a_short_horizon_shortens_the_period_of_the_sweep() -> None:
    """Three sweeps fit in the horizon; the default gives way, a period that was asked for is refused."""
    assert Settings.from_environment({"PUNCTUAL_HORIZON_SECONDS": "180"}).sweep_minutes == 1
    with pytest.raises(SettingInvalid, match="PUNCTUAL_SWEEP_MINUTES"):
        Settings.from_environment({"PUNCTUAL_HORIZON_SECONDS": "180", "PUNCTUAL_SWEEP_MINUTES": "2"})
