"""What the service answers, as frozen values. Times are aware datetimes in UTC.

Each has `raw`, the JSON object as it came: fields of a newer service are there, and are passed over here.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from punctual.errors import Problem

Status = Literal["scheduled", "running", "succeeded", "failed", "cancelled"]
Raw = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. Values of secret headers are "[redacted]"; lists and batches leave the body out (None)."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any

    @classmethod
    def of(cls, raw: Raw) -> Request:
        encoded = raw.get("body_base64")
        body = raw.get("body") if encoded is None else base64.b64decode(encoded)
        return cls(raw["method"], raw["url"], raw["headers"], body)

    @property
    def content(self) -> bytes | None:
        """The body byte for byte as it is sent (docs/api.md: text as it is, other values as compact JSON)."""
        match self.body:
            case None | bytes():
                return self.body
            case str():
                return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently a job is tried."""

    max_attempts: int
    min_backoff_seconds: int
    max_backoff_seconds: int


@dataclass(frozen=True, slots=True)
class AttemptError:
    """Why an attempt did not succeed: a code of the contract, and a sentence."""

    code: str
    message: str

    @classmethod
    def of(cls, raw: Raw) -> AttemptError:
        return cls(raw["code"], raw["message"])


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of the request. What is not known is None."""

    number: int
    outcome: Literal["succeeded", "retry", "failed", "died"]
    started_at: datetime | None
    lateness_ms: int | None
    duration_ms: int | None
    status_code: int | None
    error: AttemptError | None
    response_excerpt: str | None
    next_attempt_at: datetime | None

    @classmethod
    def of(cls, raw: Raw) -> Attempt:
        return cls(
            number=raw["number"],
            outcome=raw["outcome"],
            started_at=_moment(raw, "started_at"),
            lateness_ms=raw.get("lateness_ms"),
            duration_ms=raw.get("duration_ms"),
            status_code=raw.get("status_code"),
            error=_optional(AttemptError.of, raw.get("error")),
            response_excerpt=raw.get("response_excerpt"),
            next_attempt_at=_moment(raw, "next_attempt_at"),
        )


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about a job, such as a local time that exists twice (`other` is the second)."""

    code: str
    message: str
    other: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job. `due_at` is what you named, `next_attempt_at` when the next request leaves (None: never again).

    `waiting_for` is "target" while attempts are put off because the target is down. `version` is for `if_version`.
    """

    id: str
    name: str | None
    status: Status
    request: Request
    due_at: datetime
    timezone: str | None
    due_at_local: datetime | None
    next_attempt_at: datetime | None
    waiting_for: str | None
    retry: Retry
    timeout_seconds: float
    expect: Raw
    notify: Raw
    attempts: tuple[Attempt, ...]
    attempt_count: int
    notes: tuple[Note, ...]
    schedule_id: str | None
    rerun_of: str | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    version: int
    raw: Raw = field(repr=False, compare=False)

    @property
    def finished(self) -> bool:
        return self.status in ("succeeded", "failed", "cancelled")

    @classmethod
    def of(cls, raw: Raw) -> Job:
        retry = raw["retry"]
        return cls(
            id=raw["id"],
            name=raw.get("name"),
            status=raw["status"],
            request=Request.of(raw["request"]),
            due_at=datetime.fromisoformat(raw["due_at"]),
            timezone=raw.get("timezone"),
            due_at_local=_moment(raw, "due_at_local"),
            next_attempt_at=_moment(raw, "next_attempt_at"),
            waiting_for=raw.get("waiting_for"),
            retry=Retry(retry["max_attempts"], retry["min_backoff_seconds"], retry["max_backoff_seconds"]),
            timeout_seconds=raw["timeout_seconds"],
            expect=raw["expect"],
            notify=raw["notify"],
            attempts=tuple(Attempt.of(attempt) for attempt in raw["attempts"]),
            attempt_count=raw["attempt_count"],
            notes=tuple(Note(note["code"], note["message"], _moment(note, "other")) for note in raw["notes"]),
            schedule_id=raw.get("schedule_id"),
            rerun_of=raw.get("rerun_of"),
            created_at=datetime.fromisoformat(raw["created_at"]),
            updated_at=datetime.fromisoformat(raw["updated_at"]),
            finished_at=_moment(raw, "finished_at"),
            expires_at=_moment(raw, "expires_at"),
            version=raw["version"],
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one job of a batch: the job, or the problem."""

    job: Job | None
    problem: Problem | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Criterion:
    """Something that a job must fulfil. `passed` is None in the list of all criteria, where nothing is judged."""

    name: str
    description: str
    field: str | None = None
    passed: bool | None = None
    detail: str | None = None
    raw: Raw = dataclasses.field(repr=False, compare=False, default_factory=dict)

    @classmethod
    def of(cls, raw: Raw) -> Criterion:
        return cls(raw["name"], raw["description"], raw.get("field"), raw.get("passed"), raw.get("detail"), raw)


