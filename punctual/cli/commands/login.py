"""`punctual login`: signs in to a service, and keeps what later commands need."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from punctual.cli.credentials import TOKEN_VARIABLE, URL_VARIABLE, raw_of
from punctual.cli.errors import Misused, NotAccepted
from punctual.cli.plain import plain
from punctual.cli.profiles import FIRST, Profile, checked_name
from punctual.cli.program import command
from punctual.cli.session import Session
from punctual.errors import Unauthenticated

if TYPE_CHECKING:
    from punctual.models import Me

NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"  # nosec B105 - what Cognito calls the question
_QUESTIONS = {
    "SOFTWARE_TOKEN_MFA": "Code of your authenticator app",  # nosec B105 - a question
    "SMS_MFA": "Code that was sent to your phone",
    "EMAIL_OTP": "Code that was sent to you by mail",
}


@command(
    "login",
    examples=[
        ("Sign in in the browser", "punctual login https://abc123.execute-api.eu-central-1.amazonaws.com"),
        ("The same on a machine without one: open the address elsewhere", "punctual login --no-browser"),
        ("A second service, by a name of yours", "punctual login --profile work https://jobs.example.com"),
        ("With an API key", "punctual login --key-stdin https://jobs.example.com < key.txt"),
    ],
)
@click.argument("api_url", required=False)
@click.option("--no-browser", is_flag=True, help="Show the address of the sign-in page, and open nothing.")
@click.option("--password", "by_password", is_flag=True, help="Ask for the password here, or read it from stdin.")
@click.option("--user", metavar="EMAIL", help="Who signs in with --password.")
@click.option("--key-stdin", is_flag=True, help="Read an API key from stdin, or ask for it.")
def main(
    session: Session, *, api_url: str | None, no_browser: bool, by_password: bool, user: str | None, key_stdin: bool
) -> None:
    """The address is the stack's output `ApiUrl`; ask your operator. Once signed in, it may be left out.

    The sign-in page opens in the browser, which comes back to this machine at port 8976. With --password and
    --key-stdin, secrets are read from the terminal without showing them, or else from stdin: the password is its
    first line, what is asked for after it (a new password, a code) the next ones.

    The first profile is called `default`. Secrets go to the system's keyring (`pip install 'punctual[keyring]'`), or to
    a file that only you may read.
    """
    if no_browser + by_password + key_stdin > 1:
        raise Misused("--no-browser, --password and --key-stdin are three ways to sign in: choose one.")
    if user and not by_password:
        raise Misused("--user goes with --password.")
    name, url = _place(session, api_url)
    by: str
    secrets: Mapping[str, object]
    issuer: Mapping[str, object] | None
    if key_stdin:
        by, secrets, issuer = "key", {"key": _key(session)}, None
    else:
        by, secrets, issuer = _issued(session, url, no_browser=no_browser, by_password=by_password, user=user)
    me = _checked(url, str(secrets.get("key") or secrets.get("access_token")))
    place = session.profiles.vault.keep(name, secrets)
    session.profiles.put(name, Profile(url, by, place, issuer))
    _tell(session, name, url, me)


def _place(session: Session, api_url: str | None) -> tuple[str, str]:
    """The name of the profile, and the address of its service."""
    profiles = session.profiles.all()
    name = checked_name(session.profile or session.profiles.default or FIRST)
    known = profiles.get(name)
    if api_url is None:
        api_url = known.api_url if known else os.environ.get(URL_VARIABLE)
        if not api_url and session.terminal.interactive:
            api_url = click.prompt("Address of the service", err=True)
        if not api_url:
            raise Misused("Which service? Give its address: punctual login https://…")
    url = _url(api_url)
    if known and known.api_url != url and not session.profile:
        raise NotAccepted(
            f"Profile {name} is signed in to {known.api_url}.",
            hint="Name another with --profile, or sign out there first with `punctual logout`.",
        )
    return name, url


def _url(given: str) -> str:
    from punctual.issuer import is_safe

    url = (given if "://" in given else f"https://{given}").strip().rstrip("/")
    if not is_safe(url):
        raise Misused(f"{plain(given)} is no address of a service: it begins with https://")
    return url


def _key(session: Session) -> str:
    if session.terminal.interactive:
        key = click.prompt("API key", hide_input=True, err=True)
    else:
        key = (sys.stdin.read() if sys.stdin else "").strip()
    if not key.startswith("punctual_"):
        raise NotAccepted(
            "This is no API key: keys begin with punctual_.", hint="Make one with `punctual keys create`."
        )
    return str(key)


def _issued(
    session: Session, url: str, *, no_browser: bool, by_password: bool, user: str | None
) -> tuple[str, Mapping[str, object], Mapping[str, object]]:
    """How it was done, the tokens as they are kept, and the issuer."""
    from punctual.issuer import issuer_of
    from punctual.sign_in import tokens_by_password

    issuer = issuer_of(url)
    if not by_password:
        from punctual.cli.browsing import tokens_by_browser

        return "browser", raw_of(tokens_by_browser(session, issuer, opens=not no_browser)), issuer.as_raw()
    asked = _Asked(session, plain(issuer.password_host))
    user = user or asked("USER")
    tokens = tokens_by_password(issuer, user, asked("PASSWORD"), ask=asked, now=time.time)
    return "password", raw_of(tokens), issuer.as_raw()


class _Asked:
    """What the user is asked for: in the terminal, or line by line from stdin."""

    def __init__(self, session: Session, host: str) -> None:
        self._interactive = session.terminal.interactive
        self._host = host
        self._questions = {"USER": "E-mail address", "PASSWORD": f"Password at {host}", **_QUESTIONS}

    def __call__(self, name: str) -> str:
        if not self._interactive:
            return self._line(name)
        if name == NEW_PASSWORD:
            click.echo(f"{self._host} wants a new password of you.", err=True)
            return str(click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))
        return str(click.prompt(self._questions[name], hide_input=name == "PASSWORD", err=True))

    def _line(self, name: str) -> str:
        if name == "USER":
            raise Misused("Who signs in? Say it with --user: stdin is no terminal.")
        line = (sys.stdin.readline() if sys.stdin else "").rstrip("\r\n")
        if not line:
            asked_for = {"PASSWORD": "the password", NEW_PASSWORD: "a new password"}  # nosec B105 - words
            wanted = asked_for.get(name, "a code")
            raise NotAccepted(f"{self._host} asks for {wanted}, and there is no such line on stdin.")
        return line


def _checked(url: str, token: str) -> Me:
    """Who it is, by the service. Raises what the client raises."""
    from punctual.client import Client

    try:
        with Client(url, token) as client:
            return client.me()
    except ValueError as error:
        raise NotAccepted(str(error)) from error
    except Unauthenticated as error:
        error.add_note("The service does not take what was given; nothing was kept.")
        raise


def _tell(session: Session, name: str, url: str, me: Me) -> None:
    default = session.profiles.default
    item = {"profile": name, "api_url": url, "owner": me.owner, "default": name == default}
    session.terminal.answer(
        item, ids=[name], shown=lambda: session.terminal.say(f"Signed in to {url} as {plain(me.owner)}.")
    )
    if os.environ.get(URL_VARIABLE) or os.environ.get(TOKEN_VARIABLE):
        session.terminal.say(f"{URL_VARIABLE} and {TOKEN_VARIABLE} go before it while they are set.")
    if name != default:
        session.terminal.say(f"Commands use it with --profile {name}; always, after: punctual profiles use {name}")
