"""Everything that can go wrong, in one tree.

PunctualError
├── RequestRefused          the user asked for something that cannot be done: the API answers with its faults
│   ├── Unauthenticated     401
│   ├── Forbidden           403
│   ├── JobNotFound         404, also for what belongs to someone else
│   ├── TargetNotFound      404, also for a target that is well
│   ├── KeyNotFound         404, also for what belongs to someone else
│   ├── JobRunning          409
│   ├── JobFinished         409
│   ├── JobNotFinished      409
│   ├── RequestExpired      409
│   ├── SecretUnreadable    409
│   ├── JobUnreadable       409
│   ├── KeyReused           422
│   ├── VersionConflict     412
│   ├── RateLimited         429, too many requests in this minute
│   └── QuotaExceeded       429, too many of something else
├── AddressRefused          mail cannot be sent to an address
├── ValueRefused            one value of a request is wrong: becomes one of its faults, never leaves the core
├── JobExists               a new job's id is taken: the store refused it
├── KeyExists               the same of an API key
├── KeysFull                an owner has as many API keys as they may: the store refused another
├── ReceiptFound            an Idempotency-Key was used already: nothing was written
├── EditLost                an edit's condition failed: the job moved on since it was read
├── SettleLost              a settle's condition failed: the attempt is no longer the one that runs
├── DamagedItem             a stored item cannot be understood
│   ├── DamagedJob          a job's
│   ├── DamagedSecret       an owner's signing secret
│   └── DamagedSettings     what an owner has set
├── SettingInvalid          a setting of the operator's makes no sense
└── Unavailable             something outside does not answer now; trying again later may help
    ├── StoreUnavailable
    ├── QueueUnavailable
    ├── AlertsUnavailable
    └── IssuerUnavailable
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdas.jobs.job import Job
    from lambdas.jobs.limits import Meter
    from lambdas.jobs.receipt import Receipt


MOST_FAULTS_TOLD = 100
"""A request can have more faults than an answer can carry."""


class PunctualError(Exception):
    """The root of all errors that Punctual raises itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request.

    `field` is a dotted path, `document` for the whole, or a header's name; `code` is one of the API's fixed
    codes; `message` says what would be right, and never repeats a secret.
    """

    field: str
    code: str
    message: str


class RequestRefused(PunctualError):
    """A request that cannot be done, with its faults, a hundred at most; the answer's code is that of the first.

    `status` is the HTTP status; `title` a short summary that is the same for every occurrence of the status.
    """

    def __init__(self, status: int, title: str, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults[:MOST_FAULTS_TOLD])
        super().__init__(f"{status} {title}: {'; '.join(fault.message for fault in self.faults)}")
        self.status = status
        self.title = title

    @property
    def code(self) -> str:
        return self.faults[0].code

    @property
    def detail(self) -> str:
        return self.faults[0].message


class Unauthenticated(RequestRefused):
    """Nobody knows who asks. `why` is a sentence about the token, and says nothing that is in it."""

    def __init__(self, why: str) -> None:
        self.why = why
        message = f"{why} Send a valid one: Authorization: Bearer <access token or API key>."
        super().__init__(401, "Unauthenticated", [Fault("Authorization", "unauthenticated", message)])


class Forbidden(RequestRefused):
    """Who asks is known, and may not do this: their token has not the scope."""

    def __init__(self, scope: str) -> None:
        message = f"Your token lacks the scope {scope}. Use one that has it."
        super().__init__(403, "Forbidden", [Fault("Authorization", "forbidden", message)])
        self.scope = scope


class JobNotFound(RequestRefused):
    """No such job for this owner: it never was, has expired, or is someone else's. All three look the same."""

    def __init__(self) -> None:
        message = "There is no job with this id. Jobs that ended are kept for a limited time."
        super().__init__(404, "Not found", [Fault("id", "not_found", message)])


class TargetNotFound(RequestRefused):
    """Nothing is held against this host for this owner: it is well, or was never called."""

    def __init__(self) -> None:
        message = "No target of yours with this host is in trouble. GET /v1/targets lists those that are."
        super().__init__(404, "Not found", [Fault("host", "not_found", message)])


class KeyNotFound(RequestRefused):
    """No such API key for this owner: it never was, was revoked, or is someone else's. All three look the same."""

    def __init__(self) -> None:
        message = "There is no API key with this id. GET /v1/keys lists those that you have."
        super().__init__(404, "Not found", [Fault("id", "not_found", message)])


class JobRunning(RequestRefused):
    """The job's attempt is under way, so it cannot be changed now."""

    def __init__(self) -> None:
        message = "The job is running now. It can be changed again if this attempt ends in a retry."
        super().__init__(409, "Conflict", [Fault("id", "job_running", message)])


class JobFinished(RequestRefused):
    """The job has ended, so there is nothing left to change."""

    def __init__(self, status: str) -> None:
        message = f"The job has ended as {status}; only a job that is still scheduled can be changed."
        super().__init__(409, "Conflict", [Fault("id", "job_finished", message)])


class JobNotFinished(RequestRefused):
    """The job has not ended, so it cannot be run once more."""

    def __init__(self, status: str) -> None:
        message = f"The job is {status}; only a job that has ended can be run again. To fire it now, use run."
        super().__init__(409, "Conflict", [Fault("id", "job_not_finished", message)])


