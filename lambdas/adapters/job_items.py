"""A job and its item in the table, both ways; what fits into the item, and what is stored apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lambdas.adapters.attempt_items import from_short_form, short_form
from lambdas.adapters.attribute_values import Foreign, Values, item_size, one_of
from lambdas.adapters.dynamodb_table import Key
from lambdas.jobs.due_job import DueJob, due_shard
from lambdas.jobs.errors import DamagedJob
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Body, Expectation, Job, Note, Notify, Request, RetryPolicy, Status
from lambdas.jobs.listing import group_of

if TYPE_CHECKING:
    from lambdas.adapters.dynamodb_table import Key

Kind = TypeVar("Kind")

WRITE_UNIT_BYTES = 1_024
"""What one write unit writes: an item that is larger costs two or more at every write (AWS)."""

GROWTH_BYTES = 198
"""What a claim, one attempt and the job's end may add to its item: claim id and lease, the attempt in short with the
longest error code, since when it waits for its target, the times of the end and of the notice."""


def job_key(job_id: str) -> Key:
    return f"JOB#{job_id}", "JOB"


def due_partition(shard: int) -> str:
    return f"DUE#{shard}"


def failed_partition(fire_at_ms: int) -> str:
    """Where the due index has the jobs whose last attempt was planned for that day and that failed."""
    return f"FAILED#{rfc3339(fire_at_ms)[:10]}"


def owner_partition(owner: str, group: str) -> str:
    return f"{owner}#{group}"


class Apart(NamedTuple):
    """What of a job's request has no room in its item."""

    headers: bool = False
    body: bool = False

    def values(self, request: Request) -> Values:
        """What is to be stored beside the job."""
        return {**(_header_values(request) if self.headers else {}), **(_body_values(request) if self.body else {})}


def without_room(job: Job) -> Apart:
    """What of the job's request must be stored apart so that its item stays small.

    The body goes first, and the headers with it only if they have no room either, so that lists, which show headers
    and no bodies, need not read it. Nothing is stored apart when that would save no write unit.
    """
    whole = _units(item_of(replace(job, stored_apart=None)))
    if whole == 1:  # as nearly all are: no item takes less
        return Apart()
    everything = Apart(headers=True, body=True)
    least = _units(item_of(replace(job, stored_apart=job.version), everything))
    if whole <= least:
        return Apart()
    only_body = Apart(body=True)
    return only_body if _units(item_of(replace(job, stored_apart=job.version), only_body)) <= least else everything


def item_of(job: Job, apart: Apart = Apart()) -> Values:  # noqa: B008 (a constant, as it cannot change)
    """The job's item in plain values, without what is stored apart. What is None or empty has no attribute."""
    pk, sk = job_key(job.id)
    expires_at = None if job.expires_at_ms is None else job.expires_at_ms // 1000
    values = {
        "pk": pk,
        "sk": sk,
        "owner": job.owner,
        "owner_status": owner_partition(job.owner, group_of(job.status)),
        "status": job.status.value,
        "due_at": job.due_at_ms,
        "fire_at": job.fire_at_ms,
        "due_shard": due_index_partition(job),
        "handoff": job.fire_at_ms if job.handoff else None,
        "request": _request_values(job.request, apart),
        "stored_apart": job.stored_apart,
        "name": job.name,
        "host": job.request.host or None,
        "timezone": job.timezone,
        "retry": [job.retry.max_attempts, job.retry.min_backoff_seconds, job.retry.max_backoff_seconds],
        "timeout_ms": job.timeout_ms,
        "expect": _expectation_values(job.expect) or None,
        **_notify_values(job.notify),
        "notes": [[note.code, note.message, note.other_ms] for note in job.notes] or None,
        "version": job.version,
        "attempt_count": job.attempt_count,
        "attempts": [short_form(attempt) for attempt in job.attempts] or None,
        "claim_id": job.claim_id,
        "lease_until": job.lease_until_ms,
        "deaths": job.deaths or None,
        "waiting_since": job.waiting_since_ms,
        "created_at": job.created_at_ms,
        "updated_at": job.updated_at_ms,
        "finished_at": job.finished_at_ms,
        "expires_at": expires_at,
        "alerted_at": job.alerted_at_ms,
        "schedule_id": job.schedule_id,
        "rerun_of": job.rerun_of,
    }
    return {name: value for name, value in values.items() if value is not None}


def job_from_item(item: Mapping[str, Any]) -> Job:
    """The job of an item. Raises DamagedJob if it lacks something or has it in another form.

    Attributes that are not known here were added by newer code, and are left alone.
    """
    try:
        return _job(item)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DamagedJob(str(item.get("pk")).removeprefix("JOB#"), f"{type(error).__name__}: {error}") from error


def with_request_apart(request: Request, values: Mapping[str, Any]) -> Request:
    """The request of a job item, made whole with what was stored apart. Raises KeyError, ValueError or TypeError."""
    headers = _headers(values) if "headers" in values else request.headers
    return replace(request, headers=headers, body=_body(values))


def headers_are_apart(item: Mapping[str, Any]) -> bool:
    """Whether a job item leaves its request's headers to what is stored apart."""
    return "stored_apart" in item and item["request"].get("headers", ()) is None


def due_job_of(entry: Mapping[str, Any]) -> DueJob:
    """The job that an entry of the due index points to.

    Whatever is wrong with it: the claim will not fit, and so it is set aside; here it would hold up its whole shard.
    """
    return DueJob(fire_at_ms=whole_key(entry["fire_at"]), job_id=job_id_of(entry))


def whole_key(value: int | Foreign, *, up: bool = False) -> int:
    """A number by which an index is sorted. One with a fraction, which is never stored here, is cut or rounded up."""
    if isinstance(value, Foreign):
        number = float(value.attribute["N"])
        return math.ceil(number) if up else math.floor(number)
    return value