@dataclass(frozen=True, slots=True)
class Validation:
    """What scheduling would say: each criterion with its verdict.

    `job` is how a valid document would be read back, as JSON: it has no id yet.
    """

    valid: bool
    criteria: tuple[Criterion, ...]
    job: Raw | None
    raw: Raw = field(repr=False, compare=False)

    @property
    def failed(self) -> tuple[Criterion, ...]:
        """The criteria that are not met."""
        return tuple(criterion for criterion in self.criteria if not criterion.passed)

    @classmethod
    def of(cls, raw: Raw) -> Validation:
        criteria = tuple(Criterion.of(criterion) for criterion in raw["criteria"])
        return cls(raw["valid"], criteria, raw.get("job"), raw)


@dataclass(frozen=True, slots=True)
class Check:
    """One part of an expectation beside what was seen."""

    name: str
    expected: Any
    actual: Any
    passed: bool


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """What the target said to a test."""

    status_code: int
    headers: Mapping[str, str]
    body_excerpt: str | None
    duration_ms: int


@dataclass(frozen=True, slots=True)
class TestResult:
    """A request that was sent once, now, and compared with what was expected.

    No `answer`: none came, and `error` says why.
    """

    __test__ = False  # no test, though it is called one

    passed: bool
    checks: tuple[Check, ...]
    answer: TargetAnswer | None
    error: AttemptError | None
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Raw) -> TestResult:
        return cls(
            passed=raw["passed"],
            checks=tuple(
                Check(check["name"], check.get("expected"), check.get("actual"), check["passed"])
                for check in raw["checks"]
            ),
            answer=_optional(
                lambda answer: TargetAnswer(
                    answer["status_code"], answer["headers"], answer.get("body_excerpt"), answer["duration_ms"]
                ),
                raw.get("response"),
            ),
            error=_optional(AttemptError.of, raw.get("error")),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts by status: in total, and by interval of due time (`start` and the counts, as they came)."""

    totals: Mapping[str, int]
    series: tuple[Raw, ...]
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Raw) -> Stats:
        return cls(raw["totals"], tuple(raw["series"]), raw)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key for programs. `key` is the secret itself, there only in the answer that made it."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    key: str | None = field(default=None, repr=False)
    raw: Raw = field(repr=False, compare=False, default_factory=dict)

    @classmethod
    def of(cls, raw: Raw) -> ApiKey:
        return cls(
            id=raw["id"],
            name=raw["name"],
            scopes=tuple(raw["scopes"]),
            created_at=datetime.fromisoformat(raw["created_at"]),
            expires_at=_moment(raw, "expires_at"),
            last_used_at=_moment(raw, "last_used_at"),
            key=raw.get("key"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Target:
    """A host that your jobs call, and whether they may just now."""

    host: str
    state: Literal["allowed", "paused", "denied"]
    reason: str | None
    until: datetime | None
    raw: Raw = field(repr=False, compare=False, default_factory=dict)

    @classmethod
    def of(cls, raw: Raw) -> Target:
        return cls(raw["host"], raw["state"], raw.get("reason"), _moment(raw, "until"), raw)


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """What your targets check signatures with. The one before it signs too until `previous_expires_at`."""

    secret: str = field(repr=False)
    created_at: datetime
    previous_expires_at: datetime | None
    raw: Raw = field(repr=False, compare=False, default_factory=dict)

    @classmethod
    def of(cls, raw: Raw) -> SigningSecret:
        created_at = datetime.fromisoformat(raw["created_at"])
        return cls(raw["secret"], created_at, _moment(raw, "previous_expires_at"), raw)


@dataclass(frozen=True, slots=True)
class Me:
    """Who the token speaks for, and what they may and do use."""

    owner: str
    scopes: tuple[str, ...]
    limits: Raw
    usage: Raw
    notify: Raw
    """What holds for jobs without a `notify` of their own, and your `addresses` with how far each is."""
    damaged: tuple[str, ...]
    """What is stored and cannot be read: `notify`, until you set it anew; as a rule nothing."""
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Raw) -> Me:
        return cls(
            owner=raw["owner"],
            scopes=tuple(raw.get("scopes") or ()),
            limits=raw.get("limits") or {},
            usage=raw.get("usage") or {},
            notify=raw.get("notify") or {},
            damaged=tuple(raw.get("damaged") or ()),
            raw=raw,
        )


def _moment(raw: Raw, name: str) -> datetime | None:
    return _optional(datetime.fromisoformat, raw.get(name))


def _optional(make: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else make(value)
