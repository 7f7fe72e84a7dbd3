"""What can go wrong between a worker and a target, as the API's error codes of an attempt.

Messages are for people. They name the target and nothing else: no address that a name resolved to, no text that the
target sent, no part of the URL behind the host.
"""

from __future__ import annotations

import ssl
from http.client import IncompleteRead

from urllib3.exceptions import HTTPError


class Trouble(Exception):
    """An exchange that cannot go on. `code` is one of the API's error codes, `message` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TooMuch(Exception):
    """A target sent more than is read. Not an OSError, so that no library on the way takes it for one."""


class TooMuchTLS(TooMuch):
    """It is TLS that there is too much of: session tickets, records with nothing in them."""


def handshake_trouble(error: OSError | TooMuch, target: str) -> Trouble:
    """Why there is no TLS connection to `target` ("host:port")."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble("certificate_invalid", f"The certificate of {target} is not valid: {error.verify_message}.")
    if isinstance(error, TimeoutError):
        return Trouble("connect_timeout", f"The TLS handshake with {target} was not finished in time.")
    if isinstance(error, TooMuch):
        return _too_much_tls(target)
    return Trouble("tls_failed", f"The TLS handshake with {target} failed{_tls_reason(error)}.")


def exchange_trouble(error: Exception, target: str) -> Trouble:
    """Why there is no whole answer from `target` ("host:port"), once the connection stood.

    Whatever is not a matter of time or of the connection is the answer's own fault: a target may send anything, and
    a parser that stumbles over it must not take the worker with it.
    """
    while isinstance(error, HTTPError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # urllib3 wraps what the socket or http.client said
    if isinstance(error, Trouble):
        return error
    if isinstance(error, TimeoutError):
        return Trouble("timeout", f"{target} had not answered in full when the time was up.")
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Trouble("tls_failed", f"The TLS connection to {target} failed{_tls_reason(error)}.")
    if isinstance(error, OSError | IncompleteRead):
        return Trouble("connection_lost", f"{target} closed the connection before its answer was complete.")
    if isinstance(error, TooMuchTLS):
        return _too_much_tls(target)
    if isinstance(error, TooMuch):
        return Trouble("bad_response", f"The headers that {target} sent are longer than what is read.")
    return Trouble("bad_response", f"What {target} sent is not an HTTP/1.1 answer.")


def _too_much_tls(target: str) -> Trouble:
    return Trouble("tls_failed", f"{target} sent more of TLS itself, such as session tickets, than is read.")


def _tls_reason(error: OSError) -> str:
    """OpenSSL's word for what happened, from its own list: ": wrong version number"."""
    reason = error.reason if isinstance(error, ssl.SSLError) else None
    return f": {reason.lower().replace('_', ' ')}" if reason else ""
