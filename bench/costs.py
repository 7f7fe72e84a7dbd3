"""What a million jobs cost on AWS, worked out from what was measured here.

Counted are write units, CPU and bytes of logs (measured), memory and concurrency (from the template of production)
and prices. What cannot be measured here is assumed below, each with its reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench import burst, prices
from bench.figures import Figure, Part
from bench.lateness import quantile
from bench.template import Deployed
from infra.target import AWS

MILLION = 1_000_000
MONTH_SECONDS = 365.25 / 12 * 86_400
LARGEST_COST = (7.5,)

FULL_CPU_GB = 1769 / 1024
"""Lambda gives a whole CPU at this memory, and less in proportion. One of Graviton's counts as one of ours."""
TABLE_CALL_MS = 5.0
QUEUE_CALL_MS = 10.0
"""Within a region; AWS promises "single-digit milliseconds" of DynamoDB and none of SQS."""
TARGET_MS = 200.0
"""What a target takes to answer."""
START_MS = 150.0
"""Lambda's own part of a cold start."""
DELAY_ROUNDING_SECONDS = 0.5
"""SQS delays by whole seconds, so a message comes up to one earlier than the lead; half of it on average."""
STREAM_READS_A_SECOND = 4 * 4
"""A new table on demand has four shards, and Lambda reads each four times a second."""
PLATFORM_LOG_BYTES = 330
"""Lambda's own START, END and REPORT of an invocation."""
ACCESS_LOG_VALUE_BYTES = 18
"""A value of the gateway's access log, on average."""
CHANGES_COUNTED = 4
"""Of a job that succeeds: stored, claimed, settled, expired. A batch of changes of one owner's jobs of one day is one
write unit; where jobs come one by one, each change is a batch."""
COUNT_CPU_MS = 3.0
"""Of a whole CPU: one call of the table, and what is around it."""
AUTHORIZE_CPU_MS = 2.0
"""Of a whole CPU: a key is looked up in the table. A token takes less, a fifth of a millisecond and no call."""
SWEEP_SECONDS = 0.5
SWEEP_READS = 48
SWEEP_WRITES = 16
"""Three small reads and a mark for each of the sixteen shards."""
POLLERS_WHEN_IDLE = 5
POLLS_A_MINUTE = 3
"""Long polling asks every 20 s."""
STEADY_JOBS_A_SECOND = 116
"""Ten million a day."""
FEW_WORKERS = 40
"""They fire 145 jobs a second if their batches are full."""
BURST_JOBS = 1000
CROWD_JOBS = 10_000
CROWD_MS = 60_000.0


@dataclass(frozen=True, slots=True)
class Line:
    """What an invocation takes, by the number of its jobs: so much at least, and so much for each."""

    at_least: float
    each: float

    def of(self, jobs: float) -> float:
        return self.at_least + self.each * jobs

    @classmethod
    def through(cls, one: float, many: float, jobs: int) -> Line:
        """The line through what one job takes and what `jobs` take."""
        each = (many - one) / (jobs - 1)
        return cls(one - each, each)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: CPU in milliseconds, logs in bytes."""

    units_a_job: float
    stored_bytes: float
    api_cpu_ms: float
    api_log_bytes: float
    hand_off_cpu_ms: Line
    hand_off_log_bytes: Line
    fire_cpu_ms: Line
    fire_log_bytes: Line
    fire_import_cpu_ms: float
    fire_clients_cpu_ms: float

    @classmethod
    def from_parts(cls, parts: Mapping[str, Part]) -> Measured:
        """From the parts `write_units`, `cpu` and `packages`. Raises KeyError if one is missing."""
        units, cpu, packages = (parts[name].details for name in ("write_units", "cpu", "packages"))
        imported = "handler_cpu_ms:fire" if AWS.has_this_python else "plain_handler_cpu_ms:fire"
        return cls(
            units_a_job=units["units_a_job"],
            stored_bytes=units["stored_bytes"],
            api_cpu_ms=cpu["api_cpu_ms:1"],
            api_log_bytes=cpu["api_log_bytes:1"],
            hand_off_cpu_ms=Line.through(cpu["hand_off_cpu_ms:1"], cpu["hand_off_cpu_ms:100"], 100),
            hand_off_log_bytes=Line.through(cpu["hand_off_log_bytes:1"], cpu["hand_off_log_bytes:100"], 100),
            fire_cpu_ms=Line.through(cpu["fire_cpu_ms:1"], cpu["fire_cpu_ms:10"], 10),
            fire_log_bytes=Line.through(cpu["fire_log_bytes:1"], cpu["fire_log_bytes:10"], 10),
            fire_import_cpu_ms=packages[imported],
            fire_clients_cpu_ms=packages["ready_cpu_ms:fire"] - packages["handler_cpu_ms:fire"],
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A load: how many jobs an invocation of hand_off, one of fire and one of authorize have, and how long fire takes.

    authorize has those whose requests come with one token or key while the gateway remembers its answer: one if each
    comes with its own, or long after the one before.
    """

    key: str
    name: str
    jobs_a_hand_over: float
    jobs_a_firing: float
    firing_seconds: float
    jobs_an_asking: float


