"""Attempts as they are stored: in short inside the job's item, what that leaves out in an item of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, replace
from typing import Any

from lambdas.adapters.attribute_values import one_of
from lambdas.jobs.job import DIED, TARGET_DENIED, Attempt, AttemptError, AttemptOutcome

ShortAttempt = list[Any]
"""`[number, outcome, started, lateness, duration, status, error code, next attempt]`, cut after the last value that
is known: a list without names, because the item that holds ten of them should stay under 1 KB."""


def short_form(attempt: Attempt) -> ShortAttempt:
    """The attempt without its error's message and the response's excerpt."""
    values = [
        attempt.number,
        attempt.outcome.value,
        attempt.started_at_ms,
        attempt.lateness_ms,
        attempt.duration_ms,
        attempt.status_code,
        attempt.error.code if attempt.error else None,
        attempt.next_attempt_at_ms,
    ]
    while values[-1] is None:
        values.pop()
    return values


def from_short_form(values: ShortAttempt) -> Attempt:
    """The reverse, with a general message for the error. Raises ValueError or TypeError for anything else.

    Values beyond those that are known here were added by newer code, and are left alone.
    """
    known = [*values, *[None] * 8][:8]
    number, outcome, started_at_ms, lateness_ms, duration_ms, status_code, code, next_attempt_at_ms = known
    attempt = Attempt(
        number=number,
        outcome=one_of(AttemptOutcome, outcome),
        started_at_ms=started_at_ms,
        lateness_ms=lateness_ms,
        duration_ms=duration_ms,
        status_code=status_code,
        error=None if code is None else AttemptError(code, general_message(code, status_code)),
        next_attempt_at_ms=next_attempt_at_ms,
    )
    if not all(value is None or type(value) is int for value in (number, *astuple(attempt)[2:6], next_attempt_at_ms)):
        raise TypeError("an attempt's figures must be whole numbers")
    return attempt


def in_short(attempt: Attempt) -> Attempt:
    """The attempt as it is known without its full item."""
    error = attempt.error
    if error is not None:
        error = replace(error, message=general_message(error.code, attempt.status_code))
    return replace(attempt, error=error, response_excerpt=None)


def full_form(attempt: Attempt) -> dict[str, Any]:
    """What the short form leaves out, and what tells which attempt it belongs to; empty if nothing is left out."""
    if attempt.error is None or in_short(attempt) == attempt:
        return {}
    values = {**_identity(attempt), "message": attempt.error.message, "excerpt": attempt.response_excerpt}
    return {name: value for name, value in values.items() if value is not None}


def with_full_form(short: Attempt, values: Mapping[str, Any]) -> Attempt:
    """The attempt with what its short form left out.

    Unless the values tell of another one: a worker that came too late may have written what it saw of an attempt
    that others had given up by then.
    """
    mine = {name: value for name, value in _identity(short).items() if value is not None}
    if short.error is None or mine != {name: values[name] for name in _identity(short) if name in values}:
        return short
    message, excerpt = values.get("message"), values.get("excerpt")
    error = replace(short.error, message=message) if isinstance(message, str) else short.error
    return replace(short, error=error, response_excerpt=excerpt if isinstance(excerpt, str) else None)


def _identity(attempt: Attempt) -> dict[str, Any]:
    code = attempt.error.code if attempt.error else None
    return {"code": code, "status_code": attempt.status_code, "started_at": attempt.started_at_ms}


def general_message(code: str, status_code: int | None) -> str:
    """A sentence for an error code, where the one that was written at the time is not at hand."""
    if code in ("status_retryable", "status_permanent") and status_code is not None:
        return f"The target answered {status_code}."
    return _MESSAGES.get(code, "The attempt did not succeed.")


_MESSAGES = {
    "name_not_found": "The target's name could not be resolved.",
    "address_denied": "The target's address is not allowed.",
    "connect_failed": "The target could not be connected to.",
    "connect_timeout": "The target did not take the connection in time.",
    "tls_failed": "No TLS connection to the target could be made.",
    "certificate_invalid": "The target's certificate is not valid.",
    "timeout": "The target did not answer in time.",
    "connection_lost": "The connection broke before the answer was complete.",
    "bad_response": "What the target answered is not HTTP.",
    "expectation_failed": "The target's answer is not what was expected.",
    "died": DIED.message,
    "request_damaged": "What is stored of the request cannot be read. Nothing was sent.",
    "secret_damaged": "The owner's signing secret cannot be read. Nothing was sent.",  # nosec B105 - about a secret, not one
    "target_denied": TARGET_DENIED.message,
}
