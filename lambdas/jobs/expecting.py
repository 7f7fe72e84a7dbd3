"""What success is, and who is told of an end: from a document's fields to a job's values, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.job import Expectation, Notify

if TYPE_CHECKING:
    from lambdas.jobs.scheduling import Expect, Faults
    from lambdas.jobs.scheduling import Notify as NotifyFields

LARGEST_EXPECTATION = 16 * 1024
"""Bytes of `body_contains`, and of `json`: both are kept with the job, and of an answer only 64 KB are looked at."""

MOST_STATUSES = 100

_TOLD_OF = ("failed", "succeeded")
_ANY_2XX = Expectation(statuses="2xx")


def expectation(given: Expect, faults: Faults) -> Expectation:
    """The expectation of a document's `expect`, whole. What holds for any job is none, so that whoever reads it and
    writes it back changes nothing."""
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
    found = Expectation(statuses, body_contains, json_subset)
    return Expectation() if found == _ANY_2XX else found


def shown_expectation(expect: Expectation) -> dict[str, Any]:
    """`expect` as the user wrote it; where there is none, what holds then."""
    statuses = list(expect.statuses) if isinstance(expect.statuses, tuple) else expect.statuses
    subset = None if expect.json_subset is None else json.loads(expect.json_subset)
    written = {"status": statuses, "body_contains": expect.body_contains, "json": subset}
    return {name: value for name, value in written.items() if value is not None} or {"status": "2xx"}


Confirmed = Callable[[str], bool]
"""Whether an address, in canonical form, is one of the owner's that has been confirmed."""


def nobody(_email: str) -> bool:
    """No address is confirmed."""
    return False


def notify(given: NotifyFields, faults: Faults, *, confirmed: Confirmed = nobody) -> Notify:
    """Who is told when, of a job's `notify`, whole."""
    email = _own_address(given["email"], faults, confirmed) if "email" in given else None
    return Notify(told_of(given, faults), email)


def _own_address(given: str, faults: Faults, confirmed: Confirmed) -> str | None:
    from lambdas.jobs.email import canonical_email  # few jobs name one, so that no other waits for its patterns

    email = canonical_email(given)
    if email is None or not confirmed(email):
        message = (
            'This address was not confirmed. Ask for it with PATCH /v1/me {"notify": {"email": "…"}} and follow the '
            "link in the mail that comes; or leave email out."
        )
        faults.add("notify.email", "email_unconfirmed", message)
    return email


def told_of(given: NotifyFields, faults: Faults) -> tuple[str, ...]:
    """`notify.on`, or what it is where nobody sets it."""
    ends = given.get("on", list(Notify().on))
    if not set(ends) <= set(_TOLD_OF) or len(set(ends)) != len(ends):
        faults.add("notify.on", "range", f"notify.on may hold {' and '.join(_TOLD_OF)}, each once.")
    return tuple(ends)


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
