"""`punctual keys`: what programs sign in with."""

from __future__ import annotations

import re

import click

from punctual.cli import completing
from punctual.cli.errors import Misused
from punctual.cli.program import command, group
from punctual.cli.session import Session
from punctual.cli.times import deadline, relative, told
from punctual.models import ApiKey

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")

SCOPES = ("jobs:read", "jobs:write", "keys:read", "keys:write", "account:write")


@command(
    "list",
    summary="Show your keys, without their secrets.",
    examples=[("See which keys there are, and when each was last used", "punctual keys")],
)
def list_keys(session: Session) -> None:
    """The time of a key's last use is exact to an hour."""
    keys = session.client.keys()
    session.terminal.listing(
        ("ID", "NAME", "SCOPES", "LAST USED", "EXPIRES"),
        [(key.raw, key.id, _row(session, key)) for key in keys],
        none="There are no keys. Make one with `punctual keys create`.",
    )


@command(
    "create",
    summary="Make a key and show it, once.",
    examples=[
        (
            "One that can only schedule, until it ends",
            "punctual keys create ci --scope jobs:write --expires 2027-02-01",
        ),
        ("Hand it to a program", "punctual keys create ci --scope jobs:read --json | jq -r .key"),
    ],
)
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(list(SCOPES)), help="What it may do."
)
@click.option("--expires", metavar="WHEN", help="After this it is refused; of a day, after its end. By default never.")
def create_key(session: Session, name: str, scopes: tuple[str, ...], expires: str | None) -> None:
    """NAME is for you: it says which program has the key. The key is shown now and never again: the service keeps a
    hash of it.

    Scopes: jobs:read to read, list and count; jobs:write to schedule, change, cancel and run; keys:read and
    keys:write for keys and the signing secret; account:write for who is told of what. None includes another.
    """
    until = None if expires is None else deadline(expires, now=session.now(), zone=session.zone)
    key = session.client.create_key(name, scopes, expires_at=until)
    session.terminal.answer(key.raw, ids=[key.id], shown=lambda: _show_new(session, key))


@command(
    "revoke",
    summary="Refuse a key from now on.",
    examples=[("Revoke one", "punctual keys revoke 5f0c2a91d7e84b36")],
)
@click.argument("key_ids", metavar="ID...", nargs=-1, required=True, shell_complete=completing.key_ids)
def revoke_keys(session: Session, key_ids: tuple[str, ...]) -> None:
    """A revoked key is refused everywhere within a minute."""
    for key_id in key_ids:
        if not _ID.fullmatch(key_id):
            within = _ID.search(key_id)  # a key has its id in it; the key itself is not to be shown
            hint = f"Did you mean {within[0]}?" if within else "It is 16 hexadecimal digits: see `punctual keys`."
            raise Misused("That is not a key's id.", hint=hint)
    for key_id in key_ids:
        session.client.delete_key(key_id)
        session.terminal.answer(
            {"id": key_id, "revoked": True}, ids=[key_id], shown=lambda: session.terminal.say("Revoked.")
        )


def _show_new(session: Session, key: ApiKey) -> None:
    terminal = session.terminal
    if key.key is None:
        terminal.warn(f"The key {key.id} was made, but the answer that held it was lost. Revoke it and make another.")
        return
    terminal.show(key.key)
    if key.expires_at is not None:
        terminal.say(f"It is refused after {told(key.expires_at, session.now(), session.zone_shown)}.")
    terminal.say("Keep it now: it is not shown again. Programs give it as PUNCTUAL_TOKEN.")


def _row(session: Session, key: ApiKey) -> tuple[str, ...]:
    used = "never" if key.last_used_at is None else relative(key.last_used_at, session.now())
    expires = "never" if key.expires_at is None else relative(key.expires_at, session.now())
    return (key.id, key.name, " ".join(key.scopes), used, expires)


main = group("keys", list_keys, create_key, revoke_keys)
