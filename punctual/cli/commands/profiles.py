"""`punctual profiles`: the services that the user is signed in to, and which of them commands use."""

from __future__ import annotations

import click

from punctual.cli.program import command, group
from punctual.cli.session import Session


@command(
    "list",
    summary="List your profiles; the one that commands use is marked.",
    examples=[("See where you are signed in", "punctual profiles")],
)
def list_(session: Session) -> None:
    """Nothing is asked of any service: `punctual whoami --profile NAME` tells whether a sign-in still counts."""
    profiles, default = session.profiles.all(), session.profiles.default
    session.terminal.listing(
        ("", "PROFILE", "SERVICE", "BY", "SECRETS"),
        [
            (
                {
                    "profile": name,
                    "api_url": each.api_url,
                    "signed_in_by": each.by,
                    "secrets": each.place,
                    "default": name == default,
                },
                name,
                ("*" * (name == default), name, each.api_url, "API key" if each.by == "key" else each.by, each.place),
            )
            for name, each in profiles.items()
        ],
        none="You are signed in nowhere. Begin with `punctual login API_URL`.",
    )


@command(
    "use",
    summary="Choose the profile that commands use.",
    examples=[("Use another service from now on", "punctual profiles use work")],
)
@click.argument("name")
def use(session: Session, *, name: str) -> None:
    """--profile and PUNCTUAL_PROFILE go before it, and so do PUNCTUAL_API_URL and PUNCTUAL_TOKEN."""
    session.profiles.use(name)
    session.terminal.answer(
        {"profile": name, "default": True},
        ids=[name],
        shown=lambda: session.terminal.say(f"Commands use profile {name} now."),
    )


main = group("profiles", list_, use)
