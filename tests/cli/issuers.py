"""An issuer of tokens in this process: OAuth 2.0 with PKCE as its standards say it, and the little of Cognito that
passwords need. It takes every refresh token once."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

CLIENT = "the-client"
CALLBACK = "http://localhost:8976/callback"
USER, PASSWORD = "ann@example.com", "correct horse 1A"

Json = dict[str, Any]


class No(Exception):
    """A refusal, as OAuth or Cognito words it."""

    def __init__(self, code: str, why: str) -> None:
        self.code, self.why = code, why


@dataclass
class Issuer:
    """The running issuer, and what a test wants of it."""

    url: str
    access_token: str
    is_cognito: bool = True
    expires_in: int = 3600
    refuses_to_show_the_page: str = ""
    """The `error` that the browser is sent back with."""
    challenge: str = ""
    """What is asked for after a right password."""
    down: bool = False
    codes: dict[str, str] = field(default_factory=dict)
    """Code → the challenge that it was made for."""
    refresh_tokens: set[str] = field(default_factory=set)
    """Those that still count."""
    asked: list[str] = field(default_factory=list)
    """What was asked of it so far: paths, grants, actions of Cognito."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def configuration_url(self) -> str:
        return f"{self.url}/.well-known/openid-configuration"

    def configuration(self) -> Json:
        name = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_a" if self.is_cognito else self.url
        return {
            "issuer": name,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "revocation_endpoint": f"{self.url}/revoke",
            "scopes_supported": ["openid", "email", "offline_access"],
        }

    def authorize(self, query: Mapping[str, str]) -> str:
        """Where the browser goes next. Whoever asks is signed in already."""
        wanted = {"response_type": "code", "client_id": CLIENT, "redirect_uri": CALLBACK}
        assert {name: query.get(name) for name in wanted} == wanted, query
        assert query["code_challenge_method"] == "S256" and len(query["code_challenge"]) == 43
        assert query["scope"] == "openid offline_access" and len(query["state"]) >= 32
        if self.refuses_to_show_the_page:
            answer = {"error": self.refuses_to_show_the_page, "error_description": "Ann said \x1b[31mno."}
        else:
            code = secrets.token_urlsafe(8)
            self.codes[code] = query["code_challenge"]
            answer = {"code": code}
        return f"{CALLBACK}?{urlencode({**answer, 'state': query['state']})}"

    def token(self, form: Mapping[str, str]) -> Json:
        self.asked.append(form["grant_type"])
        assert form["client_id"] == CLIENT
        if form["grant_type"] == "refresh_token":
            return self._made(form["refresh_token"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self.codes.pop(form["code"], None) != challenge or form["redirect_uri"] != CALLBACK:
            raise No("invalid_grant", "The code is not good.")
        return self._made()

    def cognito(self, action: str, members: Mapping[str, Any]) -> Json:
        self.asked.append(members.get("AuthFlow", action))
        assert members["ClientId"] == CLIENT
        parameters = members.get("AuthParameters", {})
        if parameters.get("REFRESH_TOKEN"):
            return self._as_cognito(self._made(parameters["REFRESH_TOKEN"]))
        if action == "InitiateAuth":
            if parameters != {"USERNAME": USER, "PASSWORD": PASSWORD}:
                raise No("NotAuthorizedException", "Incorrect username or password.")
            if self.challenge:
                return {"ChallengeName": self.challenge, "Session": "s-1", "ChallengeParameters": {}}
        elif action == "RespondToAuthChallenge":
            assert members["ChallengeName"] == self.challenge and members["Session"] == "s-1"
            given = {**members["ChallengeResponses"]}
            assert given.pop("USERNAME") == USER
            right = {"NEW_PASSWORD": "another horse 2B"}, {"SOFTWARE_TOKEN_MFA_CODE": "123456"}
            if given not in right:
                raise No("com.amazonaws#CodeMismatchException", "Invalid code or auth state for the user.")
        return self._as_cognito(self._made())

    def _made(self, refresh_token: str | None = None) -> Json:
        with self.lock:
            if refresh_token is not None:
                if refresh_token not in self.refresh_tokens:
                    raise No("invalid_grant", "This refresh token was used, or taken back.")
                self.refresh_tokens.remove(refresh_token)
            new = f"refresh-{secrets.token_urlsafe(8)}"
            self.refresh_tokens.add(new)
        return {"access_token": self.access_token, "refresh_token": new, "expires_in": self.expires_in}

    def _as_cognito(self, made: Json) -> Json:
        names = {"access_token": "AccessToken", "refresh_token": "RefreshToken", "expires_in": "ExpiresIn"}
        return {"AuthenticationResult": {names[name]: value for name, value in made.items()}}


class _Handler(BaseHTTPRequestHandler):
    """HTTP for the issuer that a class made of this one has."""

    issuer: Issuer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.issuer.asked.append(parts.path)
        if parts.path == "/authorize":
            query = dict(parse_qsl(parts.query))
            try:
                self._answer(302, location=self.issuer.authorize(query))
            except AssertionError as wrong:  # as an issuer would say it, so that nobody waits for a code
                told = {"error": "invalid_request", "error_description": str(wrong), "state": query.get("state", "")}
                self._answer(302, location=f"{CALLBACK}?{urlencode(told)}")
        else:
            self._answer(200, self.issuer.configuration())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.issuer.down:
            self._answer(503)
            return
        try:
            self._answer(200, self._made(body))
        except No as no:
            of_cognito, of_oauth = (
                {"__type": no.code, "message": no.why},
                {"error": no.code, "error_description": no.why},
            )
            self._answer(400, of_cognito if self.path == "/" else of_oauth)

    def _made(self, body: str) -> Json:
        if self.path == "/":
            action = self.headers["x-amz-target"].removeprefix("AWSCognitoIdentityProviderService.")
            return self.issuer.cognito(action, json.loads(body))
        form = dict(parse_qsl(body))
        if self.path == "/token":
            return self.issuer.token(form)
        self.issuer.asked.append(self.path)
        self.issuer.refresh_tokens.discard(form["token"])
        return {}

    def _answer(self, status: int, document: Json | None = None, **headers: str) -> None:
        content = json.dumps(document).encode() if document else b""
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests look at `asked`."""


@contextlib.contextmanager
def serving(access_token: str) -> Iterator[Issuer]:
    """An issuer on a free port of this machine, until the end of the block."""

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.issuer = Issuer(f"http://127.0.0.1:{server.server_port}", access_token)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Handler.issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
