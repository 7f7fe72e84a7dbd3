"""What may differ from stage to stage, in one typed place: `cdk deploy -c stage=prod -c alert_email=a@example.com`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import SettingInvalid
from lambdas.jobs.limits import OwnerLimits

STAGES = ("local", "dev", "prod")

# Three sweeps fit in it, and a rule's rate is a minute or more; SQS delays a message by 15 minutes at most.
_SHORTEST_HORIZON_SECONDS = 180
_LONGEST_HORIZON_SECONDS = 900
_LONGEST_WAIT_SECONDS = 7 * 86_400
# An event source of SQS takes no other MaximumConcurrency.
_CONCURRENCY = range(2, 1001)
# Seconds. Shorter ones would gather nothing, in longer ones nobody would hear of a crowd in time.
_ALERT_WINDOW = range(10, 3_601)


LOG_RETENTIONS = {1: "ONE_DAY", 7: "ONE_WEEK", 14: "TWO_WEEKS", 30: "ONE_MONTH", 90: "THREE_MONTHS", 365: "ONE_YEAR"}
"""Of the days that CloudWatch can keep logs for, those that make sense here; and the CDK's names of them."""


class SettingsRefused(ValueError):
    """One or more settings make no sense; the text tells all of them, each with what would be right."""


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """The settings of one stage. Each field but those at the end is a context key of the same name."""

    stage: str
    private_targets: tuple[str, ...] = ()
    """Destinations that are allowed although they are not public: `host-or-network[:port]`."""
    own_hosts: tuple[str, ...] = ()
    """Further `host[:port]` that count as this service's own, so that no job may call them; a custom domain, say."""
    api_url: str | None = None
    """Where users reach the API, if not at its own address: a custom domain, say, whose host is in `own_hosts`."""
    allowed_ports: tuple[int, ...] = (80, 443, 8080, 8443)
    sweep_minutes: int = 4
    horizon_seconds: int = _LONGEST_HORIZON_SECONDS
    """How far ahead a sweep hands over."""
    alert_email: str | None = None
    """Who is told of failed jobs and alarms; the address must confirm the subscription."""
    alert_window_seconds: int = 300
    """How long failures of one host for one reason are gathered, after the first five, to be told in one mail."""
    issuer: str | None = None
    """An existing issuer of JWTs (OpenID Connect) instead of a Cognito user pool of our own; with `audience`."""
    audience: tuple[str, ...] = ()
    sign_in_client: str | None = None
    """The client id at `issuer` with which users sign in from the command line."""
    cognito_url: str | None = None
    """Where the keys of our user pool are had on this machine; on AWS that follows from the region."""
    max_concurrency: int = 20
    """How many fire workers may run at once; each takes up to ten jobs."""
    kms: bool = False
    """A customer-managed key for table, queues and topic; costs a dollar a month, and its use can be taken away."""
    requests_per_second: int = 100
    burst_requests: int = 200
    """What the API takes before it answers 429; API Gateway's own limits are 10,000 and 5,000."""
    cors_origins: tuple[str, ...] = ("*",)
    """Origins whose pages may call the API from a browser; the token in a header is what lets a request in."""
    limits: str = "standard"
    """What one owner may use: `standard` or `starter`, and figures that differ from it, `starter,upcoming_jobs=500`."""
    log_retention_days: int = 30
    target_failures: int = 10
    """So many failures in a row pause a target, for its owner's jobs."""
    target_refusals: int = 20
    """So many refusals in a row (404, 410, a bad certificate) put a target on its owner's deny-list."""
    target_pause_seconds: int = 30
    """The first pause; it doubles with each probe that fails, up to the longest."""
    target_longest_pause_seconds: int = 900
    target_longest_wait_seconds: int = 86_400
    """A job that has waited so long for its target is sent regardless."""

    # Not yet a matter of stages, but the functions and the template must agree on them.
    lead_seconds: int = 2
    retention_days: int = 30

    @property
    def is_local(self) -> bool:
        """The emulator on this machine, not AWS."""
        return self.stage == "local"

    @property
    def keeps_data(self) -> bool:
        """Production outlives a deleted stack, and refuses to be deleted by mistake."""
        return self.stage == "prod"

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise SettingsRefused("\n".join(faults))

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> StageSettings:
        """Settings from CDK's context, where `-c` gives strings and `cdk.json` any JSON. Raises SettingsRefused."""
        stage = context.get("stage", "dev")
        values: dict[str, Any] = {**_STAGE_DEFAULTS.get(stage, {}), "stage": stage}
        faults = list(_misspelt(context))
        for key, parse in _PARSERS.items():
            given = context.get(key)
            if given is None:
                continue
            try:
                values[key] = parse(given)
            except ValueError as fault:
                faults.append(f"{key}: {fault}")
        try:
            settings = cls(**values)
        except SettingsRefused as refused:
            faults.append(str(refused))
        if faults:
            raise SettingsRefused("\n".join(faults))
        return settings