def part(measured: Measured, deployed: Deployed) -> Part:
    """What a million jobs cost in each case, what a month costs without any, and how late bursts are."""
    thousand = burst.play(BURST_JOBS, pace(measured, deployed))
    figures: list[Figure] = []
    details: dict[str, float] = {}
    for case in cases(thousand, measured, deployed):
        cost = of_a_million(case, measured, deployed)
        details |= {f"{case.key}:{line}": dollars for line, dollars in cost.items()}
        details[f"jobs_a_firing:{case.key}"] = case.jobs_a_firing
        details[f"log_bytes:{case.key}"] = log_bytes(case, measured, deployed)
        figures.append(Figure(f"cost-{case.key}", case.name, "$ a million", (sum(cost.values()),), LARGEST_COST))
    month = of_a_month(deployed)
    details |= {f"month:{line}": dollars for line, dollars in month.items()}
    figures.append(Figure("cost-month", "a month in which nothing is due", "$", (sum(month.values()),)))
    crowd = burst.play(CROWD_JOBS, pace(measured, deployed), over_ms=CROWD_MS)
    figures += [
        _late("burst-lateness", "a thousand in one millisecond", thousand),
        _late("crowd-lateness", "ten thousand in one minute", crowd),
    ]
    details["burst_in_time"] = float(sum(late_ms == 0 for late_ms in thousand.lateness_ms))
    return Part(tuple(figures), details)


def _late(key: str, load: str, played: burst.Burst) -> Figure:
    seconds = tuple(quantile(played.lateness_ms, share) / 1000 for share in (0.5, 0.99))
    return Figure(key, f"{load}, from idle: late by, p50 / p99", "s", seconds)


def cases(thousand: burst.Burst, measured: Measured, deployed: Deployed) -> Sequence[Case]:
    """One job a minute; ten million a day, as production is set and with as few workers as keep up; and bursts."""
    few = replace(deployed, workers=FEW_WORKERS)
    return (
        minutely(measured, deployed),
        steady("steady", f"{STEADY_JOBS_A_SECOND:g} jobs a second", measured, deployed),
        steady("few", f"the same, with max_concurrency {FEW_WORKERS}", measured, few),
        _bursting(thousand),
    )


def minutely(measured: Measured, deployed: Deployed) -> Case:
    """One job a minute: each has its invocations to itself."""
    return Case("minutely", "one job a minute", 1, 1, _firing_seconds(1, measured, deployed), 1)


def steady(
    key: str, name: str, measured: Measured, deployed: Deployed, *, jobs_a_second: float = STEADY_JOBS_A_SECOND
) -> Case:
    """A steady load. A worker that is free takes what is there, so workers are all busy before batches fill up."""
    jobs = 1.0
    for _ in range(20):  # how long an invocation takes depends on how many jobs it has, and the reverse
        seconds = _firing_seconds(jobs, measured, deployed)
        jobs = min(float(burst.LARGEST_BATCH), max(1.0, jobs_a_second * seconds / deployed.workers))
    handed = max(1.0, jobs_a_second / STREAM_READS_A_SECOND)
    asked = max(1.0, jobs_a_second * deployed.remembered_seconds)
    return Case(key, name, handed, jobs, _firing_seconds(jobs, measured, deployed), asked)


def _bursting(thousand: burst.Burst) -> Case:
    """Bursts from idle; stored long before, within a minute, so that the sweep hands them off, a hundred to an
    invocation or more."""
    seconds = thousand.busy_ms / 1000 / thousand.invocations
    fired = BURST_JOBS / thousand.invocations
    return Case("burst", "a thousand in one millisecond, from idle", 100, fired, seconds, BURST_JOBS)


def of_a_million(case: Case, measured: Measured, deployed: Deployed) -> dict[str, float]:
    """Dollars for a million jobs that succeed at once, by what they are paid for."""
    handed, fired = case.jobs_a_hand_over, case.jobs_a_firing
    handing_seconds = _hand_over_seconds(handed, measured, deployed)
    return {
        "gateway": MILLION * prices.HTTP_API_REQUEST,
        "authorize": MILLION / case.jobs_an_asking * _authorizing(deployed),
        "api": MILLION * _invocation("api", _api_seconds(measured, deployed), deployed),
        "table": MILLION * measured.units_a_job * prices.DYNAMODB_WRITE_UNIT,
        "storage": _storage(measured, deployed),
        "hand_off": MILLION / handed * _invocation("hand_off", handing_seconds, deployed),
        # Sent in batches of ten; received and deleted by the invocation.
        "queue": MILLION * (1 / min(handed, burst.LARGEST_BATCH) + 2 / fired) * prices.SQS_REQUEST,
        "fire": MILLION / fired * _invocation("fire", case.firing_seconds, deployed),
        "count": MILLION * CHANGES_COUNTED / handed * _counting(deployed),
        "logs": MILLION * log_bytes(case, measured, deployed) / 1e9 * prices.LOG_GB,
    }


