"""`punctual whoami`: who the token speaks for."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from punctual.cli.plain import plain
from punctual.cli.program import command
from punctual.cli.session import Session
from punctual.errors import PunctualError

if TYPE_CHECKING:
    from punctual.models import Me

_BY = {
    "browser": "in the browser",
    "password": "by password",  # nosec B105 - words
    "key": "by an API key",
    "environment": "by the environment",
    "stack": "by `make run`",
}


@command(
    "whoami",
    examples=[("See which service you speak to, and as whom", "punctual whoami")],
)
def main(session: Session) -> None:
    """The service is asked, so this also tells whether the token still counts."""
    me = session.client.me()
    credentials = session.credentials
    token = credentials.token()
    until = _end_of(token) or _end_of_key(session, me, token)
    item = {
        **me.raw,
        "api_url": credentials.api_url,
        "profile": credentials.profile,
        "signed_in_by": credentials.by,
        "signed_in_until": until.isoformat().replace("+00:00", "Z") if isinstance(until, datetime) else None,
    }

    def shown() -> None:
        for name, value in _facts(session, me, _until(credentials.by, until)):
            session.terminal.show(f"{name:<24}{plain(value)}")

    session.terminal.answer(item, ids=[me.owner], shown=shown)


def _facts(session: Session, me: Me, until: str) -> Iterator[tuple[str, str]]:
    credentials = session.credentials
    yield "owner", me.owner
    yield "service", credentials.api_url
    yield "profile", credentials.profile or "none"
    yield "signed in", f"{_BY[credentials.by]}, from {credentials.source}"
    yield "until", until
    yield "may", ", ".join(me.scopes)
    yield "requests", f"{_used(me, 'requests_this_minute', 'requests_per_minute')} this minute"
    yield "upcoming", f"{_used(me, 'upcoming_jobs', 'upcoming_jobs')} jobs"
    for name in ("reads_per_minute", "due_per_minute", "due_per_host_minute"):
        if name in me.limits:
            yield name.replace("_", " "), _number(me.limits[name])


def _used(me: Me, what: str, limit: str) -> str:
    return f"{_number(me.usage.get(what))} of {_number(me.limits.get(limit))}"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "?"


def _until(by: str, until: datetime | str | None) -> str:
    """In words, in this machine's time zone."""
    told = f"{until.astimezone():%Y-%m-%d %H:%M %Z}" if isinstance(until, datetime) else until or "not known"
    if by not in ("browser", "password", "stack"):
        return told
    return f"you sign out; the token of now, until {told}, is renewed by itself" if until else "you sign out"


def _end_of(token: str) -> datetime | None:
    """When a JWT of our own ends, as it says itself (RFC 7519, 4.1.4)."""
    with contextlib.suppress(ValueError, IndexError, KeyError, TypeError, OverflowError):
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    return None


def _end_of_key(session: Session, me: Me, token: str) -> datetime | str | None:
    """When an API key ends, as far as it may ask for that itself."""
    found = re.fullmatch(r"punctual_[a-z]+_([0-9a-f]+)_.*", token)
    if found is None or "keys:read" not in me.scopes:
        return None
    with contextlib.suppress(PunctualError):
        keys = session.client.keys()
        return next((key.expires_at or "it is revoked" for key in keys if key.id == found[1]), None)
    return None
