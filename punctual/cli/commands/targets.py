"""`punctual targets`: hosts that jobs wait for, or that refused them for good."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from punctual.cli import completing
from punctual.cli.errors import Misused
from punctual.cli.plain import plain
from punctual.cli.program import command, group
from punctual.cli.session import Session
from punctual.cli.times import relative
from punctual.models import Target


@command(
    "list",
    summary="Show the hosts that are paused or denied.",
    examples=[("See what your jobs wait for", "punctual targets")],
)
def list_targets(session: Session) -> None:
    """A paused host failed several times in a row: its jobs wait, and keep their attempts. A denied one refused
    everything. Hosts that are well are not listed.
    """
    session.terminal.listing(
        ("HOST", "STATE", "UNTIL", "REASON"),
        [(target.raw, target.host, _row(session, target)) for target in session.client.targets()],
        none="No host is in trouble.",
    )


@command(
    "allow",
    summary="Let jobs call a host again.",
    examples=[("Lift a pause, now that the host is mended", "punctual targets allow shop.example.com")],
)
@click.argument("host", shell_complete=completing.hosts)
def allow_target(session: Session, host: str) -> None:
    """Lifts a pause or a denial. HOST is as `punctual targets` shows it."""
    if not host or set(host) & set("/?# \t\n"):
        name = urlsplit(host).hostname if "://" in host else None
        hint = f"Did you mean {name}?" if name else "`punctual targets` shows those that are in trouble."
        raise Misused(f"`{plain(host)}` is no host.", hint=plain(hint))
    target = session.client.allow_target(host)
    session.terminal.answer(
        target.raw,
        ids=[target.host],
        shown=lambda: session.terminal.show(f"{plain(target.host)} may be called again."),
    )


def _row(session: Session, target: Target) -> tuple[str, ...]:
    until = "" if target.until is None else relative(target.until, session.now())
    return (target.host, target.state, until, target.reason or "")


main = group("targets", list_targets, allow_target)