def job_id_of(entry: Mapping[str, Any]) -> str:
    job_id: str = entry["pk"].removeprefix("JOB#")
    return job_id


def _units(item: Values) -> int:
    return -(-(item_size(item) + GROWTH_BYTES) // WRITE_UNIT_BYTES)


def due_index_partition(job: Job) -> str | None:
    """Unfinished jobs are in their shard of the due index; failed ones where operators find those of a day."""
    if not job.status.finished:
        return due_partition(due_shard(job.id))
    return failed_partition(job.fire_at_ms) if job.status is Status.FAILED else None


def _request_values(request: Request, apart: Apart) -> Values:
    values: Values = {"method": request.method, "url": request.url}
    values.update({"headers": None} if apart.headers else _header_values(request))
    if request.secret_headers:
        values["secret_headers"] = list(request.secret_headers)
    return values if apart.body else {**values, **_body_values(request)}


def _header_values(request: Request) -> Values:
    return {"headers": [list(header) for header in request.headers]} if request.headers else {}


def _body_values(request: Request) -> Values:
    body = request.body
    return {} if body is None else {"body": body.content, "body_form": body.form}


def _expectation_values(expect: Expectation) -> Values:
    statuses = list(expect.statuses) if isinstance(expect.statuses, tuple) else expect.statuses
    values = {"statuses": statuses, "body_contains": expect.body_contains, "json": expect.json_subset}
    return {name: value for name, value in values.items() if value is not None}


def _job(item: Mapping[str, Any]) -> Job:
    job_id = _text(item, "pk").removeprefix("JOB#")
    if (item["pk"], item["sk"]) != job_key(job_id):
        raise ValueError("not the key of a job")
    fire_at_ms = _number(item, "fire_at")
    most, shortest, longest = item["retry"][:3]
    finished_at_ms = _optional(_number, item, "finished_at")
    return Job(
        id=job_id,
        owner=_text(item, "owner"),
        request=_request(item["request"]),
        due_at_ms=_number(item, "due_at"),
        fire_at_ms=fire_at_ms,
        created_at_ms=_number(item, "created_at"),
        updated_at_ms=_number(item, "updated_at"),
        name=_optional(_text, item, "name"),
        status=one_of(Status, item["status"]),
        timezone=_optional(_text, item, "timezone"),
        retry=RetryPolicy(_whole(most), _whole(shortest), _whole(longest)),
        timeout_ms=_number(item, "timeout_ms"),
        expect=_expectation(item.get("expect", {})),
        notify=_notify(item),
        notes=tuple(Note(*note[:3]) for note in item.get("notes", ())),
        version=_number(item, "version"),
        handoff="handoff" in item,
        stored_apart=_optional(_number, item, "stored_apart"),
        attempt_count=_number(item, "attempt_count"),
        attempts=tuple(from_short_form(attempt) for attempt in item.get("attempts", ())),
        claim_id=_optional(_text, item, "claim_id"),
        lease_until_ms=_optional(_number, item, "lease_until"),
        deaths=_optional(_number, item, "deaths") or 0,
        waiting_since_ms=_optional(_number, item, "waiting_since"),
        finished_at_ms=finished_at_ms,
        expires_at_ms=_expires_at_ms(_optional(_number, item, "expires_at"), finished_at_ms),
        alerted_at_ms=_optional(_number, item, "alerted_at"),
        schedule_id=_optional(_text, item, "schedule_id"),
        rerun_of=_optional(_text, item, "rerun_of"),
    )


def _expires_at_ms(expires_at: int | None, finished_at_ms: int | None) -> int | None:
    """TTL wants whole seconds; a job is kept for whole seconds from its end, whose milliseconds are known."""
    return None if expires_at is None else expires_at * 1000 + (finished_at_ms or 0) % 1000


def _request(values: Mapping[str, Any]) -> Request:
    return Request(
        method=_text(values, "method"),
        url=_text(values, "url"),
        headers=_headers(values),
        body=_body(values),
        secret_headers=_texts(values.get("secret_headers", ())),
    )


def _headers(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    pairs = (_texts(pair) for pair in values.get("headers") or ())
    return tuple((name, value) for name, value in pairs)


def _body(values: Mapping[str, Any]) -> Body | None:
    if "body" not in values:
        return None
    content, form = values["body"], values["body_form"]
    if not isinstance(content, bytes) or form not in ("text", "json", "base64"):
        raise TypeError("not a body")
    return Body(content, form)


def _expectation(values: Mapping[str, Any]) -> Expectation:
    statuses = values.get("statuses")
    return Expectation(
        statuses=tuple(statuses) if isinstance(statuses, list) else statuses,
        body_contains=_optional(_text, values, "body_contains"),
        json_subset=_optional(_text, values, "json"),
    )


def _notify_values(notify: Notify | None) -> Values:
    """What older code reads stays as it was; `notify_own` tells a choice from the default, which most jobs have."""
    own = notify or Notify()
    is_default = own == Notify()
    return {
        "notify": list(own.on),
        "notify_own": True if notify and is_default else None,
        "notify_email": own.email,
    }


def _notify(item: Mapping[str, Any]) -> Notify | None:
    notify = Notify(_texts(item["notify"]), _optional(_text, item, "notify_email"))
    return notify if notify != Notify() or "notify_own" in item else None


def _number(values: Mapping[str, Any], name: str) -> int:
    return _whole(values[name])


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"a {type(value).__name__} where a whole number should be")
    return value


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not text")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("something is not text")
    return tuple(values)


def _optional(read: Callable[[Mapping[str, Any], str], Kind], values: Mapping[str, Any], name: str) -> Kind | None:
    return read(values, name) if name in values else None
