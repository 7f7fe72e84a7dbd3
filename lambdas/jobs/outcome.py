"""What came of an attempt: the answer or the failure, judged by the table *Outcomes of an attempt* of the API."""

from __future__ import annotations

import codecs
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from lambdas.jobs.job import Attempt, AttemptError, AttemptOutcome, Expectation, Job
from lambdas.jobs.matching import choices, has_json, has_text, is_expected
from lambdas.jobs.retry_after import retry_after_ms
from lambdas.jobs.sending import Answer, Failure

EXCERPT_BYTES = 1_024

_BLANKS = "\n\t\u00a0\u3000"
"""Blanks that steer nothing, though Python does not call them printable."""

_RETRYABLE_STATUSES = frozenset({408, 425, 429})
_PERMANENT_FAILURES = frozenset({"address_denied", "certificate_invalid"})


class Verdict(StrEnum):
    """What an attempt means for its job, before it is known whether attempts are left."""

    SUCCEEDED = "succeeded"
    RETRYABLE = "retryable"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A judged attempt. Flat and made of plain values, so that it can travel in a message.

    `started_at_ms` is None when nothing was sent. `retry_after_ms` is what the target asked for, at most 24 hours.
    """

    verdict: Verdict
    started_at_ms: int | None = None
    lateness_ms: int | None = None
    duration_ms: int | None = None
    status_code: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    response_excerpt: str | None = None
    retry_after_ms: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON values, without what is not known."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Outcome:
        """The reverse of `to_dict`; keys of a newer version are left out. Raises KeyError, TypeError or ValueError."""
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        return cls(**{**known, "verdict": Verdict(values["verdict"])})

    def attempt(self, number: int, outcome: AttemptOutcome) -> Attempt:
        """The attempt as its job remembers it."""
        error = None
        if self.error_code is not None:
            error = AttemptError(self.error_code, self.error_message or "")
        return Attempt(
            number=number,
            outcome=outcome,
            started_at_ms=self.started_at_ms,
            lateness_ms=self.lateness_ms,
            duration_ms=self.duration_ms,
            status_code=self.status_code,
            error=error,
            response_excerpt=self.response_excerpt,
        )


def judge(job: Job, result: Answer | Failure) -> Outcome:
    """What an attempt of this job means; pure.

    Raises nothing, whatever the job expects and the target says: the request has been sent, and an error here would
    leave it unsettled, so that it is sent again.
    """
    started_at_ms = None if result.started_at_ms is None else int(result.started_at_ms)
    lateness_ms = None if started_at_ms is None else started_at_ms - job.fire_at_ms
    duration_ms = round(result.duration_ms)
    if isinstance(result, Failure):
        permanent = result.code in _PERMANENT_FAILURES
        return Outcome(
            verdict=Verdict.PERMANENT if permanent else Verdict.RETRYABLE,
            started_at_ms=started_at_ms,
            lateness_ms=lateness_ms,
            duration_ms=duration_ms,
            error_code=result.code,
            error_message=result.message,
        )
    verdict, error_code, error_message = _judge_answer(job.expect, result)
    failed = verdict is not Verdict.SUCCEEDED
    return Outcome(
        verdict=verdict,
        started_at_ms=started_at_ms,
        lateness_ms=lateness_ms,
        duration_ms=duration_ms,
        status_code=result.status_code,
        error_code=error_code,
        error_message=error_message,
        response_excerpt=excerpt(result.body) if failed else None,
        retry_after_ms=retry_after_ms(result) if verdict is Verdict.RETRYABLE else None,
    )


def _judge_answer(expect: Expectation, answer: Answer) -> tuple[Verdict, str | None, str | None]:
    status = answer.status_code
    unmet = _unmet(expect, answer)
    if unmet is None:
        return Verdict.SUCCEEDED, None, None
    if status in _RETRYABLE_STATUSES or 500 <= status <= 599:
        return Verdict.RETRYABLE, "status_retryable", f"The target answered {status}."
    if 200 <= status <= 299 or is_expected(expect, status):
        return Verdict.PERMANENT, "expectation_failed", f"The target answered {status}, but {unmet}."
    redirect = " Redirects are not followed." if 300 <= status <= 399 else ""
    return Verdict.PERMANENT, "status_permanent", f"The target answered {status}.{redirect}"


def _unmet(expect: Expectation, answer: Answer) -> str | None:
    """The first part of the expectation that does not hold, in words, or None."""
    if not is_expected(expect, answer.status_code):
        return f"the status was to be {' or '.join(map(str, choices(expect)))}"
    if expect.body_contains is not None and not has_text(answer.body, expect.body_contains):
        return "its body does not contain the expected text"
    if expect.json_subset is not None and not has_json(answer.body, expect.json_subset):
        return "its body does not contain the expected JSON"
    return None


def excerpt(body: bytes) -> str | None:
    """The beginning of a body as text that is safe to store and to show, at most 1 KB of UTF-8.

    What is not UTF-8 or is a control character becomes U+FFFD; a character that the cut goes through is left out.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = decoder.decode(body[:EXCERPT_BYTES], final=len(body) <= EXCERPT_BYTES).replace("\r\n", "\n")
    # Cut once more: what is replaced by U+FFFD has become longer.
    return safe_text(text).encode()[:EXCERPT_BYTES].decode(errors="ignore") or None


def safe_text(text: str) -> str:
    """The text with U+FFFD in the place of whatever steers a terminal or a page."""
    return "".join(c if c.isprintable() or c in _BLANKS else "\ufffd" for c in text)
