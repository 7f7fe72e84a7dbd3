"""What a job is made of when it is scheduled or changed, as Python values, and how they are written as JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict


class RetryFields(TypedDict, total=False):
    """How often and how patiently to try. Backoffs in seconds."""

    max_attempts: int
    min_backoff_seconds: int
    max_backoff_seconds: int


class Expect(TypedDict, total=False):
    """What success is: a status (`"2xx"`, 200, or several), a text in the body, a JSON value that must be in it."""

    status: int | str | Sequence[int | str]
    body_contains: str
    json: Any


class ExpectTest(Expect, total=False):
    """What a test may expect besides: headers, each with its exact value."""

    headers: Mapping[str, str]


class Notify(TypedDict, total=False):
    """When somebody is told, and at which confirmed address instead of the operators'."""

    on: Sequence[Literal["failed", "succeeded"]]
    email: str | None


class JobFields(TypedDict, total=False):
    """The fields of *Scheduling a job* in docs/api.md; each may be left out.

    `at` is a moment as text in any form the service takes, or a datetime: one with a zone is an instant, one without
    is local time in `timezone`. `delay` (seconds, or a timedelta) is sent as `delay_seconds`. `body` is text or any
    JSON value; bytes are sent as they are (`body_base64`).
    """

    method: str
    headers: Mapping[str, str]
    secret_headers: Sequence[str]
    body: Any
    at: str | datetime
    delay: float | timedelta
    timezone: str
    retry: RetryFields
    timeout_seconds: float
    expect: Expect
    notify: Notify
    name: str


class RetryChanges(TypedDict, total=False):
    """Changes of `retry`; None sets a member back to its default."""

    max_attempts: int | None
    min_backoff_seconds: int | None
    max_backoff_seconds: int | None


class JobChanges(TypedDict, total=False):
    """What a job can be changed in: as JobFields has it, but None sets a field back to its default."""

    method: str | None
    headers: Mapping[str, str] | None
    secret_headers: Sequence[str] | None
    body: Any
    at: str | datetime
    delay: float | timedelta
    timezone: str | None
    retry: RetryChanges | None
    timeout_seconds: float | None
    expect: Expect | None
    notify: Notify | None
    name: str | None


class OwnersNotify(TypedDict, total=False):
    """What holds for jobs without a `notify` of their own; None sets back. An address in `addresses` is taken away."""

    on: Sequence[Literal["failed", "succeeded"]] | None
    email: str | None
    addresses: Mapping[str, None]


def document_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as the JSON object that the API takes. None stays null: in a change it sets a field back."""
    document = dict(fields)
    if isinstance(document.get("at"), datetime):
        document["at"] = document["at"].isoformat()
    if "delay" in document:
        delay = document.pop("delay")
        seconds = delay.total_seconds() if isinstance(delay, timedelta) else delay
        document["delay_seconds"] = seconds
    body = document.get("body")
    if isinstance(body, bytes | bytearray | memoryview):
        del document["body"]
        document["body_base64"] = base64.b64encode(body).decode("ascii")
    return document
