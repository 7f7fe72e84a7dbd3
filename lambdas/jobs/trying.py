"""Try a request out: send it once, now, through the same guard as a job's, and compare the answer with `expect`.

Nothing is stored, nothing is tried again, and no breaker learns of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from lambdas.jobs import expecting
from lambdas.jobs.headers import MOST_HEADERS, REDACTED, is_name, is_secret, is_value
from lambdas.jobs.job import Expectation, Job, Request
from lambdas.jobs.matching import choices, has_json, has_text, is_expected
from lambdas.jobs.outcome import EXCERPT_BYTES, excerpt, safe_text
from lambdas.jobs.outgoing import outgoing_request
from lambdas.jobs.requested import requested
from lambdas.jobs.scheduling import RIGHT, Expect, Faults, Form, sound_part
from lambdas.jobs.sending import Answer, Failure
from lambdas.jobs.signing import SigningSecret, signed

if TYPE_CHECKING:
    from lambdas.jobs.destination import Rules
    from lambdas.jobs.ports import Clock, Sender

LONGEST_TIMEOUT_SECONDS = 20
"""Whoever asks waits for the answer, and the gateway waits 30 s at most."""

DEFAULT_TIMEOUT_SECONDS = 10
LARGEST_SHOWN_HEADERS = 8 * 1024
"""Characters of names and values of the answer that are shown."""

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class ExpectHere(Expect, total=False):
    """What a trial may expect beside what a job may."""

    headers: Annotated[dict[str, Any], Field(max_length=MOST_HEADERS)]


@with_config(_STRICT)
class Asked(TypedDict, total=False):
    """The fields of a trial: those of a job that are about its one request."""

    url: str
    method: str
    headers: dict[str, Any]
    secret_headers: Annotated[list[str], Field(max_length=MOST_HEADERS)]
    body: Any
    body_base64: str
    timeout_seconds: Annotated[float, Field(ge=1, le=LONGEST_TIMEOUT_SECONDS)]
    expect: ExpectHere


TRIAL = Form(
    TypeAdapter(Asked),
    {"": tuple(Asked.__annotations__), "expect": ("status", "headers", "body_contains", "json")},
    {
        **RIGHT,
        "timeout_seconds": f"a number from 1 to {LONGEST_TIMEOUT_SECONDS}",
        "expect.headers": f"an object of at most {MOST_HEADERS} names and values, both strings",
    },
)


@dataclass(frozen=True, slots=True)
class Trial:
    """A request to be tried, as the first attempt of a job that is due now, and the headers its answer must have."""

    job: Job
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the expectation. `actual` is what was found in its place, None where there was nothing to find."""

    name: str
    expected: Any
    actual: Any
    passed: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial."""

    result: Answer | Failure
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


def trial(document: Mapping[str, Any], *, owner: str, trial_id: str, now_ms: int, rules: Rules) -> Trial:
    """The trial that a document asks for. Raises RequestRefused with all faults of the document."""
    faults = Faults()
    if "url" not in document:
        faults.add("url", "required", "A trial needs a url: where its request goes.")
    given = sound_part(document, faults, TRIAL)
    request = requested(Request(method="POST", url=""), given, rules=rules, faults=faults)
    expect = cast("ExpectHere", given.get("expect", {}))
    headers = _expected_headers(expect, faults)
    expectation = expecting.expectation(expect, faults) if expect else Expectation()
    faults.refuse_if_any()
    job = Job(
        id=trial_id,
        owner=owner,
        request=request,
        due_at_ms=now_ms,
        fire_at_ms=now_ms,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        timeout_ms=round(given.get("timeout_seconds", DEFAULT_TIMEOUT_SECONDS) * 1000),
        expect=expectation,
        attempt_count=1,
    )
    return Trial(job, headers)


def try_out(asked: Trial, *, secret: SigningSecret | None, sender: Sender, clock: Clock) -> Tried:
    """Send the request now, signed if its owner has a secret, and compare what comes back."""
    job = asked.job
    request, now_ms = outgoing_request(job), clock.now_ms()
    if secret is not None:
        request = signed(request, secret, message_id=job.id, at_ms=now_ms)
    opened = sender.open(request, timeout_seconds=job.timeout_ms / 1000)
    try:
        result = opened.send_at(now_ms, latest_ms=now_ms + job.timeout_ms)
    finally:
        opened.close()
    return Tried(result, tuple(_checks(asked, result)))


def shown_trial(tried: Tried) -> dict[str, Any]:
    """What came of a trial, as the API shows it: `response` is null if there was none, and `error` says why."""
    result = tried.result
    failure = result if isinstance(result, Failure) else None
    return {
        "passed": tried.passed,
        "checks": [
            {"name": check.name, "expected": check.expected, "actual": check.actual, "passed": check.passed}
            for check in tried.checks
        ],
        "response": None if isinstance(result, Failure) else _shown_answer(result),
        "error": None if failure is None else {"code": failure.code, "message": failure.message},
    }


def _shown_answer(answer: Answer) -> dict[str, Any]:
    return {
        "status_code": answer.status_code,
        "headers": _shown_headers(answer),
        "body_excerpt": excerpt(answer.body),
        "duration_ms": round(answer.duration_ms),
    }


def _shown_headers(answer: Answer) -> dict[str, str]:
    """The answer's headers, repeated ones joined, secrets redacted, what is no text replaced; cut off at a length."""
    shown: dict[str, str] = {}
    left = LARGEST_SHOWN_HEADERS
    for name, value in answer.headers:
        left -= len(name) + len(value)
        if left < 0 or not is_name(name):
            continue
        plain = name.lower()
        safe = REDACTED if is_secret(name) else safe_text(value)
        shown[plain] = f"{shown[plain]}, {safe}" if plain in shown and safe != REDACTED else safe
    return shown


