"""`punctual whoami`: who the token speaks for."""

from __future__ import annotations

from punctual.cli.plain import plain
from punctual.cli.program import command
from punctual.cli.session import Session


@command(
    "whoami",
    examples=[("See which service you speak to, and as whom", "punctual whoami")],
)
def main(session: Session) -> None:
    """The service is asked, so this also tells whether the token still counts."""
    me = session.client.me()
    session.terminal.answer(me.raw, ids=[me.owner], shown=lambda: session.terminal.show(plain(me.owner)))
