"""The rules for header fields: those that users may set for their target, and `Idempotency-Key` for ourselves.

Shared by the door and by the sender's last look before a request goes out, hence without pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from lambdas.jobs.errors import Fault, RequestRefused

MOST_HEADERS = 64
LARGEST_HEADERS = 16 * 1024
"""Bytes of all names and values together."""

REDACTED = "[redacted]"
"""What is shown for a value that is never read back."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: a token
_VALUE = re.compile(
    r"[\t\x20-\x7e\xa0-\xff]*"
)  # Latin-1 without controls, those above ASCII too (\x85 ends a line to some)
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e](?:[\x20-\x2b\x2d-\x7e]{0,253}[\x21-\x2b\x2d-\x7e])?")

_DENIED = frozenset(
    {
        *("host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect"),
        *("content-length", "http2-settings"),  # of the connection
        *("user-agent", "forwarded", "x-real-ip", "x-amz-security-token"),  # would lie about the sender
        "accept-encoding",
    }
)
_DENIED_PREFIXES = ("proxy-", "x-forwarded-", "webhook-", "punctual-")

_SECRET = frozenset({"authorization", "cookie", "set-cookie"})
_SECRET_PARTS = ("api-key", "apikey", "authorization", "credential", "password", "secret", "token")
_SECRET_PREFIXES = ("proxy-",)


def is_name(name: str) -> bool:
    """Whether the text can be a header's name."""
    return bool(_NAME.fullmatch(name))


def is_value(value: str) -> bool:
    """Whether the text can be a header's value: no controls but inner tabs, no outer blanks."""
    return bool(_VALUE.fullmatch(value)) and value == value.strip()


def is_denied(name: str) -> bool:
    """Whether users may not set this header, whatever its case.

    An underscore counts as a hyphen: servers behind CGI and WSGI cannot tell X_Forwarded_For from X-Forwarded-For.
    """
    plain = name.lower().replace("_", "-")
    return plain in _DENIED or plain.startswith(_DENIED_PREFIXES)


def is_secret(name: str, secret_headers: Collection[str] = ()) -> bool:
    """Whether a header's value is never read back: by what its name says, or because its owner named it."""
    plain = name.lower().replace("_", "-")
    return (
        plain in _SECRET
        or plain.startswith(_SECRET_PREFIXES)
        or any(part in plain for part in _SECRET_PARTS)
        or name.lower() in {secret.lower() for secret in secret_headers}
    )


def header_faults(headers: Mapping[str, object], secret_headers: Collection[str] = ()) -> Iterator[Fault]:
    """All that is wrong with the headers a user sets, each as a fault of the field `headers`; one for each header.

    No value is repeated in a message, nor a name that is none: people paste whole header lines there.
    """
    if len(headers) > MOST_HEADERS:
        yield _fault("headers_too_large", f"There may be at most {MOST_HEADERS} headers; these are {len(headers)}.")
        return
    size = sum(len(name) + len(value) for name, value in headers.items() if isinstance(value, str))
    if size > LARGEST_HEADERS:
        yield _fault(
            "headers_too_large", f"Headers may have at most {LARGEST_HEADERS} bytes together; these have {size}."
        )
        return
    seen: set[str] = set()
    for position, (name, value) in enumerate(headers.items(), start=1):
        fault = _header_fault(name, value, position, seen, secret_headers)
        if fault is not None:
            yield fault
        seen.add(name.lower())


def _header_fault(
    name: str, value: object, position: int, seen: set[str], secret_headers: Collection[str]
) -> Fault | None:
    """The first thing that is wrong with one header, or None. `seen` holds the names before it, in lower case."""
    if not is_name(name):
        message = f"The name of header {position} may hold letters, digits and !#$%&'*+.^_`|~- only, and no blanks."
        return _fault("header_name", message)
    if is_denied(name):
        return _fault("header_denied", f"{name} is set by the service or by the connection, and cannot be chosen.")
    if name.lower() in seen:
        return _fault("header_duplicate", f"{name} is there twice, as names have no case; keep one.")
    if not isinstance(value, str):
        return _fault("header_type", f"The value of {name} must be a string.")
    if not is_value(value):
        message = f"The value of {name} may hold Latin-1 characters without controls, and no blanks at its ends."
        return _fault("header_value", message)
    if value == REDACTED and is_secret(name, secret_headers):
        message = f"{REDACTED} is how the value of {name} is shown, not what it is; write the value itself."
        return _fault("header_value", message)
    return None


def check_idempotency_key(key: str | None) -> None:
    """Raise RequestRefused (400) unless the value of `Idempotency-Key` is one, or there is none.

    1 to 255 printable ASCII characters, no outer blanks. A comma means that the header was sent twice.
    """
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        message = (
            "Idempotency-Key must be 1 to 255 printable ASCII characters without comma and outer blanks, sent once."
        )
        fault = Fault("Idempotency-Key", "idempotency_key_invalid", message)
        raise RequestRefused(400, "Bad request", [fault])


def _fault(code: str, message: str) -> Fault:
    return Fault("headers", code, message)
