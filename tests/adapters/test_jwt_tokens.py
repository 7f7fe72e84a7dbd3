"""T6: which tokens are the issuer's, for us, and still good."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from lambdas.adapters.jwt_tokens import LONGEST_TOKEN, JwtTokens, rs256_key
from lambdas.jobs.errors import IssuerUnavailable, Unauthenticated
from lambdas.jobs.token import SKEW_MS, check_claims
from tests.fakes import NOW_MS
from tests.tokens import CLIENT, ISSUER, FakeIssuerKeys, base64url, encoded, jwk, private_key, token

NOW = NOW_MS // 1000


def judge(text: str, *, now_ms: int = NOW_MS) -> Any:
    claims = JwtTokens(FakeIssuerKeys()).claims(text)
    check_claims(claims, issuer=ISSUER, now_ms=now_ms)
    return claims


def why_not(text: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        judge(text)
    assert (refused.value.status, refused.value.code) == (401, "unauthenticated")
    return refused.value.detail


def test_the_issuers_token_is_believed() -> None:
    """As Cognito makes it: without an audience, with the client instead."""
    assert judge(token())["sub"] == "ada"


@pytest.mark.parametrize("audience", [CLIENT, [CLIENT], ["other", "client-2"], [7, CLIENT]])
def test_an_audience_may_be_one_or_several(audience: Any) -> None:
    """Other issuers name it so; one of ours is enough."""
    assert judge(token(aud=audience, client_id=None, token_use=None))["sub"] == "ada"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://issuer.example.com/other"},
        {"iss": None},
        {"client_id": "somebody-elses"},
        {"client_id": None},
        {"client_id": {"client-1": 1}},
        {"aud": "somebody-elses"},
        {"aud": []},
        {"aud": [[CLIENT]]},
    ],
)
def test_a_token_for_another_service_is_none_for_us(claims: dict[str, Any]) -> None:
    """Wrong issuer or wrong audience; an audience that is wrong is not made good by a client that is right."""
    assert "another service" in why_not(token(**claims))


def test_a_token_that_tells_who_a_user_is_is_no_access_token() -> None:
    """Cognito's ID tokens: they are meant for the user's own program."""
    assert "no access token" in why_not(token(token_use="id"))  # nosec B106 - a kind, no password


@pytest.mark.parametrize("ends", [NOW, NOW - 1, 0, -1, None, "9999999999", True, float("nan"), [], {}])
def test_a_token_that_is_over_or_has_no_end_is_refused(ends: Any) -> None:
    """From its last second on."""
    assert "expired" in why_not(token(exp=ends))


def test_a_token_counts_until_its_last_millisecond() -> None:
    """And not one longer."""
    assert judge(token(exp=NOW + 1), now_ms=NOW_MS + 999)
    with pytest.raises(Unauthenticated):
        judge(token(exp=NOW + 1), now_ms=NOW_MS + 1_000)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_of_the_future_is_refused(claim: str) -> None:
    """Unless the issuer's clock is a little ahead."""
    latest = NOW + SKEW_MS // 1000
    since: list[dict[str, Any]] = [{claim: latest}, {claim: latest + 1}, {claim: "now"}]
    assert judge(token(**since[0]))
    assert "not valid yet" in why_not(token(**since[1]))
    assert "not valid yet" in why_not(token(**since[2]))


@pytest.mark.parametrize("subject", [None, "", 7, "a" * 256, "ädä", "a\nb", "a\x1b[2J", ["ada"]])
def test_a_token_that_does_not_say_whose_it_is_is_refused(subject: Any) -> None:
    """OpenID Connect allows 255 ASCII characters; what would steer a terminal is none of them."""
    assert "whose" in why_not(token(sub=subject))


def test_a_token_of_another_key_is_forged() -> None:
    """Whatever key it claims to be of."""
    assert "not signed" in why_not(token(key=private_key(1)))
    assert "not signed" in why_not(token(key=private_key(1), header={"kid": "key-2"}))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, "RS512", "PS256", "ES256", "rs256", ["RS256"]])
def test_no_other_algorithm_is_taken(algorithm: Any) -> None:
    """Even if the signature is right."""
    assert "RS256" in why_not(token(header={"alg": algorithm}))


