"""HTTP for the client: one pool of connections, patience with what passes, problems as exceptions."""

from __future__ import annotations

import json
import re
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    LocationValueError,
    MaxRetryError,
    NameResolutionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Retry, Timeout

from punctual.errors import Fault, Problem, UnexpectedAnswer, Unreachable, problem_class

TRANSIENT = frozenset({429, 500, 502, 503, 504})
"""Answers that may be others a moment later."""

LONGEST_ANSWER_BYTES = 32 * 1024 * 1024

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts to which nobody else is on the way."""


Token = str | Callable[[], str] | None
"""A token, or what is asked for one before each request: some hold for less long than a program runs."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer. Header names are looked up without regard to case; `body` is its JSON value, None if empty."""

    status: int
    headers: Mapping[str, str]
    body: Any


class _Patience(Retry):
    """urllib3's retries, which give up at once when the service asks for more patience than there is.

    A `Retry-After` that is none counts as no such header. Where there is one, it says when to come again, and not that
    what must not happen twice may be sent twice: that is for `status_forcelist` alone.
    """

    RETRY_AFTER_STATUS_CODES = frozenset()

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        try:
            return super().get_retry_after(response)
        except (HTTPError, ValueError, OverflowError):  # words, fractions, the year 99999
            return None

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: urllib3.connectionpool.ConnectionPool | None = None,
        _stacktrace: Any = None,
    ) -> Self:
        if response is not None and (_asked_for(response) or 0) > self.retry_after_max:
            raise MaxRetryError(_pool, url or "", error)  # type: ignore[arg-type]  # only the answer is looked at
        return super().increment(method, url, response, error, _pool, _stacktrace)


