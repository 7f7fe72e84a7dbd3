"""Puts the service together: the only place that reads the environment and builds clients.

Each function of `infra/` gets just the variables that its parts name here. Parts are made at the first invocation and
kept for the life of the process; adapters are imported only by the functions that use them, for import time is cold
start.
"""

from __future__ import annotations

import functools
import json
import os
import random
import uuid
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics
from botocore.session import Session, get_session

from lambdas.adapters.aws import Service, make_client
from lambdas.adapters.powertools_journal import PowertoolsJournal
from lambdas.adapters.system_clock import SystemClock
from lambdas.jobs.errors import SettingInvalid
from lambdas.jobs.horizon import Horizon

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdas.adapters.dynamodb_counters import DynamoDbCounters
    from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore
    from lambdas.adapters.dynamodb_keys import DynamoDbKeys
    from lambdas.adapters.dynamodb_owners import DynamoDbOwners
    from lambdas.adapters.dynamodb_signing_secrets import DynamoDbSigningSecrets
    from lambdas.adapters.dynamodb_targets import DynamoDbTargets
    from lambdas.adapters.dynamodb_usage import DynamoDbUsage
    from lambdas.adapters.sns_addresses import SnsAddresses
    from lambdas.adapters.sqs_job_queue import SqsJobQueue
    from lambdas.handlers.check import Bench
    from lambdas.handlers.desk import Desk
    from lambdas.jobs.bury import Undertaker
    from lambdas.jobs.destination import Rules
    from lambdas.jobs.doorkeeper import Doorkeeper
    from lambdas.jobs.fire import Worker
    from lambdas.jobs.job import Notify
    from lambdas.jobs.limiting import Limiter
    from lambdas.jobs.owners_alerts import NotifyOf, OwnersAlerts
    from lambdas.jobs.target import Limits

Part = TypeVar("Part")

DAY_MS = 24 * 3_600_000


class HandOffParts(NamedTuple):
    queue: SqsJobQueue
    journal: PowertoolsJournal
    clock: SystemClock
    horizon: Horizon


class CountParts(NamedTuple):
    counters: DynamoDbCounters
    journal: PowertoolsJournal
    clock: SystemClock


class SweepParts(NamedTuple):
    store: DynamoDbJobStore
    queue: SqsJobQueue
    journal: PowertoolsJournal
    clock: SystemClock
    horizon: Horizon
    period_ms: int


@cache
def api_parts() -> tuple[Desk, PowertoolsJournal]:
    from uuid_utils import uuid7

    from lambdas.handlers.desk import Desk, SignIn

    journal = _journal()
    desk = Desk(
        keys=_keys(),
        store=_store(),
        journal=journal,
        clock=SystemClock(),
        horizon=_horizon(),
        rules=_rules(),
        retention_ms=_retention_ms(),
        new_job_id=lambda: f"job_{uuid7().hex}",
        secrets=_later(_signing_secrets, "PUNCTUAL_SECRETS_KEY_ARN"),
        new_key=_new_key,
        owners=_owners,
        addresses=_addresses(),
        counters=_later(_counters),
        targets=_later(_targets),
        limiter=_limiter(journal),
        api_url=_text("PUNCTUAL_API_URL"),
        sign_in=SignIn(_text("PUNCTUAL_ISSUER_CONFIGURATION_URL"), _text("PUNCTUAL_SIGN_IN_CLIENT")),
    )
    return desk, journal


@cache
def authorize_parts() -> tuple[Doorkeeper, PowertoolsJournal]:
    from lambdas.adapters.http_issuer_keys import HttpIssuerKeys
    from lambdas.adapters.jwt_tokens import JwtTokens
    from lambdas.jobs.doorkeeper import Doorkeeper
    from lambdas.jobs.token import Issuer

    journal, clock = _journal(), SystemClock()
    doorkeeper = Doorkeeper(
        issuer=Issuer(_text("PUNCTUAL_ISSUER"), frozenset(_text("PUNCTUAL_AUDIENCE").split(","))),
        tokens=JwtTokens(HttpIssuerKeys(_text("PUNCTUAL_ISSUER_KEYS_URL"), clock=clock)),
        keys=_keys(),
        journal=journal,
        clock=clock,
    )
    return doorkeeper, journal


@cache
def check_parts() -> tuple[Bench, PowertoolsJournal]:
    from uuid_utils import uuid7

    from lambdas.adapters.http_sender import HttpSender
    from lambdas.adapters.precise_clock import PreciseSystemClock
    from lambdas.handlers.check import Bench

    journal, rules = _journal(), _rules()
    sender = HttpSender(policy=rules.addresses, clock=PreciseSystemClock())
    bench = Bench(
        journal=journal,
        clock=SystemClock(),
        horizon=_horizon(),
        rules=rules,
        names=sender,
        sender=sender,
        secrets=_signing_secrets(),
        owners=_owners,
        addresses=_addresses(),
        limiter=_limiter(journal),
        api_url=_text("PUNCTUAL_API_URL"),
        new_id=lambda: uuid7().hex,
    )
    return bench, journal