class RequestExpired(RequestRefused):
    """The job has ended, and its headers and body were deleted before it."""

    def __init__(self) -> None:
        message = "Headers and body of this job are kept no longer, so it cannot be run again. Schedule a new one."
        super().__init__(409, "Conflict", [Fault("id", "request_expired", message)])


class SecretUnreadable(RequestRefused):
    """The owner's signing secret is stored, but cannot be read."""

    def __init__(self) -> None:
        message = (
            "Your signing secret cannot be read any more, so nothing of yours is sent. "
            "Make a new one: POST /v1/signing-secret/rotate."
        )
        super().__init__(409, "Conflict", [Fault("document", "secret_damaged", message)])


class JobUnreadable(RequestRefused):
    """The owner's job is stored, but cannot be read; `damaged` is why, for the operators."""

    def __init__(self, damaged: DamagedJob) -> None:
        message = (
            "This job is stored but cannot be read, so it can be neither shown nor changed, and is not fired. "
            "The operators are told. It may be scheduled anew meanwhile."
        )
        super().__init__(409, "Conflict", [Fault("id", "job_damaged", message)])
        self.damaged = damaged


class VersionConflict(RequestRefused):
    """The job is not at the version that the user named."""

    def __init__(self, current: int) -> None:
        message = f"The job is at version {current} now. Read it again, then repeat the change."
        super().__init__(412, "Precondition failed", [Fault("If-Match", "version_conflict", message)])


class KeyReused(RequestRefused):
    """An Idempotency-Key of this owner stands for another request."""

    def __init__(self) -> None:
        message = "This key came with another request within the last 24 hours. Use a new key for each new request."
        super().__init__(422, "Invalid request", [Fault("Idempotency-Key", "idempotency_key_reused", message)])


class RateLimited(RequestRefused):
    """The owner has sent too many requests in this minute; `meter` says which limit that is."""

    def __init__(self, message: str, meter: Meter) -> None:
        super().__init__(429, "Too many requests", [Fault("document", "rate_limited", message)])
        self.meter = meter
        self.retry_after_seconds = meter.reset_seconds or 1


class QuotaExceeded(RequestRefused):
    """The owner has as many of something as they may; `retry_after_seconds` says when to come again.

    `meter` says which limit that is.
    """

    def __init__(self, field: str, message: str, *, retry_after_seconds: int, meter: Meter) -> None:
        super().__init__(429, "Too many requests", [Fault(field, "quota_exceeded", message)])
        self.retry_after_seconds = retry_after_seconds
        self.meter = meter


class AddressRefused(PunctualError):
    """Mail cannot be sent to this address, whenever it is tried."""


class ValueRefused(PunctualError):
    """One value of a request is wrong: one of the API's fixed codes, and what would be right.

    Whoever knows the value's field makes a Fault of it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class JobExists(PunctualError):
    """The id of a new job is already taken."""


class KeyExists(PunctualError):
    """The id of a new API key is already taken."""


class KeysFull(PunctualError):
    """The owner of a new API key has as many as they may."""


class ReceiptFound(PunctualError):
    """A write was conditional on an Idempotency-Key having no receipt, and it has this one."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__("the key has a receipt")
        self.receipt = receipt


class EditLost(PunctualError):
    """An edit was conditional on `scheduled` and on a version, and one of them no longer holds.

    `found` is the job as it is now, or None when there is none for this owner.
    """

    def __init__(self, found: Job | None) -> None:
        super().__init__("the job moved on since it was read")
        self.found = found


class SettleLost(PunctualError):
    """An attempt's outcome came when another attempt was running or the job had ended.

    `found` is the job as it is now, or None when it is gone.
    """

    def __init__(self, found: Job | None) -> None:
        super().__init__("the attempt is not the one that runs any more")
        self.found = found


class DamagedItem(PunctualError):
    """A stored item cannot be understood: damaged, or written by a newer version."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key} cannot be understood: {why}")
        self.key = key
        self.why = why


class DamagedJob(DamagedItem):
    """A stored job cannot be understood, or its request, or what a write would reckon with."""

    def __init__(self, job_id: str, why: str) -> None:
        super().__init__(f"JOB#{job_id}", why)
        self.job_id = job_id


class DamagedSecret(DamagedItem):
    """An owner's signing secret cannot be understood.

    `version` is that of its item, None when it has none that is a number; `told` whether the operators know of it.
    """

    def __init__(self, key: str, why: str, *, version: int | None, told: bool) -> None:
        super().__init__(key, why)
        self.version = version
        self.told = told


class DamagedSettings(DamagedItem):
    """What an owner has set cannot be understood. `version` is that of its item, None when it has none that is a
    number."""

    def __init__(self, key: str, why: str, *, version: int | None) -> None:
        super().__init__(key, why)
        self.version = version


class SettingInvalid(PunctualError):
    """A setting makes no sense; the message names it and says what would be right."""


class Unavailable(PunctualError):
    """Something outside does not answer now. Nothing was decided; trying again later may help."""


class StoreUnavailable(Unavailable):
    """The table throttles or cannot be reached."""


class QueueUnavailable(Unavailable):
    """A queue throttles, refuses or cannot be reached."""


class AlertsUnavailable(Unavailable):
    """The alerts topic throttles or cannot be reached."""


class IssuerUnavailable(Unavailable):
    """The issuer's keys cannot be had, so none of its tokens can be judged."""


def whereabouts(error: BaseException) -> str:
    """A defect of ours for the log: its type and the place it comes from. Not its text, which may quote secrets."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {place.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{place.tb_lineno}" if place else ""
    return f"{type(error).__name__}{where}"
