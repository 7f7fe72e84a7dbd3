"""A change of a job as a command line says it, and what came of it: before and after, field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from punctual.cli.arguments import job_fields, written
from punctual.cli.composing import Written, composed, has_header
from punctual.cli.errors import Misused
from punctual.cli.items import item_of
from punctual.cli.plain import plain

if TYPE_CHECKING:
    from datetime import datetime

    from punctual.cli.session import Session
    from punctual.models import Job

UNSET: Mapping[str, str] = {
    "body": "body",
    "expect": "expect",
    "headers": "headers",
    "method": "method",
    "name": "name",
    "notify": "notify",
    "retry": "retry",
    "secret-headers": "secret_headers",
    "timeout": "timeout_seconds",
    "timezone": "timezone",
}
"""What `--unset` takes → the field that is set back to its default."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
LONGEST_BODY = 200
"""Characters of a body that are shown."""


def changes(session: Session, job: Job, given: dict[str, Any], *, unset: Sequence[str]) -> dict[str, Any]:
    """The fields that were given, for the client's `update`; `given` is what REQUEST, WHEN, JOB and TRYING declare.

    Raises Misused for none at all, or for one that is to be set and unset; and what punctual.cli.times raises.
    """
    made = _moment(session, job, given.pop("at"), given.pop("delay"), given.pop("timezone"))
    made |= _request(session, job, written(given)) | job_fields(given)
    for name in unset:
        if UNSET[name] in made:
            raise Misused(f"{name} is to be set, and to be unset.")
        made[UNSET[name]] = None
    if not made:
        raise Misused("It is not said what is to be changed.", hint="As in: --in 1h, --name purge, --unset timeout.")
    return made


def differences(before: Job, after: Job, *, now: datetime, zone: str) -> Iterator[tuple[str, str, str]]:
    """What is another than it was: its name, how it was, how it is. Nothing in them controls a terminal."""
    old, new = (dict(_facts(job, now, zone)) for job in (before, after))
    for name in dict.fromkeys((*old, *new)):
        was, is_ = old.get(name, "none"), new.get(name, "none")
        if was != is_:
            yield name, was, is_


def _moment(session: Session, job: Job, at: str | None, delay: str | None, timezone: str | None) -> dict[str, Any]:
    from punctual.cli import times

    if at is not None and delay is not None:
        raise Misused("Give --at or --in, not both.")
    zone = timezone or job.timezone
    if at is not None:
        moment = times.moment(at, now=session.now(), zone=zone or session.zone)
    elif delay is not None:
        moment = times.after(delay, now=session.now(), zone=zone or session.zone_shown)
    else:
        return {"timezone": timezone} if timezone else {}
    for note in moment.notes:
        session.terminal.say(f"Note: {note}")
    return {**moment.fields}


def _request(session: Session, job: Job, words: Written) -> dict[str, Any]:
    """What was said of the request. Headers are replaced as a whole, and stay as they are if none was given."""
    if words.curl:
        whole = composed(words)
        for note in whole.notes:
            session.terminal.say(f"Note: {plain(note)}")
        return {"headers": {}, "body": None, **whole.fields(), "url": whole.url}
    method, left = _method(words)
    url = next(filter(_ADDRESS.match, left), None)
    items = [word for word in left if word is not url]
    made = composed(replace(words, words=[url or job.request.url, *items], method=method or job.request.method))
    fields: dict[str, Any] = {}
    if method:
        fields["method"] = made.method
    if url or made.url != job.request.url:  # the latter: more of a query
        fields["url"] = made.url
    if made.body is not None:
        fields["body"] = made.body
    if _has_headers(words, items):
        fields["headers"] = made.headers
    elif "Content-Type" in made.headers and not has_header(job.request.headers, "content-type"):
        kind = made.headers["Content-Type"]
        session.terminal.say(f"Note: the body looks like {kind}, and no Content-Type is sent with it.")
    if made.secret_headers:
        fields["secret_headers"] = list(made.secret_headers)
    return fields


def _method(words: Written) -> tuple[str | None, Sequence[str]]:
    """The method, an option or the first word, and the other words."""
    first, rest = next(iter(words.words), ""), words.words[1:]
    if not re.fullmatch("[A-Za-z]+", first):
        return words.method, words.words
    if words.method and words.method.upper() != first.upper():
        raise Misused(f"There are two methods, {first.upper()} and {words.method.upper()}.")
    return first, rest


def _has_headers(words: Written, items: Sequence[str]) -> bool:
    """Whether values of headers were given; a name alone makes a secret of one that is there."""
    in_items = any(item is not None and item.separator == ":" for item in map(item_of, items))
    return bool(words.headers) or in_items or any(":" in line for line in words.secret_headers)


def _facts(job: Job, now: datetime, zone: str) -> Iterator[tuple[str, str]]:
    from punctual.cli.times import told

    request, retry = job.request, job.retry
    yield "name", plain(job.name or "none")
    yield "due", told(job.due_at, now, job.timezone or zone)
    if job.next_attempt_at and job.next_attempt_at != job.due_at:
        yield "next attempt", told(job.next_attempt_at, now, job.timezone or zone)
    yield "method", plain(request.method)
    yield "URL", plain(request.url)
    yield from ((f"header {plain(name)}", plain(value)) for name, value in request.headers.items())
    yield "body", _body(request.body)
    yield "attempts", f"{retry.max_attempts} at most"
    yield "pauses", f"{retry.min_backoff_seconds:,} to {retry.max_backoff_seconds:,} seconds"
    yield "time-out", f"{job.timeout_seconds:g} seconds"
    yield "success", plain(json.dumps(job.expect, ensure_ascii=False))
    own = job.raw.get("notify_from", "job") == "job"
    yield "who is told", plain(json.dumps(job.notify, ensure_ascii=False)) if own else "as set for all jobs"


def _body(body: Any) -> str:
    if body is None:
        return "none"
    if isinstance(body, bytes):
        return f"{len(body):,} bytes"
    text = plain(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}… ({len(text):,} characters)"