def test_no_signature_is_none() -> None:
    """The classic `alg: none`, with and without its last part."""
    unsigned = f"{encoded({'alg': 'none'})}.{token().split('.')[1]}"
    assert why_not(f"{unsigned}.") and why_not(unsigned)
    head, claims, _ = token().split(".")
    assert "not signed" in why_not(f"{head}.{claims}.")


@pytest.mark.parametrize("form", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_the_public_key_is_no_secret_to_sign_with(form: serialization.Encoding) -> None:
    """HS256 with the public key as its secret."""
    public = private_key().public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encoded({'alg': 'HS256', 'kid': 'key-1'})}.{token().split('.')[1]}"
    forged = f"{signed}.{base64url(hmac.digest(public, signed.encode(), 'sha256'))}"
    assert "RS256" in why_not(forged)


def test_what_a_token_says_cannot_be_changed() -> None:
    """Neither its claims nor its header."""
    head, _, signature = token().split(".")
    theirs = token(sub="eve", key=private_key(1)).split(".")[1]
    assert "not signed" in why_not(f"{head}.{theirs}.{signature}")
    other = encoded({"alg": "RS256", "kid": "key-1", "x": 1})
    assert "not signed" in why_not(f"{other}.{token().split('.')[1]}.{signature}")


def test_a_header_that_must_be_understood_is_not() -> None:
    """RFC 7515, 4.1.11."""
    why_not(token(header={"crit": ["exp"]}))


def test_a_key_in_the_token_is_not_believed() -> None:
    """Nor an address where one would be had."""
    embedded = {"jwk": jwk(1), "jku": "https://eve.example/keys", "x5u": "https://eve.example/cert"}
    assert "not signed" in why_not(token(key=private_key(1), header=embedded))


@pytest.mark.parametrize("place", range(0, 342, 19))
def test_each_letter_of_a_signature_counts(place: int) -> None:
    """The last one too, some bits of which mean nothing."""
    head, claims, signature = token().split(".")
    for place_ in (place, -1):
        letters = list(signature)
        letters[place_] = "A" if letters[place_] != "A" else "B"
        why_not(f"{head}.{claims}.{''.join(letters)}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "é.é.é",
        "e30.e30.e30",
        f"{base64url(b'[]')}.e30.",
        f"{base64url(b'[' * 6_000)}.e30.",
        f"{base64url(b'9' * 5_000)}.e30.",
        f"{base64url(bytes([255]))}.e30.",
        "a" * (LONGEST_TOKEN + 1),
        "." * LONGEST_TOKEN,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_no_token_at_all_is_refused(text: str) -> None:
    """Without an error of ours."""
    why_not(text)


def test_padding_and_other_alphabets_are_not_base64url() -> None:
    """One spelling for each token (RFC 7515, 2)."""
    head, claims, signature = token().split(".")
    for other in (f"{signature}==", f"{signature[:-4]}\n{signature[-4:]}", f" {signature}"):
        why_not(f"{head}.{claims}.{other}")


def test_while_the_issuer_is_away_nobody_can_tell() -> None:
    """That is no refusal."""
    keys = FakeIssuerKeys()
    keys.down = True
    with pytest.raises(IssuerUnavailable):
        JwtTokens(keys).claims(token())


class TestKeys:
    """Which of the keys that an issuer publishes count."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"kty": "EC"},
            {"kty": "oct", "k": "c2VjcmV0"},
            {"use": "enc"},
            {"alg": "RS512"},
            {"n": "AQAB"},
            {"n": None},
            {"n": "!"},
            {"e": "AQ"},
            {"e": "BA"},
            {"n": base64url(b"\2" * 1_100)},
        ],
        ids=str,
    )
    def test_a_key_that_is_not_for_this_is_none(self, changes: dict[str, Any]) -> None:
        """Another kind or use, too small, too large, or no RSA key at all."""
        assert rs256_key({**jwk(), **changes}) is None

    def test_a_weak_key_is_none(self) -> None:
        """RFC 7518, 3.3: 2,048 bits at least."""
        assert rs256_key(jwk(2, bits=1_024)) is None
        assert rs256_key({"kty": "RSA"}) is None

    def test_a_large_key_is_fine(self) -> None:
        """Some issuers have such."""
        assert rs256_key(jwk(3, bits=3_072)) is not None


def test_what_the_tests_call_base64url_is_that() -> None:
    """The helper agrees with the standard library."""
    assert base64.urlsafe_b64decode(base64url(b"\xff\xfe\xfd") + "=") == b"\xff\xfe\xfd"