@cache
def hand_off_parts() -> HandOffParts:
    return HandOffParts(_queue(), _journal(), SystemClock(), _horizon())


@cache
def count_parts() -> CountParts:
    return CountParts(_counters(), _journal(), SystemClock())


@cache
def sweep_parts() -> SweepParts:
    period_ms = _number("PUNCTUAL_SWEEP_MINUTES", 4) * 60_000
    return SweepParts(_store(), _queue(), _journal(), SystemClock(), _horizon(), period_ms)


@cache
def fire_parts() -> tuple[Worker, PowertoolsJournal]:
    from lambdas.adapters.http_sender import HttpSender
    from lambdas.adapters.precise_clock import PreciseSystemClock
    from lambdas.jobs.addresses import AddressPolicy
    from lambdas.jobs.breaker import Breaker
    from lambdas.jobs.fire import Worker
    from lambdas.jobs.keyring import Keyring
    from lambdas.jobs.settle import Terms

    journal, clock = _journal(), SystemClock()
    notify_of = _notify_of(clock)
    alerts = _alerts(notify_of, clock)
    policy = AddressPolicy.from_settings(**_address_settings())
    worker = Worker(
        store=_store(),
        queue=_queue(),
        sender=HttpSender(policy=policy, clock=PreciseSystemClock()),
        alerts=alerts,
        journal=journal,
        clock=clock,
        terms=Terms(_horizon(), _retention_ms(), random.uniform),
        breaker=Breaker(
            targets=_targets(),
            alerts=alerts,
            journal=journal,
            clock=clock,
            limits=_target_limits(),
            uniform=random.uniform,
        ),
        new_claim_id=lambda: uuid.uuid4().hex,
        secret_of=Keyring(secrets=_signing_secrets(), alerts=alerts, journal=journal, clock=clock).secret_of,
        notify_of=notify_of,
    )
    return worker, journal


@cache
def bury_parts() -> tuple[Undertaker, PowertoolsJournal]:
    from lambdas.adapters.dynamodb_alert_groups import DynamoDbAlertGroups
    from lambdas.jobs.bury import Undertaker
    from lambdas.jobs.settle import Terms
    from lambdas.jobs.telling import Herald

    store, journal, clock = _store(), _journal(), SystemClock()
    notify_of = _notify_of(clock)
    alerts = _alerts(notify_of, clock)
    herald = Herald(
        store=store,
        alerts=alerts,
        groups=DynamoDbAlertGroups(_client("dynamodb"), _text("PUNCTUAL_TABLE")),
        journal=journal,
        clock=clock,
        window_ms=_number("PUNCTUAL_ALERT_WINDOW_SECONDS", 300) * 1000,
        notify_of=notify_of,
    )
    terms = Terms(_horizon(), _retention_ms(), random.uniform)
    undertaker = Undertaker(store=store, alerts=alerts, journal=journal, clock=clock, terms=terms, herald=herald)
    return undertaker, journal


def _store() -> DynamoDbJobStore:
    from lambdas.adapters.dynamodb_job_store import DynamoDbJobStore

    return DynamoDbJobStore(_client("dynamodb"), _text("PUNCTUAL_TABLE"), retention_ms=_retention_ms())


def _limiter(journal: PowertoolsJournal) -> Limiter:
    from lambdas.jobs.limiting import Limiter
    from lambdas.jobs.limits import OwnerLimits

    defaults = OwnerLimits.from_setting(_text("PUNCTUAL_LIMITS", "standard"))
    return Limiter(usage=_usage(), journal=journal, defaults=defaults)


def _rules() -> Rules:
    from lambdas.jobs.destination import Rules

    return Rules.from_settings(**_address_settings(), own_hosts=_text("PUNCTUAL_OWN_HOSTS", ""))


def _address_settings() -> dict[str, str]:
    """Which addresses may be called: the same at the door and at the socket."""
    return {
        "private_targets": _text("PUNCTUAL_PRIVATE_TARGETS", ""),
        "allowed_ports": _text("PUNCTUAL_ALLOWED_PORTS", "80,443,8080,8443"),
    }


def _counters() -> DynamoDbCounters:
    from lambdas.adapters.dynamodb_counters import DynamoDbCounters

    return DynamoDbCounters(_client("dynamodb"), _text("PUNCTUAL_TABLE"))


def _keys() -> DynamoDbKeys:
    from lambdas.adapters.dynamodb_keys import DynamoDbKeys

    return DynamoDbKeys(_client("dynamodb"), _text("PUNCTUAL_TABLE"))


def _targets() -> DynamoDbTargets:
    from lambdas.adapters.dynamodb_targets import DynamoDbTargets

    return DynamoDbTargets(_client("dynamodb"), _text("PUNCTUAL_TABLE"))


def _usage() -> DynamoDbUsage:
    from lambdas.adapters.dynamodb_usage import DynamoDbUsage

    return DynamoDbUsage(_client("dynamodb"), _text("PUNCTUAL_TABLE"))


