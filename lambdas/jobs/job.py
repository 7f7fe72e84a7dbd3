"""A job: one HTTP request to be made once, as a frozen value that changes only into a new one.

The arrows between its states, each made by one method here and one conditional write of the store:

    scheduled --a claim--> running --b settle--> succeeded
                                   --c settle--> failed
                                   --d settle--> scheduled (a retry, with a new fire time)
                                   --e take over--> running (the worker died, its lease ran out)
                                   --h put off--> scheduled (nothing was sent: its target is paused)
    scheduled --f edit--> scheduled        scheduled --g cancel--> cancelled
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from lambdas.jobs.due_job import DueJob

if TYPE_CHECKING:
    from lambdas.jobs.horizon import Horizon

KEPT_ATTEMPTS = 10
"""How many attempts a job remembers; older ones are counted but forgotten."""

LEASE_SLACK_MS = 30_000
"""How much longer than its time-out a claim holds, so that an exchange always ends inside its lease."""

MAX_DEATHS = 5
"""After so many workers in a row died on a job, it is the job that is at fault, and it is given up."""

_HOST = re.compile(r"https?://(\[[^]]*]|[^/:]*)")
"""Of a canonical URL."""


class Status(StrEnum):
    SCHEDULED = "scheduled"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        return self not in UPCOMING


UPCOMING = frozenset({Status.SCHEDULED, Status.RUNNING})


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body: the bytes that are sent, and the form in which the user wrote them.

    `form` is how it is shown again: `text` (a JSON string, sent as UTF-8), `json` (any other JSON value, sent
    compact) or `base64`.
    """

    content: bytes
    form: Literal["text", "json", "base64"]


@dataclass(frozen=True, slots=True)
class Request:
    """What the user wants sent. `url` is canonical; header names keep the user's case and order."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None
    secret_headers: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The host of the URL, whatever its port; an IPv6 address without brackets."""
        found = _HOST.match(self.url)
        return found[1].strip("[]") if found else ""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently to try. Attempts count from 1; backoffs are whole seconds."""

    max_attempts: int = 5
    min_backoff_seconds: int = 10
    max_backoff_seconds: int = 3_600


@dataclass(frozen=True, slots=True)
class Expectation:
    """What success is.

    `statuses` are exact codes or classes as the user wrote them (`200`, `"2xx"`), as one value or a list; None is
    any 2xx. `json_subset` is JSON text that the answer's body must contain, or None; text, so that the value stays
    hashable and frozen.
    """

    statuses: int | str | tuple[int | str, ...] | None = None
    body_contains: str | None = None
    json_subset: str | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """When somebody is told, and where.

    `on` holds `failed`, `succeeded`, both or neither, in the user's order. `email` is an address of the owner's;
    without one, what the owner has set holds, else the operators are told.
    """

    on: tuple[str, ...] = ("failed",)
    email: str | None = None

    def wants(self, status: Status) -> bool:
        """Whether somebody is to be told of a job that ended so."""
        return status.value in self.on


@dataclass(frozen=True, slots=True)
class Note:
    """Something the user should know about the job, such as `at_ambiguous` with the other instant (epoch ms)."""

    code: str
    message: str
    other_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AttemptError:
    """Why an attempt did not succeed: one of the API's fixed codes, and a sentence for people."""

    code: str
    message: str


