"""Signing in at a service's issuer, as RFC 8252 wants it of programs: in the user's browser, with PKCE.

    issuer = issuer_of(api_url)
    sign_in = BrowserSignIn(issuer)
    # the user opens sign_in.url; the browser ends at CALLBACK
    tokens = sign_in.tokens(sign_in.code_in(address_that_the_browser_came_to), now=time.time())

`tokens_by_password` is Cognito's other way. Everything raises SignInRefused, Unreachable or UnexpectedAnswer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from punctual.errors import SignInRefused, UnexpectedAnswer
from punctual.issuer import Issuer

CALLBACK_PORT = 8976
CALLBACK = f"http://localhost:{CALLBACK_PORT}/callback"
"""Where the browser brings the code. Issuers compare it letter by letter with what the operator has registered."""

_EXPIRES_IN_SECONDS = 3600
"""Of a token whose issuer does not say how long it holds."""

_ANSWERS = {
    "NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",  # nosec B105 - names
    "SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",  # nosec B105
    "SMS_MFA": "SMS_MFA_CODE",
    "EMAIL_OTP": "EMAIL_OTP_CODE",
}
"""What Cognito may ask for after the password, and the name under which it takes the answer."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an issuer gave. `expires_at` is seconds since 1970 by this machine's clock; `refresh` None: it gave none."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_at: float


class NotThisSignIn(SignInRefused):
    """An address that does not come from this sign-in, but from another or from nobody knows where."""


class BrowserSignIn:
    """One try to sign in: good for one code."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._verifier = secrets.token_urlsafe(64)
        self._state = secrets.token_urlsafe(32)

    @property
    def url(self) -> str:
        """The page on which the user signs in."""
        digest = hashlib.sha256(self._verifier.encode()).digest()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._issuer.client_id,
                "redirect_uri": CALLBACK,
                "scope": self._issuer.scope,
                "state": self._state,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
        )
        separator = "&" if urlsplit(self._issuer.authorization_url).query else "?"
        return f"{self._issuer.authorization_url}{separator}{query}"

    def code_in(self, address: str) -> str:
        """The code in the address that the browser came to; its query suffices.

        Raises NotThisSignIn if it is of another, and SignInRefused with the issuer's reason if there is no code in it.
        """
        query = {name: values[0] for name, values in parse_qs(address.partition("?")[2].partition("#")[0]).items()}
        if not hmac.compare_digest(query.get("state", "").encode(), self._state.encode()):
            raise NotThisSignIn("This address is not of this sign-in.")
        if "error" in query:
            raise SignInRefused(query.get("error_description") or query["error"], code=query["error"])
        if "code" not in query:
            raise NotThisSignIn("There is no code in this address.")
        return query["code"]

    def tokens(self, code: str, *, now: float) -> Tokens:
        """What the issuer gives for the code."""
        told = self._issuer.ask_token(
            grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=self._verifier
        )
        return _tokens(told, now=now)


def tokens_by_password(
    issuer: Issuer, user: str, password: str, *, ask: Callable[[str], str], now: Callable[[], float]
) -> Tokens:
    """Sign in by Cognito's USER_PASSWORD_AUTH.

    `ask` is asked for what Cognito wants besides: its name is `NEW_PASSWORD_REQUIRED`, `SOFTWARE_TOKEN_MFA`, `SMS_MFA`
    or `EMAIL_OTP`.
    """
    parameters = {"USERNAME": user, "PASSWORD": password}
    told = issuer.ask_cognito("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    while challenge := told.get("ChallengeName"):
        if challenge not in _ANSWERS:
            raise SignInRefused(f"The issuer asks for {challenge}, which only the browser can answer.", code=challenge)
        name = (told.get("ChallengeParameters") or {}).get("USER_ID_FOR_SRP", user)
        told = issuer.ask_cognito(
            "RespondToAuthChallenge",
            ChallengeName=challenge,
            Session=told.get("Session"),
            ChallengeResponses={"USERNAME": name, _ANSWERS[challenge]: ask(challenge)},
        )
    return _tokens_of_cognito(told, now=now())


def renewed(issuer: Issuer, tokens: Tokens, *, by_password: bool, now: float) -> Tokens:
    """Fresh tokens for the refresh token, which may be replaced itself."""
    if tokens.refresh is None:
        raise SignInRefused("The issuer gave no refresh token.", code="invalid_grant")
    if by_password:
        told = issuer.ask_cognito(
            "InitiateAuth", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": tokens.refresh}
        )
        return _tokens_of_cognito(told, now=now, refresh=tokens.refresh)
    told = issuer.ask_token(grant_type="refresh_token", refresh_token=tokens.refresh)
    return _tokens(told, now=now, refresh=tokens.refresh)


def _tokens_of_cognito(told: Mapping[str, Any], *, now: float, refresh: str | None = None) -> Tokens:
    result = told.get("AuthenticationResult") or {}
    names = {"AccessToken": "access_token", "RefreshToken": "refresh_token", "ExpiresIn": "expires_in"}
    return _tokens({new: result[old] for old, new in names.items() if old in result}, now=now, refresh=refresh)


def _tokens(told: Mapping[str, Any], *, now: float, refresh: str | None = None) -> Tokens:
    try:
        seconds = float(told.get("expires_in", _EXPIRES_IN_SECONDS))
        return Tokens(str(told["access_token"]), told.get("refresh_token") or refresh, now + seconds)
    except (KeyError, TypeError, ValueError) as error:
        raise UnexpectedAnswer("The issuer's answer holds no access token.") from error
