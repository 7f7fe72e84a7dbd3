"""What leaves this machine for a sign-in in the browser, and what does not (T16)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from punctual.issuer import Issuer
from punctual.sign_in import BrowserSignIn

ISSUER = Issuer("the-client", "https://id.example.com/authorize", "https://id.example.com/token", None, None, "openid")


def asked(sign_in: BrowserSignIn) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(sign_in.url).query).items()}


def test_no_two_sign_ins_share_a_state_or_a_challenge() -> None:
    """Who knows one of mine could otherwise slip in a code of theirs, or use mine."""
    several = [asked(BrowserSignIn(ISSUER)) for _ in range(5)]
    for name in ("state", "code_challenge"):
        assert len({one[name] for one in several}) == 5


def test_the_verifier_is_not_in_the_address() -> None:
    """Whoever reads the address has the hash of it only: of 256 bits at least, as RFC 7636 wants it."""
    sign_in = BrowserSignIn(ISSUER)
    verifier = sign_in._verifier
    query = asked(sign_in)
    assert verifier not in sign_in.url and not any(value in verifier for value in query.values())
    assert (query["code_challenge_method"], len(query["code_challenge"])) == ("S256", 43)
    assert 43 <= len(verifier) <= 128
