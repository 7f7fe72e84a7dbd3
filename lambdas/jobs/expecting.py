"""What success is, and who is told of an end: from a document's fields to a job's values, and back."""

from __future__ import annotations

import json
from typing import Any

from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.job import Expectation, Notify
from lambdas.jobs.scheduling import Expect, Faults
from lambdas.jobs.scheduling import Notify as NotifyFields

LARGEST_EXPECTATION = 16 * 1024
"""Bytes of `body_contains`, and of `json`: both are kept with the job, and of an answer only 64 KB are looked at."""

MOST_STATUSES = 100

_TOLD_OF = ("failed", "succeeded")


def expectation(given: Expect, faults: Faults) -> Expectation:
    """The expectation of a document's `expect`, whole."""
    statuses = body_contains = json_subset = None
    with faults.of("expect.status"):
        if "status" in given:
            statuses = _statuses(given["status"])
    with faults.of("expect.body_contains"):
        if "body_contains" in given:
            body_contains = _limited(given["body_contains"])
    with faults.of("expect.json"):
        if "json" in given:
            if given["json"] is None:
                raise ValueRefused("type", "expect.json must be a JSON value other than null.")
            json_subset = _limited(json.dumps(given["json"], ensure_ascii=False, separators=(",", ":")))
    return Expectation(statuses, body_contains, json_subset)


def shown_expectation(expect: Expectation) -> dict[str, Any]:
    """`expect` as the user wrote it; where there is none, what holds then."""
    statuses = list(expect.statuses) if isinstance(expect.statuses, tuple) else expect.statuses
    subset = None if expect.json_subset is None else json.loads(expect.json_subset)
    written = {"status": statuses, "body_contains": expect.body_contains, "json": subset}
    return {name: value for name, value in written.items() if value is not None} or {"status": "2xx"}


def notify(given: NotifyFields, faults: Faults) -> Notify:
    """Who is told when, of a document's `notify`, whole."""
    if "email" in given:
        message = "This address was not confirmed; leave email out, and the operators' topic is told."
        faults.add("notify.email", "email_unconfirmed", message)
    told_of = given.get("on", list(Notify().on))
    if not set(told_of) <= set(_TOLD_OF) or len(set(told_of)) != len(told_of):
        faults.add("notify.on", "range", f"notify.on may hold {' and '.join(_TOLD_OF)}, each once.")
    return Notify(tuple(told_of))


def _statuses(value: Any) -> int | str | tuple[int | str, ...]:
    choices = value if isinstance(value, list) else [value]
    if not 1 <= len(choices) <= MOST_STATUSES or not all(map(_is_status, choices)):
        message = (
            f'expect.status must be a status such as 200, a class such as "2xx", or a list of up to {MOST_STATUSES}.'
        )
        raise ValueRefused("expect_status", message)
    return tuple(value) if isinstance(value, list) else value


def _is_status(choice: object) -> bool:
    if isinstance(choice, str):
        return len(choice) == 3 and choice[0] in "12345" and choice[1:] in ("xx", "XX")
    return type(choice) is int and 100 <= choice <= 599  # True is an int too


def _limited(text: str) -> str:
    if len(text.encode("utf-8")) > LARGEST_EXPECTATION:
        raise ValueRefused("range", f"An expectation may have at most {LARGEST_EXPECTATION // 1024} KB.")
    return text
