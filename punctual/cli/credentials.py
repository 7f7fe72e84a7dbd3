"""Which service is asked, and as whom. What is named counts before what is set, what is set before what is found:

1. the profile that `--profile` or PUNCTUAL_PROFILE names (`local`: the stack that `make run` runs beside)
2. PUNCTUAL_API_URL and PUNCTUAL_TOKEN
3. the user's default profile
4. the stack beside: `.local/stack.json` in this folder or one above, or where PUNCTUAL_STATE says
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from punctual.cli.errors import CommandFailed, NotSignedIn
from punctual.cli.plain import plain
from punctual.cli.profiles import LOCAL, Profile, Profiles

if TYPE_CHECKING:
    from punctual.sign_in import Tokens

STACK_FILE = Path(".local") / "stack.json"
"""Written by `make run` while the service is up, and anew when its token is."""

RENEWED_BEFORE_SECONDS = 120

URL_VARIABLE, TOKEN_VARIABLE = "PUNCTUAL_API_URL", "PUNCTUAL_TOKEN"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A service and who asks it.

    `token` gives one that is good now. `by` is "browser", "password", "key", "environment" or "stack"; `source` says
    for people where all this comes from. `if_refused` and `if_unreachable` are what they can do then.
    """

    api_url: str
    token: Callable[[], str]
    source: str
    by: str
    profile: str | None
    if_refused: str
    if_unreachable: str = ""


