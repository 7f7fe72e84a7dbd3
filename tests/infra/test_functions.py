"""The one recipe, seen on all functions."""

from __future__ import annotations

import platform
import sys

import pytest

from infra.channels import DEAD_LETTERS_VISIBILITY
from infra.packaging import FUNCTIONS
from infra.stage_settings import StageSettings
from lambdas.jobs.grouping import SETTLING_MS, TELLING_MS
from tests.infra.templates import STAGES, synthesised, template, template_with_everything

# Name → what it is given beside Powertools' own three. Nothing that it does not read.
VARIABLES = {
    "authorize": {"PUNCTUAL_TABLE", "PUNCTUAL_ISSUER", "PUNCTUAL_AUDIENCE", "PUNCTUAL_ISSUER_KEYS_URL"},
    "api": {
        "PUNCTUAL_TABLE",
        "PUNCTUAL_SECRETS_KEY_ARN",
        "PUNCTUAL_HORIZON_SECONDS",
        "PUNCTUAL_PRIVATE_TARGETS",
        "PUNCTUAL_ALLOWED_PORTS",
        "PUNCTUAL_OWN_HOSTS",
        "PUNCTUAL_API_URL",
        "PUNCTUAL_ISSUER_CONFIGURATION_URL",
        "PUNCTUAL_SIGN_IN_CLIENT",
        "PUNCTUAL_ADDRESS_TOPICS",
        "PUNCTUAL_RETENTION_DAYS",
        "PUNCTUAL_LIMITS",
    },
    "check": {
        "PUNCTUAL_TABLE",
        "PUNCTUAL_SECRETS_KEY_ARN",
        "PUNCTUAL_HORIZON_SECONDS",
        "PUNCTUAL_PRIVATE_TARGETS",
        "PUNCTUAL_ALLOWED_PORTS",
        "PUNCTUAL_OWN_HOSTS",
        "PUNCTUAL_API_URL",
        "PUNCTUAL_ADDRESS_TOPICS",
        "PUNCTUAL_LIMITS",
    },
    "hand_off": {"PUNCTUAL_JOBS_QUEUE_URL", "PUNCTUAL_HORIZON_SECONDS", "PUNCTUAL_LEAD_SECONDS"},
    "sweep": {
        "PUNCTUAL_TABLE",
        "PUNCTUAL_JOBS_QUEUE_URL",
        "PUNCTUAL_HORIZON_SECONDS",
        "PUNCTUAL_SWEEP_MINUTES",
        "PUNCTUAL_LEAD_SECONDS",
    },
    "fire": {
        "PUNCTUAL_TABLE",
        "PUNCTUAL_SECRETS_KEY_ARN",
        "PUNCTUAL_JOBS_QUEUE_URL",
        "PUNCTUAL_DEAD_LETTERS_URL",
        "PUNCTUAL_ALERTS_TOPIC_ARN",
        "PUNCTUAL_ADDRESS_TOPICS",
        "PUNCTUAL_HORIZON_SECONDS",
        "PUNCTUAL_LEAD_SECONDS",
        "PUNCTUAL_PRIVATE_TARGETS",
        "PUNCTUAL_ALLOWED_PORTS",
        "PUNCTUAL_RETENTION_DAYS",
        "PUNCTUAL_TARGET_FAILURES",
        "PUNCTUAL_TARGET_REFUSALS",
        "PUNCTUAL_TARGET_PAUSE_SECONDS",
        "PUNCTUAL_TARGET_LONGEST_PAUSE_SECONDS",
        "PUNCTUAL_TARGET_LONGEST_WAIT_SECONDS",
    },
    "bury": {
        "PUNCTUAL_TABLE",
        "PUNCTUAL_ALERTS_TOPIC_ARN",
        "PUNCTUAL_ADDRESS_TOPICS",
        "PUNCTUAL_ALERT_WINDOW_SECONDS",
        "PUNCTUAL_HORIZON_SECONDS",
        "PUNCTUAL_RETENTION_DAYS",
    },
    "count": {"PUNCTUAL_TABLE"},
}


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_run_on_graviton_and_the_newest_python_of_our_locks(function: str, stage: str) -> None:
    """See `infra/target.py`."""
    described = template(stage).function(function)
    assert described["Runtime"] == "python3.14"
    assert described["Architectures"] == ["arm64"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_on_this_machine_functions_run_on_its_own_python(function: str) -> None:
    """The emulator starts them with the interpreter it runs on itself."""
    described = template("local").function(function)
    assert described["Runtime"] == f"python3.{sys.version_info.minor}"
    arm = platform.machine() in ("arm64", "aarch64")
    assert described["Architectures"] == ["arm64" if arm else "x86_64"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_log_group_of_its_own_that_forgets(function: str, stage: str) -> None:
    """After the days of the settings; without one AWS makes one that keeps everything for ever."""
    made = template(stage)
    groups = [made.function(name)["LoggingConfig"]["LogGroup"]["Ref"] for name in FUNCTIONS]
    assert len(set(groups)) == len(FUNCTIONS)
    group = made.function(function)["LoggingConfig"]["LogGroup"]["Ref"]
    days = StageSettings.from_context({"stage": stage}).log_retention_days
    assert made.all("AWS::Logs::LogGroup")[group]["RetentionInDays"] == days
    assert made.resources[group]["DeletionPolicy"] == ("Retain" if stage == "prod" else "Delete")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_memory_and_time_are_chosen_and_not_aws_defaults(function: str, stage: str) -> None:
    """AWS would give 128 MB and 3 s, in which no handler gets through its imports."""
    described = template(stage).function(function)
    assert described["MemorySize"] >= 256
    assert 10 <= described["Timeout"] <= 180


def test_the_api_gives_up_before_the_gateway_does() -> None:
    """API Gateway waits 30 s and answers in its own form; ours tells what to do."""
    assert template("prod").function("api")["Timeout"] < 30


def test_a_sweep_ends_before_the_next_one_starts() -> None:
    """At the default period; overlapping ones are harmless, but double work."""
    settings = StageSettings.from_context({"stage": "prod"})
    assert template("prod").function("sweep")["Timeout"] < settings.sweep_minutes * 60


def test_whoever_noted_a_job_for_a_window_of_alerts_is_done_when_it_is_told() -> None:
    """And whoever died telling it is known to be dead when its letters come again."""
    assert template("prod").function("bury")["Timeout"] * 1000 < min(SETTLING_MS, TELLING_MS)
    assert DEAD_LETTERS_VISIBILITY.to_milliseconds() > TELLING_MS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_told_what_it_needs_and_no_more(function: str) -> None:
    """The table above; `lambdas/wiring.py` reads it, and `test_packaging` sees that it does."""
    given = template("prod").environment(function)
    powertools = {name: given.pop(name) for name in list(given) if name.startswith("POWERTOOLS_")}
    assert powertools == {
        "POWERTOOLS_SERVICE_NAME": function,
        "POWERTOOLS_METRICS_NAMESPACE": "Punctual",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    assert given.keys() == VARIABLES[function]


def test_settings_reach_the_functions() -> None:
    """As the texts that their wiring reads."""
    made = synthesised(
        stage="dev",
        private_targets="10.0.0.0/8:80,[fd00::1]",
        allowed_ports="443,8443",
        horizon_seconds="180",
        sweep_minutes="1",
        alert_window_seconds="60",
        limits="starter,upcoming_jobs=5",
    )
    assert made.environment("api")["PUNCTUAL_LIMITS"] == "starter,upcoming_jobs=5"
    for function in ("api", "fire"):
        assert made.environment(function)["PUNCTUAL_PRIVATE_TARGETS"] == "10.0.0.0/8:80,[fd00::1]"
        assert made.environment(function)["PUNCTUAL_ALLOWED_PORTS"] == "443,8443"
    for function in set(FUNCTIONS) - {"authorize", "count"}:
        assert made.environment(function)["PUNCTUAL_HORIZON_SECONDS"] == "180"
    assert made.environment("sweep")["PUNCTUAL_SWEEP_MINUTES"] == "1"
    assert made.environment("bury")["PUNCTUAL_ALERT_WINDOW_SECONDS"] == "60"


def test_nothing_private_may_be_called_unless_the_settings_say_so() -> None:
    """P6: empty, never a switch that turns the guard off."""
    for stage in STAGES:
        for function in ("api", "fire"):
            assert template(stage).environment(function)["PUNCTUAL_PRIVATE_TARGETS"] == ""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_concurrency_is_reserved(function: str) -> None:
    """Throttled deliveries count as receives, and would fill the dead letters with jobs that nobody looked at."""
    assert "ReservedConcurrentExecutions" not in template_with_everything().function(function)
