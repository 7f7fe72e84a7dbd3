"""`punctual logout`: takes a sign-in back, and forgets it."""

from __future__ import annotations

from punctual.cli.credentials import tokens_of
from punctual.cli.errors import NotSignedIn
from punctual.cli.plain import plain
from punctual.cli.profiles import Profile, checked_name
from punctual.cli.program import command
from punctual.cli.session import Session
from punctual.errors import PunctualError


@command(
    "logout",
    examples=[
        ("Sign out of the profile that commands use", "punctual logout"),
        ("Sign out of another", "punctual logout --profile work"),
    ],
)
def main(session: Session) -> None:
    """The issuer takes the sign-in back, so that nothing can renew it. An API key is only forgotten here: it counts
    until it is revoked.
    """
    before = session.profiles.default
    name = session.profile or before
    if name is None:
        raise NotSignedIn("You are not signed in anywhere.")
    profile = session.profiles.get(checked_name(name))
    taken_back = False if profile.by == "key" else _taken_back(session, name, profile)
    session.profiles.vault.forget(name, profile.place)
    default = session.profiles.remove(name)
    session.terminal.answer(
        {"profile": name, "api_url": profile.api_url, "revoked": taken_back, "default": default},
        ids=[name],
        shown=lambda: session.terminal.say(f"Signed out of {plain(profile.api_url)}."),
    )
    if profile.by == "key":
        session.terminal.say("The API key itself still counts. Revoke it if nobody else uses it.")
    if default and default != before:
        session.terminal.say(f"Commands use profile {default} now.")


def _taken_back(session: Session, name: str, profile: Profile) -> bool:
    from punctual.issuer import Issuer

    try:
        tokens = tokens_of(session.profiles.vault.read(name, profile.place))
        return bool(tokens.refresh) and Issuer.of(profile.issuer or {}).take_back(tokens.refresh or "")
    except (PunctualError, NotSignedIn, KeyError, TypeError) as error:
        session.terminal.warn(f"The sign-in could not be taken back, only forgotten: {plain(str(error))}")
        return False
