"""Who gives tokens for a service: found by the API's address alone, and spoken to as OAuth 2.0 and Cognito want it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from urllib3.exceptions import HTTPError
from urllib3.util import Retry, Timeout

from punctual.errors import SignInRefused, UnexpectedAnswer, Unreachable
from punctual.transport import THIS_MACHINE, TRANSIENT, pool_to, words_of
from punctual.version import VERSION

Json = Mapping[str, Any]

_LONGEST_ANSWER_BYTES = 4 * 1024 * 1024
_TIMEOUT = Timeout(connect=10, read=30)
_COGNITO = "AWSCognitoIdentityProviderService"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where and as whom a program gets tokens. `cognito_url` is None for issuers that take no passwords of programs,
    `revocation_url` for those that cannot take tokens back."""

    client_id: str
    authorization_url: str
    token_url: str
    revocation_url: str | None
    cognito_url: str | None
    scope: str

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """From what `as_raw` gave. Raises KeyError or TypeError if it is something else."""
        return cls(**{name: raw[name] for name in cls.__slots__})

    def as_raw(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @property
    def password_host(self) -> str:
        """Where passwords go. Raises SignInRefused if this issuer takes none of programs."""
        if self.cognito_url is None:
            raise SignInRefused("This service's issuer takes passwords in the browser only.")
        return urlsplit(self.cognito_url).netloc

    def ask_token(self, **fields: str) -> Json:
        """Ask the token endpoint (RFC 6749, 3.2). Raises SignInRefused, Unreachable or UnexpectedAnswer."""
        return _asked(self.token_url, {"client_id": self.client_id, **fields})

    def ask_cognito(self, action: str, **members: Any) -> Json:
        """Ask Cognito's own API. Raises SignInRefused, Unreachable or UnexpectedAnswer."""
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"{_COGNITO}.{action}"}
        return _send(
            "POST", self.cognito_url or "", json.dumps({"ClientId": self.client_id, **members}).encode(), headers
        )

    def take_back(self, refresh_token: str) -> bool:
        """Revoke a refresh token and what was made of it (RFC 7009). False if this issuer cannot."""
        if self.revocation_url is not None:
            _asked(self.revocation_url, {"client_id": self.client_id, "token": refresh_token})
        elif self.cognito_url is not None:
            self.ask_cognito("RevokeToken", Token=refresh_token)
        else:
            return False
        return True


def issuer_of(api_url: str) -> Issuer:
    """The issuer that a service goes by. Raises SignInRefused if it has none that a command line can use."""
    description = _send("GET", f"{api_url}/openapi.json")
    try:
        scheme = description["components"]["securitySchemes"]["sign_in"]
        where, client_id = str(scheme["openIdConnectUrl"]), str(scheme["x-client-id"])
    except (KeyError, TypeError) as error:
        raise UnexpectedAnswer(f"{api_url} does not say where to sign in. Is this Punctual's address?") from error
    if not client_id:
        raise SignInRefused("This service has no sign-in for command lines; it takes API keys.")
    told = _send("GET", _safe(where))
    try:
        return Issuer(
            client_id=client_id,
            authorization_url=_safe(told["authorization_endpoint"]),
            token_url=_safe(told["token_endpoint"]),
            revocation_url=_safe(told["revocation_endpoint"]) if "revocation_endpoint" in told else None,
            cognito_url=_origin(where) if _is_cognito(str(told["issuer"])) else None,
            # Whoever offers it gives refresh tokens to those only who ask for it (OpenID Connect Core, 11).
            scope=" ".join(["openid", *({"offline_access"} & set(told.get("scopes_supported", ())))]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UnexpectedAnswer(f"{where} is no configuration of an issuer.") from error


def is_safe(url: str) -> bool:
    """Whether nobody on the way can read what is sent there: by https, or to this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_here(url)))


def is_here(url: str) -> bool:
    """Whether an address is on this machine."""
    return urlsplit(url).hostname in THIS_MACHINE


def _safe(url: object) -> str:
    if not isinstance(url, str) or not is_safe(url):
        raise UnexpectedAnswer(f"The service names {url!r} for signing in, where secrets would travel in the open.")
    return url


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _is_cognito(issuer: str) -> bool:
    try:
        host = urlsplit(issuer).hostname or ""
    except ValueError:
        return False
    return host.startswith("cognito-idp.") and host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _asked(url: str, fields: Mapping[str, str]) -> Json:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return _send("POST", url, urlencode(fields).encode(), headers)


def _send(method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Json:
    """One request; the JSON value of a good answer, an empty object for none. What makes tokens is not repeated."""
    parts = urlsplit(url)
    own = {"accept": "application/json", "user-agent": f"punctual-python/{VERSION}"}
    again = 2 if method == "GET" else 0
    policy = Retry(
        connect=2,
        read=again,
        status=again,
        other=0,
        redirect=0,
        allowed_methods=None,
        status_forcelist=TRANSIENT if again else (),
        respect_retry_after_header=False,  # people wait for this
        raise_on_status=False,
        backoff_factor=0.2,
    )
    with pool_to(parts.scheme, parts.hostname or "") as pool:
        try:
            answer = pool.request(
                method,
                url,
                body=body,
                headers={**own, **(headers or {})},
                redirect=False,
                timeout=_TIMEOUT,
                retries=policy,
                preload_content=False,
            )
            content = answer.read(_LONGEST_ANSWER_BYTES + 1, decode_content=True)
        except HTTPError as error:
            raise Unreachable(
                f"{parts.scheme}://{parts.netloc} cannot be reached: {words_of(error)}", sent=False
            ) from error
        return _judged(answer.status, content, f"{parts.scheme}://{parts.netloc}")


def _judged(status: int, content: bytes, place: str) -> Json:
    try:
        told: Any = json.loads(content) if content.strip() else {}
    except (ValueError, RecursionError):
        told = None
    if status == 200 and isinstance(told, dict) and len(content) <= _LONGEST_ANSWER_BYTES:
        return told
    if 400 <= status < 500 and isinstance(told, dict):
        code = str(told.get("error") or told.get("__type") or "").rpartition("#")[2]
        why = told.get("error_description") or told.get("message") or code or f"{place} answered {status}"
        raise SignInRefused(str(why), code=code)
    raise UnexpectedAnswer(f"{place} answered {status}, and not as expected. Is this the right address?")
