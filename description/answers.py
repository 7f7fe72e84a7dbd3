"""The answers of the API, as JSON has them. Functions make them elsewhere; tests hold real answers to these shapes.

What is described may grow: readers pass over members that they do not know. Tests do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from description.words import attempt_codes
from lambdas.jobs.job import KEPT_ATTEMPTS, AttemptOutcome, Status
from lambdas.jobs.keys import SCOPES
from lambdas.jobs.target import State


def _one_of(words: Iterable[str]) -> Any:
    """One of the words that the code has."""
    return Field(json_schema_extra={"enum": [str(word) for word in words]})


Instant = Annotated[
    str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", json_schema_extra={"format": "date-time"})
]
LocalTime = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d(:\d\d)?$",
        description="With the offset of the zone at that moment.",
    ),
]
JobId = Annotated[str, Field(pattern="^job_[0-9a-f]{32}$")]
KeyId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
JobStatus = Annotated[str, _one_of(Status)]
Outcome = Annotated[str, _one_of(AttemptOutcome)]
AttemptCode = Annotated[str, _one_of(attempt_codes())]
Scope = Annotated[str, _one_of(SCOPES)]
TargetState = Annotated[str, _one_of(State)]
End = Literal["failed", "succeeded"]
Count = Annotated[int, Field(ge=0)]


class ShownRequest(TypedDict):
    """The request that a job makes. Values of secret headers are `[redacted]`."""

    method: str
    url: Annotated[str, Field(description="In canonical form.")]
    headers: dict[str, str]
    body: Annotated[Any, Field(description="As it was written: a string, or any JSON value; null is none.")]
    body_base64: NotRequired[Annotated[str, Field(description="Instead of `body`, if it was written so.")]]


class ListedRequest(TypedDict):
    """The request that a job makes, without its body."""

    method: str
    url: str
    headers: dict[str, str]


class RetryInForce(TypedDict):
    max_attempts: Annotated[int, Field(ge=1, le=20)]
    min_backoff_seconds: Annotated[int, Field(ge=1, le=3_600)]
    max_backoff_seconds: Annotated[int, Field(ge=1, le=86_400)]


class ExpectInForce(TypedDict, total=False):
    status: int | str | list[int | str]
    body_contains: str
    json: Any


class NotifyInForce(TypedDict):
    on: list[End]
    email: NotRequired[str]


class AttemptError(TypedDict):
    code: AttemptCode
    message: str


class Attempt(TypedDict):
    """One sending of the request, and what came of it. What is not known is null."""

    number: Annotated[int, Field(ge=1)]
    started_at: Instant | None
    lateness_ms: int | None
    duration_ms: int | None
    status_code: int | None
    outcome: Outcome
    error: AttemptError | None
    response_excerpt: str | None
    next_attempt_at: Instant | None


class Note(TypedDict):
    code: str
    message: str
    other: NotRequired[Instant]


class _JobMembers(TypedDict):
    """What a job has wherever it is shown."""

    id: JobId
    name: str | None
    status: JobStatus
    due_at: Instant
    timezone: str | None
    due_at_local: LocalTime | None
    next_attempt_at: Instant | None
    waiting_for: Literal["target"] | None
    retry: RetryInForce
    timeout_seconds: Annotated[float, Field(ge=1, le=60)]
    expect: ExpectInForce
    attempts: Annotated[list[Attempt], Field(max_length=KEPT_ATTEMPTS)]
    attempt_count: Count
    notify: NotifyInForce
    notify_from: Literal["job", "owner"]
    notes: list[Note]
    schedule_id: str | None
    rerun_of: JobId | None
    created_at: Instant
    updated_at: Instant
    finished_at: Instant | None
    expires_at: Instant | None
    version: Annotated[int, Field(ge=1)]


class Job(_JobMembers):
    request: ShownRequest


class ListedJob(_JobMembers):
    """A job as lists and batches show it."""

    request: ListedRequest


class JobList(TypedDict):
    jobs: list[ListedJob]
    next_cursor: Annotated[str | None, Field(description="Asks for the next page; null on the last.")]
    damaged: NotRequired[Annotated[list[JobId], Field(description="Jobs that cannot be read; only if there are any.")]]


class Counts(TypedDict):
    """Jobs by status."""

    scheduled: Count
    running: Count
    succeeded: Count
    failed: Count
    cancelled: Count


class Interval(Counts):
    start: Instant
    start_local: LocalTime


_StatsRange = TypedDict("_StatsRange", {"from": Instant, "to": Instant})


class Stats(_StatsRange):
    """What is due in a range, in total and by interval."""

    interval: Literal["hour", "day"]
    timezone: str
    totals: Counts
    series: list[Interval]


class Fault(TypedDict):
    field: Annotated[str, Field(description="A dotted path, `document` for the whole, or a header's or parameter's.")]
    code: str
    message: Annotated[str, Field(description="What would be right. It may be reworded; the code may not.")]


class Problem(TypedDict):
    """Why a request was refused, as RFC 9457 has it. `code`, `detail` and `type` are those of the first error."""

    type: Annotated[str, Field(description="Where this code is explained.", json_schema_extra={"format": "uri"})]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    code: str
    errors: Annotated[list[Fault], Field(min_length=1, max_length=100)]
    request_id: str


class GatewayRefusal(TypedDict):
    """What the gateway refuses by itself."""

    message: str | None


class BatchAccepted(TypedDict):
    """A job that was made (201), or that this request had made before (200)."""

    status: Literal[200, 201]
    job: ListedJob


class BatchRefused(TypedDict):
    """A job that was not made, with the problem that it would have alone."""

    status: Annotated[int, Field(ge=400, le=599)]
    problem: Problem


class BatchResults(TypedDict):
    results: Annotated[list[BatchAccepted | BatchRefused], Field(description="In the order of the jobs.")]


class Criterion(TypedDict):
    name: str
    field: Annotated[str, Field(description="The field that it is about; `document` for the whole.")]
    description: str


class CriterionList(TypedDict):
    criteria: list[Criterion]


class Verdict(Criterion):
    passed: bool
    detail: Annotated[str | None, Field(description="What would be right, or why it was not judged.")]


class JobPreview(TypedDict):
    """What of a job is known before there is one."""

    name: str | None
    request: ShownRequest
    due_at: Instant
    timezone: str | None
    due_at_local: LocalTime | None
    retry: RetryInForce
    timeout_seconds: float
    expect: ExpectInForce
    notify: NotifyInForce
    notes: list[Note]


class Validation(TypedDict):
    valid: bool
    criteria: list[Verdict]
    job: JobPreview | None


class TrialCheck(TypedDict):
    """One part of `expect`. `actual` is what was found in its place, null if there was nothing."""

    name: str
    expected: Any
    actual: Any
    passed: bool


class TrialResponse(TypedDict):
    status_code: int
    headers: dict[str, str]
    body_excerpt: str | None
    duration_ms: Count


class TrialError(TypedDict):
    code: AttemptCode
    message: str


class TrialResult(TypedDict):
    passed: bool
    checks: list[TrialCheck]
    response: TrialResponse | None
    error: TrialError | None


class OwnNotify(TypedDict):
    on: list[End]
    email: str | None
    addresses: dict[str, Literal["confirmed", "unconfirmed"]]


class LimitsInForce(TypedDict):
    requests_per_minute: int
    reads_per_minute: int
    upcoming_jobs: int
    due_per_minute: int
    due_per_host_minute: int


class Usage(TypedDict):
    requests_this_minute: Count
    upcoming_jobs: Annotated[Count | None, Field(description="Null if it cannot be known now.")]


class Me(TypedDict):
    owner: str
    scopes: list[Scope]
    notify: OwnNotify
    limits: LimitsInForce
    usage: Usage
    damaged: NotRequired[
        Annotated[
            list[Literal["notify"]], Field(description="What is stored and cannot be read; only if there is any.")
        ]
    ]


class Key(TypedDict):
    """An API key, without what opens it."""

    id: KeyId
    name: str
    scopes: list[Scope]
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Annotated[Instant | None, Field(description="Exact to an hour.")]


class FreshKey(Key):
    """A key that was made just now: the only answer that holds it."""

    key: Annotated[str, Field(pattern="^punctual_live_[0-9a-f]{16}_[0-9A-Za-z]{49}$")]


class KeyList(TypedDict):
    keys: list[Key]


class SigningSecret(TypedDict):
    secret: Annotated[str, Field(pattern="^whsec_[0-9A-Za-z+/]+={0,2}$")]
    created_at: Instant
    previous_expires_at: Annotated[Instant | None, Field(description="Until when the one before signs too.")]


class Target(TypedDict):
    """What is held against a host by its owner's jobs."""

    host: str
    state: TargetState
    reason: Annotated[str | None, Field(description="The last `error.code`, or `retry_after` if the target asked.")]
    until: Annotated[Instant | None, Field(description="When the pause ends.")]
    since: Instant | None
    failures: Count
    refusals: Count


class TargetList(TypedDict):
    targets: list[Target]


class Health(TypedDict):
    status: Literal["ok"]
    version: str
