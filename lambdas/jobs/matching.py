"""Whether an answer is what was expected: its status, its text, its JSON. Pure, and raises nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambdas.jobs.job import Expectation

ANY_2XX = "2xx"
"""What holds where nothing is said of the status."""


def is_expected(expect: Expectation, status: int) -> bool:
    """Whether the status is one of those expected."""
    return any(_matches(choice, status) for choice in choices(expect))


def choices(expect: Expectation) -> tuple[int | str, ...]:
    """The statuses expected, each a code or a class."""
    wanted = expect.statuses if expect.statuses is not None else ANY_2XX
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _matches(choice: int | str, status: int) -> bool:
    if isinstance(choice, str) and choice.lower().endswith("xx"):
        return choice[0] == str(status // 100)
    return str(choice) == str(status)


def has_json(body: bytes, wanted: str) -> bool:
    """Whether the body is JSON that contains the wanted JSON."""
    try:
        return _contains(json.loads(body), json.loads(wanted))
    except (ValueError, RecursionError):
        return False


def has_text(body: bytes, wanted: str) -> bool:
    """Whether the body contains the text, as UTF-8."""
    return wanted.encode(errors="surrogatepass") in body


def _contains(found: Any, wanted: Any) -> bool:
    """Whether `wanted` is a subset of `found`: objects by their named members, everything else as equal values.

    Lists must be as long as wanted, each element containing its counterpart. True is not 1.
    """
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            name in found and _contains(found[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_contains(f, w) for f, w in zip(found, wanted, strict=True))
        )
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    return bool(found == wanted)