class AttemptOutcome(StrEnum):
    SUCCEEDED = "succeeded"
    RETRY = "retry"
    FAILED = "failed"
    DIED = "died"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of the request and what came of it. Times are epoch milliseconds, durations milliseconds.

    What is not known is None: nothing is known of a request whose worker died. `response_excerpt` is kept for
    attempts that did not succeed.
    """

    number: int
    outcome: AttemptOutcome
    started_at_ms: int | None = None
    lateness_ms: int | None = None
    duration_ms: int | None = None
    status_code: int | None = None
    error: AttemptError | None = None
    response_excerpt: str | None = None
    next_attempt_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job, whole. All times are epoch milliseconds.

    `due_at_ms` is what the user named; `fire_at_ms` is when the next attempt must leave (it was to leave, once the
    job has finished). `handoff` says that the stream must hand this job off: it is set by every write that leaves a
    near fire time and removed by every other. `stored_apart` names the version under which headers and body are
    stored beside the job (None: in it); until they are fetched the request shows none. `attempt_count` counts all
    attempts, `attempts` holds the last ten. `deaths` counts workers that died on the job since its last settled
    attempt. `waiting_since_ms` is since when the job waits for its target, put off and not sent. `alerted_at_ms` is
    when somebody was told of its end.
    """

    id: str
    owner: str
    request: Request
    due_at_ms: int
    fire_at_ms: int
    created_at_ms: int
    updated_at_ms: int
    name: str | None = None
    status: Status = Status.SCHEDULED
    timezone: str | None = None
    retry: RetryPolicy = RetryPolicy()
    timeout_ms: int = 30_000
    expect: Expectation = Expectation()
    notify: Notify | None = None
    notes: tuple[Note, ...] = ()
    version: int = 1
    handoff: bool = False
    stored_apart: int | None = None
    attempt_count: int = 0
    attempts: tuple[Attempt, ...] = ()
    claim_id: str | None = None
    lease_until_ms: int | None = None
    deaths: int = 0
    waiting_since_ms: int | None = None
    finished_at_ms: int | None = None
    expires_at_ms: int | None = None
    alerted_at_ms: int | None = None
    schedule_id: str | None = None
    rerun_of: str | None = None

    def planned(self, *, now_ms: int, horizon: Horizon) -> Job:
        """The same job, marked for the stream if its fire time is near as seen now."""
        return replace(self, handoff=horizon.is_near(self.fire_at_ms, now_ms))

    def edited(self, *, now_ms: int, horizon: Horizon) -> Job:
        """Arrow f: the next version of a job whose fields an edit has replaced."""
        return replace(self, version=self.version + 1, updated_at_ms=now_ms).planned(now_ms=now_ms, horizon=horizon)

    def run_now(self, *, now_ms: int, horizon: Horizon) -> Job:
        """Arrow f: due now; the very same job if its next attempt is due already."""
        if self.fire_at_ms <= now_ms:
            return self
        notes = tuple(note for note in self.notes if note.code != "at_ambiguous")  # of a time that it no longer has
        moved = replace(self, due_at_ms=now_ms, fire_at_ms=now_ms, notes=notes, waiting_since_ms=None)
        return moved.edited(now_ms=now_ms, horizon=horizon)

    def cancelled(self, *, now_ms: int, retention_ms: int) -> Job:
        """Arrow g."""
        return self._finished(Status.CANCELLED, now_ms=now_ms, retention_ms=retention_ms)

    def claimed(self, *, claim_id: str, now_ms: int) -> Job:
        """Arrow a: the next attempt is this claim's, until the lease runs out."""
        return replace(
            self,
            status=Status.RUNNING,
            claim_id=claim_id,
            lease_until_ms=max(now_ms, self.fire_at_ms) + self.timeout_ms + LEASE_SLACK_MS,
            attempt_count=self.attempt_count + 1,
            handoff=False,
            version=self.version + 1,
            updated_at_ms=now_ms,
        )

    def taken_over(self, *, claim_id: str, now_ms: int) -> Job:
        """Arrow e: the lease ran out unsettled, so its worker counts as dead and the next attempt is this claim's."""
        died = Attempt(number=self.attempt_count, outcome=AttemptOutcome.DIED, error=DIED)
        remembered = replace(self, attempts=self._remember(died), deaths=self.deaths + 1)
        return remembered.claimed(claim_id=claim_id, now_ms=now_ms)

    def succeeded(self, attempt: Attempt, *, now_ms: int, retention_ms: int) -> Job:
        """Arrow b."""
        job = replace(self, attempts=self._remember(attempt))
        return job._finished(Status.SUCCEEDED, now_ms=now_ms, retention_ms=retention_ms)

    def failed(self, attempt: Attempt, *, now_ms: int, retention_ms: int) -> Job:
        """Arrow c."""
        job = replace(self, attempts=self._remember(attempt))
        return job._finished(Status.FAILED, now_ms=now_ms, retention_ms=retention_ms)

    def retried(self, attempt: Attempt, *, fire_at_ms: int, now_ms: int, horizon: Horizon) -> Job:
        """Arrow d: scheduled again, with a clean record of deaths."""
        job = replace(
            self,
            status=Status.SCHEDULED,
            fire_at_ms=fire_at_ms,
            attempts=self._remember(replace(attempt, next_attempt_at_ms=fire_at_ms)),
            claim_id=None,
            lease_until_ms=None,
            deaths=0,
            waiting_since_ms=None,
        )
        return job.edited(now_ms=now_ms, horizon=horizon)

    def put_off(self, *, fire_at_ms: int, now_ms: int, horizon: Horizon, for_target: bool = True) -> Job:
        """Arrow h: scheduled again as if it had never been claimed, because its target is paused (`for_target`), or
        because what signs it cannot be read.

        The attempt's number is given back: nothing was sent under it, and the claim that holds it sends nothing any
        more. Deaths are kept, they are the job's own. The new fire time must be beyond the old one.
        """
        job = replace(
            self,
            status=Status.SCHEDULED,
            fire_at_ms=fire_at_ms,
            claim_id=None,
            lease_until_ms=None,
            attempt_count=self.attempt_count - 1,
            waiting_since_ms=now_ms if for_target and self.waiting_since_ms is None else self.waiting_since_ms,
        )
        return job.edited(now_ms=now_ms, horizon=horizon)

    def lease_lapsed(self, now_ms: int) -> bool:
        """Whether the job runs under a claim that no longer holds: its worker must have died."""
        return self.status is Status.RUNNING and (self.lease_until_ms or 0) < now_ms

    def deaths_used_up(self, now_ms: int) -> bool:
        """Whether the worker that just died was the last one this job may cost."""
        return self.lease_lapsed(now_ms) and self.deaths + 1 >= MAX_DEATHS

    @property
    def due(self) -> DueJob:
        """The job as the due index and its messages know it."""
        return DueJob(self.fire_at_ms, self.id)

    @property
    def owes_notice(self) -> bool:
        """Whether the job has ended in a way that somebody may want to hear of and has not been told.

        Of a job without `notify` of its own only the owner's setting says whether they do: see `notified`.
        """
        told_of = self.notify.wants(self.status) if self.notify else self.status in (Status.FAILED, Status.SUCCEEDED)
        return told_of and self.alerted_at_ms is None

    def notified(self, notify_of: Callable[[str], Notify]) -> Job:
        """The job with the `notify` that holds for it: its own, else its owner's as `notify_of` gives it."""
        return self if self.notify else replace(self, notify=notify_of(self.owner))

    @property
    def last_attempt(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    def _finished(self, status: Status, *, now_ms: int, retention_ms: int) -> Job:
        return replace(
            self,
            status=status,
            claim_id=None,
            lease_until_ms=None,
            waiting_since_ms=None,
            handoff=False,
            version=self.version + 1,
            updated_at_ms=now_ms,
            finished_at_ms=now_ms,
            expires_at_ms=now_ms + retention_ms,
        )

    def _remember(self, attempt: Attempt) -> tuple[Attempt, ...]:
        return (*self.attempts, attempt)[-KEPT_ATTEMPTS:]


DIED = AttemptError("died", "The worker died during this attempt; whether the request was sent is not known.")


REQUEST_EXPIRED = Note("request_expired", "Headers and body are kept for a limited time, and are gone.")
"""On a job that has ended, when what was stored beside it expired before it did."""

TARGET_DENIED = AttemptError(
    "target_denied", "Nothing was sent: the target is on the owner's deny-list, for it refused too many in a row."
)