def _target_limits() -> Limits:
    from lambdas.jobs.target import Limits

    return Limits(
        failures=_number("PUNCTUAL_TARGET_FAILURES", 10),
        refusals=_number("PUNCTUAL_TARGET_REFUSALS", 20),
        first_pause_ms=_number("PUNCTUAL_TARGET_PAUSE_SECONDS", 30) * 1000,
        longest_pause_ms=_number("PUNCTUAL_TARGET_LONGEST_PAUSE_SECONDS", 900) * 1000,
        longest_wait_ms=_number("PUNCTUAL_TARGET_LONGEST_WAIT_SECONDS", 86_400) * 1000,
    )


def _signing_secrets() -> DynamoDbSigningSecrets:
    from lambdas.adapters.dynamodb_signing_secrets import DynamoDbSigningSecrets
    from lambdas.adapters.kms_seal import KmsSeal
    from lambdas.jobs.signing import PURPOSE

    seal = KmsSeal(lambda: _client("kms"), key_arn=_text("PUNCTUAL_SECRETS_KEY_ARN"), purpose=PURPOSE)
    return DynamoDbSigningSecrets(_client("dynamodb"), _text("PUNCTUAL_TABLE"), seal=seal, clock=SystemClock())


def _new_key() -> bytes:
    from lambdas.jobs.signing import KEY_BYTES

    return os.urandom(KEY_BYTES)


def _later(make: Callable[[], Part], *settings: str) -> Callable[[], Part]:
    """A part that few requests need, made by the first of them; that a setting is missing is found out now."""
    for name in settings:
        _text(name)
    return cache(make)


@cache
def _owners() -> DynamoDbOwners:
    from lambdas.adapters.dynamodb_owners import DynamoDbOwners

    return DynamoDbOwners(_client("dynamodb"), _text("PUNCTUAL_TABLE"))


def _addresses() -> Callable[[], SnsAddresses]:
    """Made when they are first needed; that a setting is missing is found out now."""
    prefix, key_arn = _text("PUNCTUAL_ADDRESS_TOPICS"), os.environ.get("PUNCTUAL_TOPICS_KEY_ARN")

    @cache
    def addresses() -> SnsAddresses:
        from lambdas.adapters.sns_addresses import SnsAddresses

        return SnsAddresses(lambda: _client("sns"), prefix=prefix, key_arn=key_arn)

    return addresses


def _notify_of(clock: SystemClock) -> NotifyOf:
    """Looks when the first job has ended: what that needs is not imported before its request is sent."""
    from lambdas.jobs.owners_alerts import NOTIFY_REMEMBERED_MS, default_notify
    from lambdas.jobs.remembered import Remembered

    def look_up(owner: str) -> Notify:
        return default_notify(owner, store=_owners())

    return Remembered(look_up, clock=clock, for_ms=NOTIFY_REMEMBERED_MS).get


def _alerts(notify_of: NotifyOf, clock: SystemClock) -> OwnersAlerts:
    from lambdas.adapters.sns_alerts import SnsAlerts
    from lambdas.jobs.owners_alerts import NOTIFY_REMEMBERED_MS, OwnersAlerts
    from lambdas.jobs.remembered import Remembered

    addresses = _addresses()

    def is_confirmed(pair: tuple[str, str]) -> bool:
        return addresses().is_confirmed(*pair)

    sns = SnsAlerts(
        _client("sns"),
        _text("PUNCTUAL_ALERTS_TOPIC_ARN"),
        topic_of=lambda owner, email: addresses().topic_arn(owner, email),
        is_confirmed=Remembered(is_confirmed, clock=clock, for_ms=NOTIFY_REMEMBERED_MS).get,
    )
    return OwnersAlerts(sns, notify_of=notify_of)


def _queue() -> SqsJobQueue:
    from lambdas.adapters.sqs_job_queue import SqsJobQueue

    return SqsJobQueue(
        _client("sqs"),
        jobs_url=_text("PUNCTUAL_JOBS_QUEUE_URL"),
        dead_letters_url=os.environ.get("PUNCTUAL_DEAD_LETTERS_URL"),
    )


def _journal() -> PowertoolsJournal:
    """The service's name, the namespace of its metrics and the log level are Powertools' own variables."""
    # Powertools would print what is not ASCII as it is, and with it what steers a terminal or ends a line for some.
    as_ascii = functools.partial(json.dumps, default=str, separators=(",", ":"))
    return PowertoolsJournal(Logger(location=None, json_serializer=as_ascii), Metrics())


def _horizon() -> Horizon:
    return Horizon(
        reach_ms=_number("PUNCTUAL_HORIZON_SECONDS", 900) * 1000,
        lead_ms=_number("PUNCTUAL_LEAD_SECONDS", 2) * 1000,
    )


def _retention_ms() -> int:
    return _number("PUNCTUAL_RETENTION_DAYS", 30) * DAY_MS


@cache
def _session() -> Session:
    return get_session()


@cache
def _client(service: Service) -> Any:
    return make_client(_session(), service)


def _text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise SettingInvalid(f"{name} is not set; the template sets it for each function that needs it")
    return value


def _number(name: str, default: int) -> int:
    value = _text(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise SettingInvalid(f"{name} is {value!r}; it must be a whole number above zero")
    return int(value)
