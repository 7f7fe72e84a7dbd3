"""Settings: what the stages differ in, what is taken, and what is refused with an explanation."""

from __future__ import annotations

from typing import Any

import pytest

from infra.stage_settings import SettingsRefused, StageSettings


def test_without_settings_it_is_development() -> None:
    """15 minutes of horizon, a sweep every 4, a lead of 2 s, jobs kept for 30 days."""
    settings = StageSettings.from_context({})
    assert settings.stage == "dev"
    assert (settings.horizon_seconds, settings.sweep_minutes, settings.lead_seconds) == (900, 4, 2)
    assert settings.retention_days == 30
    assert settings.allowed_ports == (80, 443, 8080, 8443)
    assert settings.private_targets == ()
    assert settings.alert_email is None
    assert not settings.keeps_data
    assert not settings.is_local


def test_production_keeps_its_data_and_takes_more() -> None:
    """More workers, more requests, longer logs."""
    development, production = StageSettings(stage="dev"), StageSettings.from_context({"stage": "prod"})
    assert production.keeps_data
    assert production.max_concurrency > development.max_concurrency
    assert production.requests_per_second > development.requests_per_second
    assert production.log_retention_days > development.log_retention_days


def test_settings_of_the_command_line_are_texts() -> None:
    """`-c name=value` gives nothing else."""
    settings = StageSettings.from_context(
        {
            "stage": "prod",
            "sweep_minutes": "5",
            "horizon_seconds": "900",
            "max_concurrency": "250",
            "kms": "true",
            "allowed_ports": "443, 8443",
            "private_targets": "127.0.0.1,[::1], localhost ,10.0.0.0/8:8080,[fd00::/8]:443",
            "own_hosts": "jobs.example.com,localhost:4566",
            "api_url": "https://jobs.example.com/punctual/",
            "alert_email": "ops@example.com",
            "issuer": "https://id.example.com/tenant",
            "audience": "punctual",
        }
    )
    assert (settings.sweep_minutes, settings.max_concurrency, settings.kms) == (5, 250, True)
    assert settings.allowed_ports == (443, 8443)
    assert settings.private_targets == ("127.0.0.1", "[::1]", "localhost", "10.0.0.0/8:8080", "[fd00::/8]:443")
    assert settings.own_hosts == ("jobs.example.com", "localhost:4566")
    assert settings.api_url == "https://jobs.example.com/punctual"
    assert settings.audience == ("punctual",)


def test_settings_of_cdk_json_may_be_of_their_own_kind() -> None:
    """Numbers, lists and true."""
    settings = StageSettings.from_context(
        {"stage": "dev", "max_concurrency": 5, "kms": True, "allowed_ports": [443], "own_hosts": ["a.example"]}
    )
    assert (settings.max_concurrency, settings.kms) == (5, True)
    assert (settings.allowed_ports, settings.own_hosts) == ((443,), ("a.example",))


@pytest.mark.parametrize("given", ["starter, upcoming_jobs=500", ["starter", "upcoming_jobs=500"]])
def test_limits_of_owners_are_one_setting(given: object) -> None:
    """A name and what differs from it; `standard` unless they say otherwise."""
    assert StageSettings.from_context({"stage": "dev", "limits": given}).limits == "starter,upcoming_jobs=500"
    assert StageSettings.from_context({"stage": "prod"}).limits == "standard"


