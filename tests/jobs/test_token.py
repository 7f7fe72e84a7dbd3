"""T6: which tokens are the issuer's, for us, and still good."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.errors import IssuerUnavailable, Unauthenticated
from lambdas.jobs.token import LONGEST_TOKEN, SKEW_MS, RsaKey, claims_of
from tests.fakes import NOW_MS
from tests.tokens import CLIENT, ISSUER, FakeIssuerKeys, base64url, encoded, jwk, private_key, token

NOW = NOW_MS // 1000


def judge(text: str, *, now_ms: int = NOW_MS) -> Any:
    return claims_of(text, issuer=ISSUER, keys=FakeIssuerKeys(), now_ms=now_ms)


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
        claims_of(token(), issuer=ISSUER, keys=keys, now_ms=NOW_MS)


class TestRsaKey:
    """RSASSA-PKCS1-v1_5 with SHA-256, beside the library that everybody uses."""

    @given(st.binary(max_size=200), st.binary(max_size=3), st.integers(0, 255))
    def test_it_says_what_cryptography_says(self, content: bytes, more: bytes, place: int) -> None:
        """Of right signatures, of others' and of changed ones."""
        public = RsaKey.from_jwk(jwk())
        assert public is not None
        right = private_key().sign(content, padding.PKCS1v15(), hashes.SHA256())
        changed = right[:place] + bytes([right[place] ^ 1]) + right[place + 1 :]
        for signature in (right, changed, more + right, right[1:], right + more):
            for signed in (content, content + more):
                assert public.has_signed(signed, signature) == _says_cryptography(signed, signature)

    @pytest.mark.parametrize(
        "block",
        [
            lambda digest: b"\0\1" + b"\xff" * 8 + b"\0" + digest + b"\0" * (256 - 11 - len(digest)),
            lambda digest: b"\0\2" + b"\xff" * (253 - len(digest)) + b"\0" + digest,
            lambda digest: b"\0\1" + b"\xfe" * (253 - len(digest)) + b"\0" + digest,
            lambda digest: b"\0\1" + b"\xff" * (253 - len(digest) + 2) + b"\0" + digest[2:],
        ],
        ids=["garbage at the end", "block of encryption", "other padding", "no algorithm"],
    )
    def test_a_block_that_is_almost_right_is_wrong(self, block: Callable[[bytes], bytes]) -> None:
        """What checks that parse the block have let pass (CVE-2006-4339 and its many children)."""
        numbers = private_key().private_numbers()
        digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(b"content").digest()
        made = block(digest).ljust(256, b"\0")[:256]
        number = int.from_bytes(made, "big")
        signature = pow(number, numbers.d, numbers.public_numbers.n).to_bytes(256, "big")
        public = RsaKey.from_jwk(jwk())
        assert public is not None
        assert not public.has_signed(b"content", signature)

    def test_a_signature_beyond_the_modulus_is_wrong(self) -> None:
        """Although it would come out right."""
        public = RsaKey.from_jwk(jwk())
        assert public is not None
        contents = (str(number).encode() for number in itertools.count())
        signed = ((each, private_key().sign(each, padding.PKCS1v15(), hashes.SHA256())) for each in contents)
        sums = ((each, signature, int.from_bytes(signature, "big") + public.modulus) for each, signature in signed)
        content, right, beyond = next(found for found in sums if found[2].bit_length() <= 2_048)
        assert public.has_signed(content, right)
        assert not public.has_signed(content, beyond.to_bytes(256, "big"))

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
            {"e": base64url(b"\1" * 9)},
            {"n": base64url(b"\2" * 1_100)},
            {"n": base64url(b"\xfe" * 256)},
        ],
        ids=str,
    )
    def test_a_key_that_is_not_for_this_is_none(self, changes: dict[str, Any]) -> None:
        """Another kind or use, too small, too large, or no RSA key at all."""
        assert RsaKey.from_jwk({**jwk(), **changes}) is None

    def test_a_weak_key_is_none(self) -> None:
        """RFC 7518, 3.3: 2,048 bits at least."""
        assert RsaKey.from_jwk(jwk(2, bits=1_024)) is None
        assert RsaKey.from_jwk({"kty": "RSA"}) is None

    def test_a_large_key_is_fine(self) -> None:
        """Some issuers have such."""
        public = RsaKey.from_jwk(jwk(3, bits=3_072))
        assert public is not None
        assert public.has_signed(b"a", private_key(3, 3_072).sign(b"a", padding.PKCS1v15(), hashes.SHA256()))


def _says_cryptography(content: bytes, signature: bytes) -> bool:
    try:
        private_key().public_key().verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def test_what_the_tests_call_base64url_is_that() -> None:
    """The helper agrees with the standard library."""
    assert base64.urlsafe_b64decode(base64url(b"\xff\xfe\xfd") + "=") == b"\xff\xfe\xfd"
