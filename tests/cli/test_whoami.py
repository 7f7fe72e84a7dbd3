"""`punctual whoami`: all that a user may want to know of the sign-in."""

from __future__ import annotations

import base64
import json

import pytest

from punctual import Client
from tests.cli.programs import Program
from tests.client import gateway as gateways


def facts(cli: Program, token: str = gateways.TOKEN) -> dict[str, str]:
    """What it shows in a terminal, by the first column."""
    with cli.before_terminal("whoami", columns=160, PUNCTUAL_TOKEN=token) as terminal:
        assert terminal.finished() == 0
        return {line[:24].strip(): line[24:].strip() for line in terminal.text.splitlines()}


def test_it_shows_who_where_how_until_when_and_how_much(cli: Program, gateway: gateways.Gateway) -> None:
    assert facts(cli) == {
        "owner": gateways.OWNER,
        "service": gateway.url,
        "profile": "none",
        "signed in": "by the environment, from PUNCTUAL_API_URL and PUNCTUAL_TOKEN",
        "until": "not known",
        "may": "jobs:read, jobs:write, keys:read, keys:write, account:write",
        "requests": "0 of 30,000 this minute",
        "upcoming": "0 of 10,000,000 jobs",
        "reads per minute": "60,000",
        "due per minute": "60,000",
        "due per host minute": "20,000",
    }


def test_a_token_that_names_its_end_is_believed(cli: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the user's own; what counts is what the service says."""
    payload = base64.urlsafe_b64encode(json.dumps({"exp": 4_102_444_800}).encode()).rstrip(b"=").decode()
    monkeypatch.setattr(gateways, "TOKEN", f"e30.{payload}.c2ln")
    assert facts(cli, gateways.TOKEN)["until"] == "2100-01-01 01:00 CET"
    shown = json.loads(cli.run("whoami", "--json", PUNCTUAL_TOKEN=gateways.TOKEN).out)
    assert shown["signed_in_until"] == "2100-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("expires_at", "until"), [("2099-06-01T00:00:00Z", "2099-06-01 02:00 CEST"), (None, "revoked")]
)
def test_a_key_that_may_ask_knows_its_own_end(
    expires_at: str | None, until: str, cli: Program, gateway: gateways.Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(gateway.url, gateways.TOKEN) as client:
        key = client.create_key("ci", ["keys:read"], expires_at=expires_at).key
    assert key is not None
    monkeypatch.setattr(gateways, "TOKEN", key)
    assert until in facts(cli, key)["until"]