def test_an_empty_list_is_an_empty_list() -> None:
    """`make run` passes on what it has, and that may be nothing."""
    settings = StageSettings.from_context({"stage": "local", "private_targets": "", "own_hosts": ""})
    assert (settings.private_targets, settings.own_hosts) == ((), ())


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"stage": "production"}, "stage: 'production' is none of local, dev, prod"),
        ({"sweep_minutes": "four"}, "sweep_minutes: 'four' is no whole number"),
        ({"sweep_minutes": "4.5"}, "is no whole number"),
        ({"sweep_minutes": "-1"}, "is no whole number"),
        ({"sweep_minutes": "٣"}, "is no whole number"),
        ({"sweep_minutes": True}, "is no whole number"),
        ({"sweep_minutes": "0"}, "sweep_minutes: 0 is not from 1 to 5"),
        ({"sweep_minutes": "6"}, "two skipped sweeps make no job late"),
        ({"sweep_minutes": "2", "horizon_seconds": "180"}, "sweep_minutes: 2 is not from 1 to 1"),
        ({"horizon_seconds": "901"}, "horizon_seconds: 901 is not from 180 to 900"),
        ({"horizon_seconds": "179"}, "horizon_seconds: 179 is not from 180 to 900"),
        ({"max_concurrency": "1"}, "max_concurrency: 1 is not from 2 to 1000"),
        ({"max_concurrency": "1001"}, "max_concurrency: 1001 is not from 2 to 1000"),
        ({"target_failures": "0"}, "target_failures: 0 is not 1 or more"),
        ({"target_pause_seconds": "901"}, "1 ≤ 901 ≤ 900 ≤ 86400 ≤ 604800 must hold"),
        ({"alert_window_seconds": "9"}, "alert_window_seconds: 9 is not from 10 to 3600"),
        ({"kms": "yes"}, "kms: 'yes' is neither true nor false"),
        ({"allowed_ports": ""}, "allowed_ports: at least one port is needed"),
        ({"allowed_ports": "443,0"}, "allowed_ports: '0' is no port"),
        ({"allowed_ports": "443,65536"}, "allowed_ports: '65536' is no port"),
        ({"allowed_ports": "https"}, "allowed_ports: 'https' is no whole number"),
        ({"private_targets": "10.0.0.0/33"}, "private_targets: '10.0.0.0/33'"),
        ({"private_targets": "0.0.0.0/0"}, "private_targets: '0.0.0.0/0' is too wide"),
        ({"private_targets": "10.0.0.1/8"}, "private_targets: '10.0.0.1/8'"),
        ({"private_targets": "10.0.0.256"}, "private_targets: '10.0.0.256'"),
        ({"private_targets": "[::1"}, "private_targets: '[::1'"),
        ({"private_targets": "host:0"}, "private_targets: 'host:0'"),
        ({"private_targets": "host:65536"}, "private_targets: 'host:65536'"),
        ({"private_targets": "http://host"}, "private_targets: 'http://host'"),
        ({"private_targets": "a b"}, "private_targets: 'a b'"),
        ({"private_targets": "*"}, "private_targets: '*'"),
        ({"own_hosts": "10.0.0.0/8"}, "own_hosts: '10.0.0.0/8'"),
        ({"own_hosts": "https://jobs.example.com"}, "own_hosts: 'https://jobs.example.com'"),
        ({"api_url": "http://jobs.example.com", "own_hosts": "jobs.example.com"}, "is no https address"),
        ({"api_url": "https://a@jobs.example.com", "own_hosts": "jobs.example.com"}, "is no https address"),
        ({"api_url": "jobs.example.com", "own_hosts": "jobs.example.com"}, "is no https address"),
        ({"api_url": "https://jobs.example.com#a", "own_hosts": "jobs.example.com"}, "is no https address"),
        ({"api_url": "https://jobs.example.com"}, "name jobs.example.com in own_hosts, too"),
        ({"api_url": "https://jobs.example.com:444", "own_hosts": "jobs.example.com:443"}, "name jobs.example.com:444"),
        ({"alert_email": "ops"}, "alert_email: 'ops' is no e-mail address"),
        ({"alert_email": "a@example.com,b@example.com"}, "is no e-mail address"),
        ({"alert_email": " "}, "alert_email: ' ' is no text"),
        ({"issuer": "https://id.example.com"}, "issuer, audience: an existing issuer needs both"),
        ({"audience": "punctual"}, "issuer, audience: an existing issuer needs both"),
        ({"sign_in_client": "a"}, "sign_in_client: it is for an issuer of yours"),
        ({"issuer": "http://id.example.com", "audience": "a"}, "is no https address of an issuer"),
        ({"issuer": "https://id.example.com?x=1", "audience": "a"}, "is no https address of an issuer"),
        ({"requests_per_second": "0"}, "requests_per_second"),
        ({"cors_origins": "https://console.example.com/"}, "no origin"),
        ({"cors_origins": "*,https://console.example.com"}, "none can be named beside it"),
        ({"requests_per_second": "100", "burst_requests": "99"}, "requests_per_second ≤ burst_requests"),
        ({"log_retention_days": "2"}, "log_retention_days: 2 is none of 1, 7, 14, 30, 90, 365"),
        ({"limits": "beginner"}, "limits: 'beginner' is neither one of standard, starter"),
        ({"limits": "starter,requests=5"}, "limits: there is no requests"),
        ({"limits": "requests_per_minute=0"}, "limits: requests_per_minute is 0"),
        ({"alert_mail": "ops@example.com"}, "alert_mail: there is no such setting; alert_email was meant?"),
        ({"private_target": "localhost"}, "private_targets was meant?"),
    ],
)
def test_what_makes_no_sense_is_refused_and_said(context: dict[str, Any], told: str) -> None:
    """Before anything is made of it."""
    with pytest.raises(SettingsRefused) as refused:
        StageSettings.from_context(context)
    assert told in str(refused.value)


def test_all_faults_are_told_at_once() -> None:
    """One a line."""
    with pytest.raises(SettingsRefused) as refused:
        StageSettings.from_context({"sweep_minutes": "9", "allowed_ports": "0", "max_concurrency": "1", "kms": "no"})
    assert len(str(refused.value).splitlines()) == 4


def test_the_flags_and_notes_of_the_cdk_are_not_taken_for_settings() -> None:
    """They live in the same context."""
    context = {"@aws-cdk/core:checkSecretUsage": True, "cli-telemetry": False, "aws:cdk:bundling-stacks": ["**"]}
    assert StageSettings.from_context(context) == StageSettings(stage="dev")
