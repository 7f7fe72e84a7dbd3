"""What went wrong, told to a person: the service's faults beside the options that caused them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from punctual.cli.plain import plain
from punctual.errors import Fault, Problem, PunctualError, ServiceFailed, TooManyRequests, Unauthenticated, Unreachable

OPTIONS: Mapping[str, str] = {
    "url": "URL",
    "method": "METHOD",
    "at": "--at",
    "delay_seconds": "--in",
    "timezone": "--timezone",
    "headers": "--header",
    "secret_headers": "--secret-header",  # nosec B105 - names of options
    "body": "--data",
    "body_base64": "--data",
    "retry": "--retry",
    "retry.max_attempts": "--retry attempts",
    "retry.min_backoff_seconds": "--retry min",
    "retry.max_backoff_seconds": "--retry max",
    "timeout_seconds": "--timeout",
    "expect": "--expect",
    "expect.body_contains": "--expect body~",
    "expect.headers": "--expect header",
    "notify": "--notify",
    "name": "--name",
    "idempotency-key": "--idempotency-key",
    "if-match": "--if-version",
    "status": "--status",
    "from": "--from",
    "to": "--to",
    "order": "--order",
    "limit": "--limit",
    "interval": "--interval",
    "scopes": "--scope",
    "expires_at": "--expires",
}
"""Field of the contract, or its first part → the option or argument that it comes from. The same in every command."""


NAMED = frozenset({"id", "host", "authorization"})
"""Fields that no option makes: they are the words of the command, or who is signed in, and the message names them."""


def told(error: PunctualError) -> Iterator[str]:
    """Lines that say what happened and what can be done, in this order. Nothing in them controls a terminal."""
    yield from _said(error)
    yield from map(plain, getattr(error, "__notes__", ()))


def _said(error: PunctualError) -> Iterator[str]:
    if not isinstance(error, Problem):
        yield f"Error: {plain(str(error))}"
        if isinstance(error, Unreachable) and error.sent and not error.reads:
            yield "It is not known whether the service did it: see `punctual list` before you do it again."
        return
    if len(error.faults) == 1 and error.faults[0].message == error.detail:
        yield f"Error: {_fault_line(error.faults[0])}"
    else:
        yield f"Error: {plain(error.detail)}"
        yield from (f"  {line}" for line in map(_fault_line, error.faults))
    yield from _advice(error)


def said(problem: Problem) -> str:
    """All that is wrong, in one line, by the contract's own names: for jobs that no option made."""
    if not problem.faults:
        return plain(problem.detail)
    return "; ".join(f"{plain(fault.field)}: {plain(fault.message)} ({plain(fault.code)})" for fault in problem.faults)


def _fault_line(fault: Fault) -> str:
    if fault.field.lower() in NAMED:
        return f"{plain(fault.message)} ({plain(fault.code)})"
    return f"{place_of(fault.field)}: {plain(fault.message)} ({plain(fault.code)})"


def place_of(field: str) -> str:
    """The option of a field: `headers.X-Y` as `--header X-Y`, `retry.max_attempts` as `--retry attempts`."""
    if field.lower() in OPTIONS:
        return OPTIONS[field.lower()]
    first, rest = re.fullmatch(r"([^.\[]*)[.\[]?(.*?)\]?", field, re.DOTALL).groups()  # type: ignore[union-attr]
    option = OPTIONS.get(first.lower())
    if option is None:
        return plain(field)
    return f"{option} {plain(rest)}".rstrip()


def _advice(error: Problem) -> Iterator[str]:
    if isinstance(error, Unauthenticated) and not hasattr(error, "__notes__"):
        yield "Sign in again with `punctual login`."
    if isinstance(error, TooManyRequests) and error.retry_after is not None:
        yield f"Try again in {error.retry_after:.0f} seconds."
    if isinstance(error, ServiceFailed) or not error.code:
        yield f"The request's id is {plain(error.request_id)}." if error.request_id else "The answer had no request id."