class Transport:
    """Requests to one service with one token.

    `timeout` is for connecting and for each wait for data, in seconds. `retries` is how often a request is sent again
    after a failure that passes; `patience` the longest `Retry-After`, in seconds, that is waited for.
    """

    def __init__(
        self, api_url: str, token: Token, *, user_agent: str, timeout: float, retries: int, patience: float
    ) -> None:
        parts = urlsplit(api_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"api_url must be an http or https address, not {api_url!r}")
        self._base = api_url.rstrip("/")
        self._headers = {"accept": "application/json", "user-agent": user_agent}
        self._token: Callable[[], str] | None = token if callable(token) else None
        if isinstance(token, str) and token:
            self._headers["authorization"] = f"Bearer {_as_header(token)}"
        self._pool = pool_to(parts.scheme, parts.hostname)
        self._timeout = Timeout(connect=min(timeout, 10), read=timeout)
        self._retries = retries
        self._patience = patience

    def close(self) -> None:
        self._pool.clear()

    def send(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Reply:
        """Send one request and return the answer if it is good.

        What may be sent twice without harm (`repeatable`) is sent again after any failure that passes; what may not
        only when it cannot have reached the service. Raises Problem, Unreachable or UnexpectedAnswer.
        """
        url = self._base + path + (f"?{urlencode(query)}" if query else "")
        content, all_headers = None, {**self._headers, **self._fresh(), **(headers or {})}
        if document is not None:
            content = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
            all_headers["content-type"] = "application/json"
        try:
            answer = self._pool.request(
                method,
                url,
                body=content,
                headers=all_headers,
                redirect=False,
                timeout=self._timeout,
                retries=self._policy(repeatable),
            )
        except DecodeError as error:
            raise UnexpectedAnswer(f"{self._base} answered what cannot be unpacked. Is this its address?") from error
        except HTTPError as error:
            raise _unreachable(error, self._base, reads=method == "GET") from error
        return _judged(answer, self._base)

    def _fresh(self) -> dict[str, str]:
        """The header with the token of this moment, if there is one that changes."""
        return {"authorization": f"Bearer {_as_header(self._token())}"} if self._token else {}

    def _policy(self, repeatable: bool) -> Retry:
        return _Patience(
            total=self._retries,
            read=None if repeatable else 0,
            other=None if repeatable else 0,
            redirect=0,
            allowed_methods=None,
            status_forcelist=TRANSIENT if repeatable else {429},
            backoff_factor=0.2,
            backoff_jitter=0.2,
            backoff_max=5,
            raise_on_status=False,
            retry_after_max=int(self._patience),
        )


def _asked_for(answer: urllib3.BaseHTTPResponse) -> float | None:
    """The seconds that `Retry-After` names, however many; urllib3 alone would cut them to its maximum."""
    return _Patience(retry_after_max=sys.maxsize).get_retry_after(answer)


def pool_to(scheme: str, host: str) -> urllib3.PoolManager:
    """Connections to a host, by way of the proxy that the environment names for it, if any.

    None is asked for this machine: it would read what is sent, and its own 127.0.0.1 is another machine's.
    """
    proxy = getproxies().get(scheme)
    if proxy and host not in THIS_MACHINE and not proxy_bypass(host):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()


def _as_header(token: str) -> str:
    if not re.fullmatch(r"[!-~]+", token):
        raise ValueError("the token must be printable ASCII without blanks; was it copied whole, without quotes?")
    return token


def _unreachable(error: HTTPError, base: str, *, reads: bool) -> Unreachable:
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    return Unreachable(f"{base} cannot be reached: {words_of(error)}", sent=not _never_sent(reason), reads=reads)


def words_of(error: HTTPError) -> str:
    """What happened, for people: the system's own words where it has some, and not urllib3's objects."""
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    if isinstance(reason, ProxyError):
        return f"no connection to the proxy, {words_of(reason.original_error)}"  # type: ignore[arg-type]
    if isinstance(reason, NameResolutionError):
        return "its name leads to no address."
    cause = next((one for one in (reason.__cause__, *reason.args) if isinstance(one, OSError)), None)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted, {cause.verify_message}."
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return f"it does not speak TLS as it should, {cause.reason.lower().replace('_', ' ')}."
    if cause is not None and cause.strerror:
        return f"{cause.strerror[0].lower()}{cause.strerror[1:]}."
    if isinstance(reason, ConnectTimeoutError | ReadTimeoutError):
        return "it does not answer in time."
    return f"{reason}"


def _never_sent(reason: Exception) -> bool:
    """Whether no connection came about, to the service or through the proxy; a certificate is checked before that."""
    if isinstance(reason, SSLError):
        return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in reason.args)
    return isinstance(reason, ConnectTimeoutError | ProxyError | LocationValueError)


def _judged(answer: urllib3.BaseHTTPResponse, base: str) -> Reply:
    if len(answer.data) > LONGEST_ANSWER_BYTES:
        raise UnexpectedAnswer(f"{base} answered with {len(answer.data)} bytes, more than the service ever does.")
    try:
        body = json.loads(answer.data) if answer.data else None
    except (ValueError, RecursionError):
        body = answer.data
    if isinstance(body, bytes) or 300 <= answer.status < 400:
        raise UnexpectedAnswer(f"{base} answered {answer.status}, and not as Punctual does. Is this its address?")
    if answer.status < 400:
        return Reply(answer.status, answer.headers, body)
    raise problem_of(
        answer.status,
        body if isinstance(body, dict) else {},
        request_id=answer.headers.get("apigw-requestid"),
        retry_after=_asked_for(answer),
    )


def problem_of(
    status: int, body: Mapping[str, Any], *, request_id: str | None = None, retry_after: float | None = None
) -> Problem:
    """The error for a problem of the service, or for the gateway's own `{"message"}`."""
    errors = body.get("errors")
    faults = tuple(
        Fault(str(fault.get("field", "")), str(fault.get("code", "")), str(fault.get("message", "")))
        for fault in (errors if isinstance(errors, list) else ())
        if isinstance(fault, dict)
    )
    detail = body.get("detail") or body.get("message") or f"The service answered {status}."
    return problem_class(status)(
        status,
        str(body.get("code", "")),
        str(detail),
        faults=faults,
        request_id=body.get("request_id") or request_id,
        retry_after=retry_after,
    )