def _expected_headers(expect: ExpectHere, faults: Faults) -> tuple[tuple[str, str], ...]:
    headers = expect.get("headers", {})
    for name, value in headers.items():
        if not is_name(name):
            faults.add("expect.headers", "header_name", "expect.headers holds names of headers, such as Content-Type.")
        elif not isinstance(value, str) or not is_value(value):
            faults.add(
                "expect.headers", "header_value", f"The value that is expected of {name} must be a header's value."
            )
    return tuple(headers.items())


def _checks(asked: Trial, result: Answer | Failure) -> Iterator[Check]:
    """The parts of the expectation in its order. Where there was no answer, none holds."""
    answer = None if isinstance(result, Failure) else result
    expect = asked.job.expect
    statuses = choices(expect)
    wanted = list(statuses) if isinstance(expect.statuses, tuple) else statuses[0]
    status = None if answer is None else answer.status_code
    yield Check("status", wanted, status, status is not None and is_expected(expect, status))
    for name, value in asked.headers:
        there = [] if answer is None else answer.all_of(name)
        found = ", ".join(there) if there else None
        if is_secret(name):
            yield Check(f"headers.{name.lower()}", REDACTED, found and REDACTED, value in there)
        else:
            yield Check(f"headers.{name.lower()}", value, found and safe_text(found), value in there)
    if expect.body_contains is not None:
        found = None if answer is None else excerpt(answer.body)
        passed = answer is not None and has_text(answer.body, expect.body_contains)
        yield Check("body_contains", expect.body_contains, found, passed)
    if expect.json_subset is not None:
        passed = answer is not None and has_json(answer.body, expect.json_subset)
        part = None if answer is None else _part_like(answer.body, expect.json_subset)
        yield Check("json", json.loads(expect.json_subset), part, passed)


def _part_like(body: bytes, wanted: str) -> Any:
    """What the body has in the places that are wanted; None if it is no JSON. At most an excerpt's size is read out."""
    try:
        part = _like(json.loads(body), json.loads(wanted))
        # Python reads more than JSON is: NaN, infinity, halves of surrogate pairs. None of it may go on.
        text = json.dumps(part, ensure_ascii=False, allow_nan=False).encode(errors="replace")
    except (ValueError, RecursionError):
        return None
    return json.loads(text) if len(text) <= EXCERPT_BYTES else excerpt(text)


def _like(found: Any, wanted: Any) -> Any:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {name: _like(found[name], value) for name, value in wanted.items() if name in found}
    if isinstance(wanted, list) and isinstance(found, list) and len(found) == len(wanted):
        return [_like(f, w) for f, w in zip(found, wanted, strict=True)]
    return found