def find(
    profiles: Profiles,
    *,
    profile: str | None = None,
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Credentials:
    """What to use; `profile` is the one that was named. Raises NotSignedIn if there is nothing."""
    if profile:
        return _local(environment, folder) if profile == LOCAL else _of_profile(profile, profiles)
    if found := _of_environment(environment):
        return found
    if default := profiles.default:
        return _of_profile(default, profiles)
    file = stack_file(environment, folder)
    if file is None:
        raise NotSignedIn(
            "You are not signed in.",
            hint="Use `punctual login API_URL`, or go where `make run` runs; or set PUNCTUAL_API_URL, PUNCTUAL_TOKEN.",
        )
    return _of_stack(file)


def stack_file(environment: Mapping[str, str], folder: Path | None = None) -> Path | None:
    """The file of the stack that runs beside, None if there is none."""
    if state := environment.get("PUNCTUAL_STATE"):
        places = [(folder or Path.cwd()) / state / STACK_FILE.name]
    else:
        start = folder or Path.cwd()
        places = [place / STACK_FILE for place in (start, *start.parents)]
    return next((file for file in places if file.is_file()), None)


def _of_environment(environment: Mapping[str, str]) -> Credentials | None:
    url, token = (environment.get(name, "").strip() for name in (URL_VARIABLE, TOKEN_VARIABLE))
    if not url and not token:
        return None
    if not url or not token:
        there, missing = (URL_VARIABLE, TOKEN_VARIABLE) if url else (TOKEN_VARIABLE, URL_VARIABLE)
        raise NotSignedIn(f"{there} is set and {missing} is not.", hint=f"Set {missing} too, or unset {there}.")
    _check_token(token, TOKEN_VARIABLE)
    _check_way(url)
    return Credentials(
        url.rstrip("/"),
        lambda: token,
        source=f"{URL_VARIABLE} and {TOKEN_VARIABLE}",
        by="environment",
        profile=None,
        if_refused=f"{TOKEN_VARIABLE} holds no token that {URL_VARIABLE} takes, or none any more.",
    )


def _local(environment: Mapping[str, str], folder: Path | None) -> Credentials:
    file = stack_file(environment, folder)
    if file is None:
        raise NotSignedIn(
            f"No service runs beside: there is no {STACK_FILE} here or in a folder above.",
            hint="Start it with `make run`, or go to its folder.",
        )
    return _of_stack(file)


def _of_stack(file: Path) -> Credentials:
    from punctual.issuer import is_here

    url = str(_read_stack(file)["api_url"])
    if not is_here(url):
        raise NotSignedIn(f"{file} names {url!r}, which is not on this machine. It is not used.")
    return Credentials(
        url,
        lambda: str(_read_stack(file)["token"]),  # another one every half hour
        source=str(file),
        by="stack",
        profile=LOCAL,
        if_refused=f"{file} holds no token that counts. Is it of a `make run` that has ended? Start that again.",
        if_unreachable=f"{file} says that it runs. Start it again with `make run`, or delete that file if it is gone.",
    )


def _read_stack(file: Path) -> Mapping[str, Any]:
    try:
        stack: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
        str(stack["api_url"])
        _check_token(str(stack["token"]), str(file))
        return stack
    except FileNotFoundError as error:
        raise NotSignedIn("`make run` has ended.", hint=f"{file} is gone. Start it again.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotSignedIn(f"{file} cannot be read: {error}", hint="Delete it, or start `make run` again.") from error


def _check_token(token: str, where: str) -> None:
    """Raise NotSignedIn, without showing it, for what can stand in no header."""
    if not re.fullmatch(r"[!-~]+", token):
        raise NotSignedIn(f"{where} holds no token: it must be printable ASCII without blanks.")


def _check_way(url: str) -> None:
    """Raise NotSignedIn for an address on the way to which a token could be read."""
    from punctual.issuer import is_safe

    if url.lower().startswith("http:") and not is_safe(url):
        raise NotSignedIn(
            f"{URL_VARIABLE} is {url!r}, where the token would travel in the open.",
            hint="Use https; http is for a service on this machine.",
        )


def _of_profile(name: str, profiles: Profiles) -> Credentials:
    profile = profiles.get(name)
    again = f"punctual login --profile {name}"
    return Credentials(
        profile.api_url,
        _token_of(name, profile, profiles),
        source=f"profile {name}",
        by=profile.by,
        profile=name,
        if_refused=f"Sign in again with `{again}{' --key-stdin' if profile.by == 'key' else ''}`.",
    )


def _token_of(name: str, profile: Profile, profiles: Profiles) -> Callable[[], str]:
    if profile.by != "key":
        return SignedIn(name, profile, profiles).token
    key = str(profiles.vault.read(name, profile.place).get("key", ""))
    return lambda: key


class SignedIn:
    """The tokens of a profile, which renew themselves, by one process at a time."""

    def __init__(
        self, name: str, profile: Profile, profiles: Profiles, *, now: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._profile = profile
        self._profiles = profiles
        self._now = now
        self._tokens: Tokens | None = None

    def token(self) -> str:
        """An access token that holds for two minutes at least. Raises NotSignedIn, Unreachable or UnexpectedAnswer."""
        if self._tokens is None:
            self._tokens = self._kept()
        if not self._is_good(self._tokens):
            with self._profiles.renewing(self._name):  # another process may have renewed them meanwhile
                self._profile = self._profiles.get(self._name)
                self._tokens = self._kept()
                if not self._is_good(self._tokens):
                    self._tokens = self._renewed(self._tokens)
        return self._tokens.access

    @property
    def tokens(self) -> Tokens:
        """What is kept."""
        return self._tokens or self._kept()

    def _is_good(self, tokens: Tokens) -> bool:
        early = RENEWED_BEFORE_SECONDS if tokens.refresh else 0
        return self._now() < tokens.expires_at - early

    def _kept(self) -> Tokens:
        return tokens_of(self._profiles.vault.read(self._name, self._profile.place))

    def _renewed(self, tokens: Tokens) -> Tokens:
        from punctual.errors import SignInRefused
        from punctual.issuer import Issuer
        from punctual.sign_in import renewed

        try:
            issuer = Issuer.of(self._profile.issuer or {})
            fresh = renewed(issuer, tokens, by_password=self._profile.by == "password", now=self._now())
        except SignInRefused as refused:
            raise NotSignedIn(
                f"Your sign-in has ended: {plain(str(refused))}",
                hint=f"Sign in again with `punctual login --profile {self._name}`.",
            ) from refused
        except (KeyError, TypeError) as error:
            raise CommandFailed(f"Profile {self._name} is damaged.", hint="Sign in again.") from error
        place = self._profiles.vault.keep(self._name, raw_of(fresh), place=self._profile.place)
        if place != self._profile.place:  # the keyring is locked or gone
            self._profile = replace(self._profile, place=place)
            self._profiles.put(self._name, self._profile)
        return fresh


def raw_of(tokens: Tokens) -> dict[str, Any]:
    """As they are kept."""
    return {"access_token": tokens.access, "refresh_token": tokens.refresh, "expires_at": tokens.expires_at}


def tokens_of(raw: Mapping[str, Any]) -> Tokens:
    """From what `raw_of` gave. Raises NotSignedIn."""
    from punctual.sign_in import Tokens

    try:
        return Tokens(str(raw["access_token"]), raw["refresh_token"], float(raw["expires_at"]))
    except (KeyError, TypeError, ValueError) as error:
        raise NotSignedIn("The secrets of this profile are damaged.", hint="Sign in again.") from error