def log_bytes(case: Case, measured: Measured, deployed: Deployed) -> float:
    """For one job: what the functions print, what Lambda adds, and the gateway's access log."""
    access_log = len(re.sub(r"\$context\.[\w.]+", "v" * ACCESS_LOG_VALUE_BYTES, deployed.access_log_format))
    api = measured.api_log_bytes + PLATFORM_LOG_BYTES
    handed = (measured.hand_off_log_bytes.of(case.jobs_a_hand_over) + PLATFORM_LOG_BYTES) / case.jobs_a_hand_over
    fired = (measured.fire_log_bytes.of(case.jobs_a_firing) + PLATFORM_LOG_BYTES) / case.jobs_a_firing
    counted = PLATFORM_LOG_BYTES * CHANGES_COUNTED / case.jobs_a_hand_over
    asked = PLATFORM_LOG_BYTES / case.jobs_an_asking
    return access_log + asked + api + handed + fired + counted


def of_a_month(deployed: Deployed) -> dict[str, float]:
    """Dollars for a month, whatever is due."""
    sweeps = MONTH_SECONDS / 60 / deployed.sweep_minutes
    sweep = _invocation("sweep", SWEEP_SECONDS, deployed)
    sweep += SWEEP_WRITES * prices.DYNAMODB_WRITE_UNIT + SWEEP_READS * prices.DYNAMODB_READ_UNIT
    polls = deployed.queues_polled * POLLERS_WHEN_IDLE * POLLS_A_MINUTE * MONTH_SECONDS / 60
    return {
        "sweeps": sweeps * sweep,
        "polling": polls * prices.SQS_REQUEST,
        "alarms": deployed.alarm_metrics * prices.ALARM_METRIC_MONTH,
        "dashboard": deployed.dashboards * prices.DASHBOARD_MONTH,
        "metrics": deployed.own_metrics * prices.METRIC_MONTH,
        "key of the signing secrets": deployed.keys * prices.KEY_MONTH,
    }


def pace(measured: Measured, deployed: Deployed) -> burst.Pace:
    """How fast workers are on AWS. Their imports run on a whole CPU (Lambda gives it to a start), the rest on their
    memory's share."""
    full = float(burst.LARGEST_BATCH)
    half_ms = measured.fire_cpu_ms.of(full) / 2 / _cpu_share("fire", deployed)
    clients_ms = measured.fire_clients_cpu_ms / _cpu_share("fire", deployed)
    return burst.Pace(
        lead_ms=deployed.lead_seconds * 1000,
        cold_ms=START_MS + measured.fire_import_cpu_ms + clients_ms,
        prepare_ms=TABLE_CALL_MS + half_ms,
        finish_ms=TARGET_MS + TABLE_CALL_MS + half_ms,
        workers=deployed.workers,
    )


def _api_seconds(measured: Measured, deployed: Deployed) -> float:
    return (measured.api_cpu_ms / _cpu_share("api", deployed) + TABLE_CALL_MS) / 1000


def _hand_over_seconds(jobs: float, measured: Measured, deployed: Deployed) -> float:
    calls = math.ceil(jobs / burst.LARGEST_BATCH)
    return (measured.hand_off_cpu_ms.of(jobs) / _cpu_share("hand_off", deployed) + calls * QUEUE_CALL_MS) / 1000


def _firing_seconds(jobs: float, measured: Measured, deployed: Deployed) -> float:
    """Waiting for the instant, in which claiming and opening find time; then the answer, and settling: half the CPU."""
    settling_ms = TABLE_CALL_MS + measured.fire_cpu_ms.of(jobs) / 2 / _cpu_share("fire", deployed)
    return deployed.lead_seconds + DELAY_ROUNDING_SECONDS + (TARGET_MS + settling_ms) / 1000


def _authorizing(deployed: Deployed) -> float:
    """Whose key it is; that it was used is noted once an hour, which is too seldom to be counted."""
    return _invocation(
        "authorize", (AUTHORIZE_CPU_MS / _cpu_share("authorize", deployed) + TABLE_CALL_MS) / 1000, deployed
    )


def _counting(deployed: Deployed) -> float:
    """A batch of changes, of one owner's jobs of one day."""
    seconds = (COUNT_CPU_MS / _cpu_share("count", deployed) + TABLE_CALL_MS) / 1000
    return _invocation("count", seconds, deployed) + prices.DYNAMODB_WRITE_UNIT


def _invocation(function: str, seconds: float, deployed: Deployed) -> float:
    return prices.LAMBDA_REQUEST + seconds * deployed.memory_gb[function] * prices.LAMBDA_GB_SECOND


def _storage(measured: Measured, deployed: Deployed) -> float:
    """Finished jobs are kept for a while; what is stored is backed up too."""
    months = deployed.retention_days * 86_400 / MONTH_SECONDS
    gigabytes = MILLION * measured.stored_bytes / 1e9
    return gigabytes * months * (prices.DYNAMODB_GB_MONTH + prices.DYNAMODB_RECOVERY_GB_MONTH)


def _cpu_share(function: str, deployed: Deployed) -> float:
    return min(1.0, deployed.memory_gb[function] / FULL_CPU_GB)
