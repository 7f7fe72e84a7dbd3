"""What is told of each route beyond what the code says of it: what it takes, what it answers, and an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from description import answers
from description.words import example, sent

NOTHING: Any = None


@dataclass(frozen=True)
class Operation:
    """A route and method.

    `id` names it for generated clients. `takes` is the name of its document (see `asked`), `taken` an example of it;
    `answers` the shape of the content by status of success (a schema where no function of ours makes it), `answered` an
    example of the first. `query` names the
    heading of docs/api.md whose table tells its parameters. `conflicts` are the codes of its 409.
    """

    id: str
    group: str
    answers: Mapping[int, Any]
    takes: str | None = None
    taken: Any = None
    answered: Any = None
    query: str | None = None
    kind: str = "application/json"
    """The media type of its answers."""
    once: bool = False
    """Whether it takes an Idempotency-Key."""
    conditional: bool = False
    """Whether it takes If-Match."""
    conflicts: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    """The ids of the operations that take the id of what it makes."""
    quota: bool = False
    """Whether it can be refused because there is too much already (429 `quota_exceeded`)."""


_JOB = example("Reading a job", 1)
_LISTED = {**_JOB, "request": {name: value for name, value in _JOB["request"].items() if name != "body"}}
_SCHEDULED = {**_JOB, "attempts": [], "attempt_count": 0, "next_attempt_at": _JOB["due_at"], "version": 1}
_NEW_KEY = sent("API keys")
_FRESH_KEY = example("API keys") | {"key": f"punctual_live_5f0c2a91d7e84b36_{'0' * 49}"}
_SECRET = {
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  # nosec B105 - an example
    "created_at": "2026-11-21T10:15:30.123Z",
    "previous_expires_at": None,
}
_TARGET = {
    "host": "shop.example.com",
    "state": "paused",
    "reason": "connect_failed",
    "until": "2026-11-29T06:01:30.000Z",
    "since": "2026-11-29T06:00:30.000Z",
    "failures": 11,
    "refusals": 0,
}
_WELL = {**_TARGET, "state": "allowed", "reason": None, "until": None, "since": None, "failures": 0}
_ME = {
    **example("Who is told"),
    "scopes": ["jobs:read", "jobs:write"],
    "limits": {
        "requests_per_minute": 30_000,
        "reads_per_minute": 60_000,
        "upcoming_jobs": 10_000_000,
        "due_per_minute": 60_000,
        "due_per_host_minute": 20_000,
    },
    "usage": {"requests_this_minute": 13, "upcoming_jobs": 208},
}
_COUNTS = {"scheduled": 1, "running": 0, "succeeded": 3, "failed": 0, "cancelled": 0}
_STATS = {
    "from": "2036-11-29T05:00:00.000Z",
    "to": "2036-11-30T05:00:00.000Z",
    "interval": "day",
    "timezone": "America/New_York",
    "totals": _COUNTS,
    "series": [{"start": "2036-11-29T05:00:00.000Z", "start_local": "2036-11-29T00:00:00.000-05:00", **_COUNTS}],
}
_OF_A_JOB = ("readJob", "changeJob", "cancelJob", "runJob", "rerunJob")
_DAMAGED = ("job_damaged",)
_ENDED = ("job_running", "job_finished", *_DAMAGED)

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("POST", "/v1/jobs"): Operation(
        "scheduleJob",
        "Jobs",
        {201: answers.Job, 200: answers.Job},
        takes="Scheduling",
        taken=sent("Scheduling a job"),
        answered=_SCHEDULED,
        once=True,
        leads_to=_OF_A_JOB,
        conflicts=_DAMAGED,
        quota=True,
    ),
    ("GET", "/v1/jobs"): Operation(
        "listJobs",
        "Jobs",
        {200: answers.JobList},
        answered={"jobs": [_LISTED], "next_cursor": None},
        query="Listing jobs",
    ),
    ("POST", "/v1/jobs/batch"): Operation(
        "scheduleBatch",
        "Jobs",
        {207: answers.BatchResults},
        takes="Batch",
        taken={"jobs": [sent("Scheduling a job")]},
        answered={"results": [{"status": 201, "job": _LISTED}]},
        once=True,
    ),
    ("GET", "/v1/jobs/{id}"): Operation("readJob", "Jobs", {200: answers.Job}, answered=_JOB, conflicts=_DAMAGED),
    ("GET", "/v1/stats"): Operation("countJobs", "Jobs", {200: answers.Stats}, answered=_STATS, query="Counting jobs"),
    ("PATCH", "/v1/jobs/{id}"): Operation(
        "changeJob",
        "Jobs",
        {200: answers.Job},
        takes="Change",
        taken={"at": "2026-11-30T06:00:00Z", "retry": {"max_attempts": None}},
        answered=_JOB,
        conditional=True,
        conflicts=_ENDED,
        quota=True,
    ),
    ("DELETE", "/v1/jobs/{id}"): Operation(
        "cancelJob",
        "Jobs",
        {200: answers.Job},
        answered=_JOB,
        conditional=True,
        conflicts=_ENDED,
        leads_to=("rerunJob",),
    ),
    ("POST", "/v1/jobs/{id}/run"): Operation(
        "runJob", "Jobs", {202: answers.Job}, answered=_JOB, conditional=True, conflicts=_ENDED, quota=True
    ),
    ("POST", "/v1/jobs/{id}/rerun"): Operation(
        "rerunJob",
        "Jobs",
        {201: answers.Job, 200: answers.Job},
        answered=_SCHEDULED,
        once=True,
        leads_to=_OF_A_JOB,
        conflicts=("job_not_finished", "request_expired", *_DAMAGED),
        quota=True,
    ),
    ("POST", "/v1/validate"): Operation(
        "validateJob",
        "Before you schedule",
        {200: answers.Validation},
        takes="Scheduling",
        taken=sent("Scheduling a job"),
        answered=example("Before you schedule"),
    ),
    ("GET", "/v1/criteria"): Operation(
        "listCriteria", "Before you schedule", {200: answers.CriterionList}, answered=example("Before you schedule", 1)
    ),
    ("POST", "/v1/test"): Operation(
        "tryRequest",
        "Before you schedule",
        {200: answers.TrialResult},
        takes="Trial",
        taken=sent("Before you schedule", 1),
        answered=example("Before you schedule", 2),
        quota=True,
    ),
    ("GET", "/v1/targets"): Operation(
        "listTargets", "Targets", {200: answers.TargetList}, answered={"targets": [_TARGET]}
    ),
    ("PATCH", "/v1/targets/{host}"): Operation(
        "liftTarget", "Targets", {200: answers.Target}, takes="Lift", taken={"state": "allowed"}, answered=_WELL
    ),
    ("GET", "/v1/me"): Operation("readMe", "You", {200: answers.Me}, answered=_ME),
    ("PATCH", "/v1/me"): Operation(
        "changeMe",
        "You",
        {200: answers.Me},
        takes="MeChange",
        taken=sent("Who is told"),
        answered=_ME,
        quota=True,
    ),
    ("POST", "/v1/keys"): Operation(
        "makeKey",
        "You",
        {201: answers.FreshKey, 200: answers.Key},
        takes="NewKey",
        taken=_NEW_KEY,
        answered=_FRESH_KEY,
        once=True,
        leads_to=("revokeKey",),
        quota=True,
    ),
    ("GET", "/v1/keys"): Operation(
        "listKeys",
        "You",
        {200: answers.KeyList},
        answered={"keys": [{name: value for name, value in _FRESH_KEY.items() if name != "key"}]},
    ),
    ("DELETE", "/v1/keys/{id}"): Operation("revokeKey", "You", {204: NOTHING}),
    ("GET", "/v1/signing-secret"): Operation(
        "readSigningSecret", "You", {200: answers.SigningSecret}, answered=_SECRET, conflicts=("secret_damaged",)
    ),
    ("POST", "/v1/signing-secret/rotate"): Operation(
        "rotateSigningSecret", "You", {200: answers.SigningSecret}, answered=_SECRET
    ),
    ("GET", "/openapi.json"): Operation("readDescription", "The service", {200: {"type": "object"}}),
    ("GET", "/docs"): Operation("readDocs", "The service", {200: {"type": "string"}}, kind="text/html"),
    ("GET", "/health"): Operation(
        "readHealth", "The service", {200: answers.Health}, answered={"status": "ok", "version": "0.1.0"}
    ),
}
"""By method and path, as docs/api.md writes them."""
