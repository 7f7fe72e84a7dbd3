"""Finding the issuer of a service, and what is not believed of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from punctual import issuer
from punctual.errors import SignInRefused, UnexpectedAnswer, Unreachable
from punctual.issuer import Issuer, is_safe, issuer_of
from tests.client.gateway import Canned, Gateway

Json = dict[str, Any]

CONFIGURATION: Json = {
    "issuer": "https://id.example.com",
    "authorization_endpoint": "https://id.example.com/authorize",
    "token_endpoint": "https://id.example.com/token",
    "revocation_endpoint": "https://id.example.com/revoke",
}


def found(gateway: Gateway, changes: Json | None = None, *, client_id: str = "the-client") -> Issuer:
    """What is found when the service's description and the issuer's configuration are these, both from the gateway;
    what is None is not in it."""
    scheme = {"type": "openIdConnect", "openIdConnectUrl": f"{gateway.url}/configuration", "x-client-id": client_id}
    description = {"components": {"securitySchemes": {"sign_in": scheme}}}
    configuration = {name: value for name, value in {**CONFIGURATION, **(changes or {})}.items() if value is not None}
    for document in (description, configuration):
        gateway.troubles.append(Canned(200, json.dumps(document).encode()))
    return issuer_of(gateway.url)


def test_it_is_found_by_the_address_of_the_api_alone(gateway: Gateway) -> None:
    issuer = found(gateway)
    assert issuer == Issuer(
        client_id="the-client",
        authorization_url="https://id.example.com/authorize",
        token_url="https://id.example.com/token",
        revocation_url="https://id.example.com/revoke",
        cognito_url=None,
        scope="openid",
    )
    assert Issuer.of(json.loads(json.dumps(issuer.as_raw()))) == issuer


def test_passwords_go_to_cognito_alone(gateway: Gateway) -> None:
    """T16: where the configuration came from, and only if that says that it is Cognito."""
    ours = found(gateway, {"issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_a"})
    assert ours.cognito_url == f"{gateway.url}/"
    for other in (
        "https://cognito-idp.example.com/a",
        "https://cognito-idp.evil.com/.amazonaws.com",
        "",
        "//",
        "https://[",
    ):
        assert found(gateway, {"issuer": other}).cognito_url is None


@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint", "revocation_endpoint"])
@pytest.mark.parametrize(
    "url", ["http://id.example.com/", "ftp://localhost/", "javascript:alert(1)", "", "https://[", 7]
)
def test_no_secret_goes_in_the_open(member: str, url: object, gateway: Gateway) -> None:
    """T16: nor does a browser open what is no page of the web."""
    with pytest.raises(UnexpectedAnswer, match="in the open"):
        found(gateway, {member: url})


@pytest.mark.parametrize("missing", ["authorization_endpoint", "token_endpoint", "issuer"])
def test_what_is_no_configuration_is_told(missing: str, gateway: Gateway) -> None:
    with pytest.raises(UnexpectedAnswer, match="no configuration of an issuer"):
        found(gateway, {missing: None})


def test_a_service_without_a_client_for_command_lines_takes_keys(gateway: Gateway) -> None:
    with pytest.raises(SignInRefused, match="takes API keys"):
        found(gateway, client_id="")


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"{}", b'{"components": []}', b"\xff", b"", b"[" * 200_000])
def test_another_service_is_told_to_be_none_of_ours(content: bytes, gateway: Gateway) -> None:
    gateway.troubles.append(Canned(200, content))
    with pytest.raises(UnexpectedAnswer, match="address"):
        issuer_of(gateway.url)


@pytest.mark.parametrize("value", ["3600", "soon"])
def test_nobody_who_signs_in_waits_as_long_as_an_answer_likes(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """What passes is asked for again in a moment; what does not is told."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    gateway.troubles.append(Canned(503, b'{"message":"Service Unavailable"}', {"retry-after": value}))
    assert found(gateway).client_id == "the-client"
    gateway.troubles += [Canned(503, b"{}", {"retry-after": value})] * 9
    with pytest.raises(UnexpectedAnswer, match="503"):
        issuer_of(gateway.url)
    assert sum(pauses) < 5


def test_a_redirect_is_not_followed(gateway: Gateway) -> None:
    """T16."""
    gateway.troubles.append(Canned(302, b"", {"location": "https://evil.example.com/"}))
    with pytest.raises(UnexpectedAnswer, match="302"):
        issuer_of(gateway.url)


def test_of_a_flood_no_more_is_read_than_issuers_say(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is no answer of an issuer."""
    monkeypatch.setattr(issuer, "_LONGEST_ANSWER_BYTES", 100)
    gateway.troubles.append(Canned(200, b'{"components": {}' + b" " * 100 + b"}"))
    with pytest.raises(UnexpectedAnswer, match="not as expected"):
        issuer_of(gateway.url)


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        issuer_of("http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://jobs.example.com", True),
        ("http://localhost:4566/x", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:1", True),
        ("http://jobs.example.com", False),
        ("http://localhost.example.com", False),
        ("http://localhost@example.com", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://[", False),
    ],
)
def test_secrets_travel_by_https_or_stay_here(url: str, safe: bool) -> None:
    """T16."""
    assert is_safe(url) is safe
