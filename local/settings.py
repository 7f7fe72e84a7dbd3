"""The settings of `make run`: read once from the environment, checked, then passed on as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import paths

LOOPBACK_TARGETS = "127.0.0.1,[::1],localhost"
API_ID = "9a7c41d2"
"""The template of the stage local pins it."""


class SettingInvalid(Exception):
    """A setting cannot be used; the text names it, what it holds and what would be right."""


@dataclass(frozen=True)
class Settings:
    """What one copy of the local stack is run with."""

    port: int = 4566
    """Where the emulator listens; the API's address follows from it."""
    private_targets: str = LOOPBACK_TARGETS
    """Destinations that may be called although they are not public: comma-separated `host-or-network[:port]`."""
    more_own_hosts: str = ""
    """Host names, besides the stack's own, that count as this service itself: comma-separated `host[:port]`."""
    sweep_minutes: int = 4
    horizon_seconds: int = 900
    target_failures: int = 10
    """So many failures in a row pause a target."""
    target_refusals: int = 20
    """So many refusals in a row deny it."""
    target_pause_seconds: int = 30
    target_longest_pause_seconds: int = 900
    target_longest_wait_seconds: int = 86_400
    alert_window_seconds: int = 300
    """How long failures of one host for one reason are gathered, after the first five, to be told together."""
    limits: str = "standard"
    """What one owner may use, as the stage's setting of this name has it: `starter,requests_per_minute=60`."""
    state: Path = paths.LOCAL
    """The folder of this copy: its `stack.json`, logs and the emulator's data."""
    keep: bool = False
    """Go on with the jobs of the last run instead of starting empty."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the `PUNCTUAL_…` variables and KEEP. Raises SettingInvalid."""
        horizon_seconds = _whole_number(environment, "PUNCTUAL_HORIZON_SECONDS", cls.horizon_seconds, 180, 900)
        longest_wait = _whole_number(
            environment, "PUNCTUAL_TARGET_LONGEST_WAIT_SECONDS", cls.target_longest_wait_seconds, 1, 604_800
        )
        longest_pause = _whole_number(
            environment,
            "PUNCTUAL_TARGET_LONGEST_PAUSE_SECONDS",
            min(cls.target_longest_pause_seconds, longest_wait),
            1,
            longest_wait,
        )
        return cls(
            port=_whole_number(environment, "PUNCTUAL_PORT", cls.port, 1, 65_535),
            private_targets=environment.get("PUNCTUAL_PRIVATE_TARGETS", cls.private_targets),
            more_own_hosts=environment.get("PUNCTUAL_OWN_HOSTS", cls.more_own_hosts),
            # Three periods fit in the horizon, so that two sweeps that do not come make no job late.
            sweep_minutes=_whole_number(
                environment,
                "PUNCTUAL_SWEEP_MINUTES",
                min(cls.sweep_minutes, horizon_seconds // 180),
                1,
                horizon_seconds // 180,
            ),
            horizon_seconds=horizon_seconds,
            target_failures=_whole_number(environment, "PUNCTUAL_TARGET_FAILURES", cls.target_failures, 1, 1_000_000),
            target_refusals=_whole_number(environment, "PUNCTUAL_TARGET_REFUSALS", cls.target_refusals, 1, 1_000_000),
            target_pause_seconds=_whole_number(
                environment,
                "PUNCTUAL_TARGET_PAUSE_SECONDS",
                min(cls.target_pause_seconds, longest_pause),
                1,
                longest_pause,
            ),
            target_longest_pause_seconds=longest_pause,
            target_longest_wait_seconds=longest_wait,
            alert_window_seconds=_whole_number(
                environment, "PUNCTUAL_ALERT_WINDOW_SECONDS", cls.alert_window_seconds, 10, 3_600
            ),
            limits=environment.get("PUNCTUAL_LIMITS") or cls.limits,
            state=Path(environment.get("PUNCTUAL_STATE") or cls.state).resolve(),
            keep=environment.get("KEEP", "") not in ("", "0"),
        )

    @property
    def endpoint_url(self) -> str:
        """Where AWS's API is answered on this machine. By address: `bucket.localhost` does not resolve everywhere."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """Where users reach the API on this machine; the stack's own output names AWS's host."""
        return f"http://localhost:{self.port}/_aws/execute-api/{API_ID}"

    @property
    def own_hosts(self) -> str:
        """Every name of this service, so that no job is sent to the service itself."""
        own = [f"{host}:{self.port}" for host in ("localhost", "127.0.0.1", "[::1]")]
        return ",".join([*own, *filter(None, [self.more_own_hosts])])

    def cdk_context(self) -> dict[str, str]:
        """What the template is made with. The template depends on nothing else of the machine's environment."""
        return {
            "stage": "local",
            "private_targets": self.private_targets,
            "own_hosts": self.own_hosts,
            "api_url": self.api_url,
            "cognito_url": self.endpoint_url,
            "sweep_minutes": str(self.sweep_minutes),
            "horizon_seconds": str(self.horizon_seconds),
            "target_failures": str(self.target_failures),
            "target_refusals": str(self.target_refusals),
            "target_pause_seconds": str(self.target_pause_seconds),
            "target_longest_pause_seconds": str(self.target_longest_pause_seconds),
            "target_longest_wait_seconds": str(self.target_longest_wait_seconds),
            "alert_window_seconds": str(self.alert_window_seconds),
            "limits": self.limits,
        }

    def in_force(self) -> dict[str, str | int]:
        """By the names that they are set with, for stack.json."""
        return {
            "PUNCTUAL_PORT": self.port,
            "PUNCTUAL_PRIVATE_TARGETS": self.private_targets,
            "PUNCTUAL_OWN_HOSTS": self.own_hosts,
            "PUNCTUAL_SWEEP_MINUTES": self.sweep_minutes,
            "PUNCTUAL_HORIZON_SECONDS": self.horizon_seconds,
            "PUNCTUAL_TARGET_FAILURES": self.target_failures,
            "PUNCTUAL_TARGET_REFUSALS": self.target_refusals,
            "PUNCTUAL_TARGET_PAUSE_SECONDS": self.target_pause_seconds,
            "PUNCTUAL_TARGET_LONGEST_PAUSE_SECONDS": self.target_longest_pause_seconds,
            "PUNCTUAL_TARGET_LONGEST_WAIT_SECONDS": self.target_longest_wait_seconds,
            "PUNCTUAL_ALERT_WINDOW_SECONDS": self.alert_window_seconds,
            "PUNCTUAL_LIMITS": self.limits,
        }


def _whole_number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingInvalid(f"{name} is {text!r}; it takes a whole number from {least} to {most} (default {default}).")
    return int(text)