_STAGE_DEFAULTS: dict[str, dict[str, Any]] = {
    # A worker of the emulator takes 44 MB, and all of them share this machine's cores.
    "local": {"max_concurrency": 12, "requests_per_second": 1000, "burst_requests": 2000, "log_retention_days": 1},
    # 100 workers take 1,000 jobs at once; 500 requests a second are four times ten million jobs a day.
    "prod": {"max_concurrency": 100, "requests_per_second": 500, "burst_requests": 1000, "log_retention_days": 90},
}


def _text(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError(f"{given!r} is no text")
    return given.strip()


def _whole_number(given: object) -> int:
    if isinstance(given, bool) or not re.fullmatch(r"[0-9]{1,9}", str(given)):
        raise ValueError(f"{given!r} is no whole number")
    return int(str(given))


def _switch(given: object) -> bool:
    if str(given).lower() not in ("true", "false"):
        raise ValueError(f"{given!r} is neither true nor false")
    return str(given).lower() == "true"


def _names(given: object) -> tuple[str, ...]:
    parts = given if isinstance(given, list) else str(given).split(",")
    return tuple(name for part in parts if (name := str(part).strip()))


def _whole_numbers(given: object) -> tuple[int, ...]:
    return tuple(_whole_number(name) for name in _names(given))


_PARSERS: dict[str, Callable[[object], Any]] = {
    "private_targets": _names,
    "own_hosts": _names,
    "api_url": lambda given: _text(given).rstrip("/"),
    "allowed_ports": _whole_numbers,
    "sweep_minutes": _whole_number,
    "horizon_seconds": _whole_number,
    "alert_email": _text,
    "alert_window_seconds": _whole_number,
    "issuer": _text,
    "audience": _names,
    "sign_in_client": _text,
    "cognito_url": _text,
    "max_concurrency": _whole_number,
    "kms": _switch,
    "requests_per_second": _whole_number,
    "burst_requests": _whole_number,
    "cors_origins": _names,
    "limits": lambda given: ",".join(_names(given)),
    "log_retention_days": _whole_number,
    "target_failures": _whole_number,
    "target_refusals": _whole_number,
    "target_pause_seconds": _whole_number,
    "target_longest_pause_seconds": _whole_number,
    "target_longest_wait_seconds": _whole_number,
}


def _misspelt(context: Mapping[str, Any]) -> Iterable[str]:
    """A setting that is almost one of ours would else be passed over in silence."""
    ours = ("stage", *_PARSERS)
    for key in context:
        near = difflib.get_close_matches(key, ours, n=1, cutoff=0.8)
        if near and key not in ours:
            yield f"{key}: there is no such setting; {near[0]} was meant?"


def _faults(settings: StageSettings) -> Iterable[str]:
    if settings.stage not in STAGES:
        yield f"stage: {settings.stage!r} is none of {', '.join(STAGES)}"
    yield from _timing_faults(settings)
    yield from _destination_faults(settings)
    yield from _address_faults(settings)
    yield from _identity_faults(settings)
    yield from _target_faults(settings)
    if settings.max_concurrency not in _CONCURRENCY:
        yield f"max_concurrency: {settings.max_concurrency} is not from 2 to 1000, which is what SQS takes"
    if not 1 <= settings.requests_per_second <= settings.burst_requests <= 5000:
        yield "requests_per_second, burst_requests: 1 ≤ requests_per_second ≤ burst_requests ≤ 5000 must hold"
    yield from _origin_faults(settings)
    try:
        OwnerLimits.from_setting(settings.limits)
    except SettingInvalid as invalid:
        yield str(invalid)
    if settings.alert_window_seconds not in _ALERT_WINDOW:
        yield f"alert_window_seconds: {settings.alert_window_seconds} is not from 10 to 3600"
    if settings.log_retention_days not in LOG_RETENTIONS:
        yield f"log_retention_days: {settings.log_retention_days} is none of {', '.join(map(str, LOG_RETENTIONS))}"


def _origin_faults(settings: StageSettings) -> Iterable[str]:
    for origin in settings.cors_origins:
        if origin != "*" and not re.fullmatch(r"https?://[^/?#\s@]+", origin):
            yield f"cors_origins: {origin!r} is no origin; it should look like https://console.example.com, or be *"
    if "*" in settings.cors_origins and len(settings.cors_origins) > 1:
        yield "cors_origins: * stands for all origins, and none can be named beside it"


def _timing_faults(settings: StageSettings) -> Iterable[str]:
    if not _SHORTEST_HORIZON_SECONDS <= settings.horizon_seconds <= _LONGEST_HORIZON_SECONDS:
        yield (
            f"horizon_seconds: {settings.horizon_seconds} is not from {_SHORTEST_HORIZON_SECONDS} "
            f"to {_LONGEST_HORIZON_SECONDS}"
        )
    elif not 60 <= settings.sweep_minutes * 60 <= settings.horizon_seconds // 3:
        yield (
            f"sweep_minutes: {settings.sweep_minutes} is not from 1 to {settings.horizon_seconds // 180}; "
            "three periods must fit in the horizon, so that two skipped sweeps make no job late"
        )


def _destination_faults(settings: StageSettings) -> Iterable[str]:
    """By the functions' own rules, so that what is deployed is understood."""
    if not settings.allowed_ports:
        yield "allowed_ports: at least one port is needed"
    lists = {
        "allowed_ports": map(str, settings.allowed_ports),
        "private_targets": settings.private_targets,
        "own_hosts": settings.own_hosts,
    }
    for name, entries in lists.items():
        for entry in entries:
            try:
                Rules.from_settings(**{**dict.fromkeys(lists, ""), name: entry})
            except SettingInvalid as invalid:
                yield str(invalid)


def _address_faults(settings: StageSettings) -> Iterable[str]:
    if settings.api_url is None:
        return
    url = urlsplit(settings.api_url)
    schemes = ("https", "http") if settings.is_local else ("https",)
    if url.scheme not in schemes or not url.hostname or "@" in url.netloc or url.query or url.fragment:
        yield f"api_url: {settings.api_url!r} is no https address; it should look like https://jobs.example.com"
    elif not {url.netloc.lower(), url.hostname} & set(settings.own_hosts):
        yield f"api_url: its host is this service, which no job may call; name {url.netloc} in own_hosts, too"


def _target_faults(settings: StageSettings) -> Iterable[str]:
    for name in ("target_failures", "target_refusals"):
        if getattr(settings, name) < 1:
            yield f"{name}: {getattr(settings, name)} is not 1 or more"
    pause, longest, wait = (
        settings.target_pause_seconds,
        settings.target_longest_pause_seconds,
        settings.target_longest_wait_seconds,
    )
    if not 1 <= pause <= longest <= wait <= _LONGEST_WAIT_SECONDS:
        yield (
            "target_pause_seconds, target_longest_pause_seconds, target_longest_wait_seconds: "
            f"1 ≤ {pause} ≤ {longest} ≤ {wait} ≤ {_LONGEST_WAIT_SECONDS} must hold"
        )


def _identity_faults(settings: StageSettings) -> Iterable[str]:
    if bool(settings.issuer) != bool(settings.audience):
        yield "issuer, audience: an existing issuer needs both, our own user pool neither"
    if settings.sign_in_client and not settings.issuer:
        yield "sign_in_client: it is for an issuer of yours; our own user pool has a client of ours"
    if settings.cognito_url and not settings.is_local:
        yield "cognito_url: AWS says by itself where its Cognito is; this is for the stage local"
    if settings.issuer:
        url = urlsplit(settings.issuer)
        if url.scheme != "https" or not url.hostname or url.query or url.fragment:
            yield f"issuer: {settings.issuer!r} is no https address of an issuer"
    if settings.alert_email and not re.fullmatch(r"[^@\s,]+@[^@\s,]+\.[^@\s,.]+", settings.alert_email):
        yield f"alert_email: {settings.alert_email!r} is no e-mail address"
