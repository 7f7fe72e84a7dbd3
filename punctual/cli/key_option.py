"""The option --idempotency-key, the same for each command that makes jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def key_option(help_text: str) -> Callable[[Function], Function]:
    """Declare it."""
    return click.option("--idempotency-key", metavar="KEY", callback=_checked, help=help_text)


def _checked(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value == "":  # a variable that was not set must not make doubles
        raise click.BadParameter("it is empty: leave it out if the job may be made twice.")
    if value is not None and not value.isprintable():
        raise click.BadParameter("it holds what is not printable, such as a line's end.")
    return value
