"""A job as the API shows it: instants as RFC 3339, times in the user's zone too, secrets redacted."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from lambdas.jobs.due_time import local
from lambdas.jobs.expecting import shown_expectation
from lambdas.jobs.headers import REDACTED, is_secret
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Attempt, Job, Note, Notify, Request, Status

if TYPE_CHECKING:
    from lambdas.jobs.signing import SigningSecret

ROOM_OF_THE_REST = 16 * 1024
"""Bytes of all that is short: a URL of nothing but quotes takes half of it, a name and ten attempts a quarter."""


def shown(job: Job, *, whole: bool) -> dict[str, Any]:
    """The job as a JSON object with the keys of docs/api.md; without its request's body unless it is `whole`."""
    retry = job.retry
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status.value,
        "request": _request(job.request, whole=whole),
        "due_at": rfc3339(job.due_at_ms),
        "timezone": job.timezone,
        "due_at_local": None if job.timezone is None else local(job.due_at_ms, job.timezone),
        "next_attempt_at": None if job.status.finished else rfc3339(job.fire_at_ms),
        "waiting_for": "target" if job.status is Status.SCHEDULED and job.waiting_since_ms is not None else None,
        "retry": {
            "max_attempts": retry.max_attempts,
            "min_backoff_seconds": retry.min_backoff_seconds,
            "max_backoff_seconds": retry.max_backoff_seconds,
        },
        "timeout_seconds": job.timeout_ms / 1000 if job.timeout_ms % 1000 else job.timeout_ms // 1000,
        "expect": shown_expectation(job.expect),
        "attempts": [_attempt(attempt) for attempt in job.attempts],
        "attempt_count": job.attempt_count,
        "notify": _notify(job.notify or Notify()),
        "notify_from": "job" if job.notify else "owner",
        "notes": [_note(note) for note in job.notes],
        "schedule_id": job.schedule_id,
        "rerun_of": job.rerun_of,
        "created_at": rfc3339(job.created_at_ms),
        "updated_at": rfc3339(job.updated_at_ms),
        "finished_at": _instant(job.finished_at_ms),
        "expires_at": _instant(job.expires_at_ms),
        "version": job.version,
    }


def most_room(job: Job) -> int:
    """Bytes that a job of a list takes at most in the answer of a Lambda function, which is JSON in JSON: a control
    character is seven there, and no other takes more."""
    expect = job.expect
    texts = (text for header in job.request.headers for text in header)
    written = sum(map(len, texts)) + len(expect.body_contains or "") + len(expect.json_subset or "")
    return ROOM_OF_THE_REST + 7 * written


def shown_secret(secret: SigningSecret, *, now_ms: int) -> dict[str, Any]:
    """An owner's signing secret as a JSON object; of the one before it, until when it signs too."""
    return {
        "secret": secret.current,
        "created_at": rfc3339(secret.created_at_ms),
        "previous_expires_at": _instant(secret.previous_expires_at_ms if secret.overlaps(now_ms) else None),
    }


def _request(request: Request, *, whole: bool) -> dict[str, Any]:
    headers = {name: REDACTED if is_secret(name, request.secret_headers) else value for name, value in request.headers}
    return {"method": request.method, "url": request.url, "headers": headers, **(_body(request) if whole else {})}


def _body(request: Request) -> dict[str, Any]:
    """The body in the form it was written in; `body` is always there, and null is none."""
    body = request.body
    if body is None:
        return {"body": None}
    if body.form == "base64":
        return {"body": None, "body_base64": base64.b64encode(body.content).decode("ascii")}
    text = body.content.decode("utf-8")
    return {"body": json.loads(text) if body.form == "json" else text}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    error = attempt.error
    return {
        "number": attempt.number,
        "started_at": _instant(attempt.started_at_ms),
        "lateness_ms": attempt.lateness_ms,
        "duration_ms": attempt.duration_ms,
        "status_code": attempt.status_code,
        "outcome": attempt.outcome.value,
        "error": None if error is None else {"code": error.code, "message": error.message},
        "response_excerpt": attempt.response_excerpt,
        "next_attempt_at": _instant(attempt.next_attempt_at_ms),
    }


def _notify(notify: Notify) -> dict[str, Any]:
    return {"on": list(notify.on), **({} if notify.email is None else {"email": notify.email})}


def _note(note: Note) -> dict[str, Any]:
    other = {} if note.other_ms is None else {"other": rfc3339(note.other_ms)}
    return {"code": note.code, "message": note.message, **other}


def _instant(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)
