"""Addresses of mail: the form they are kept in, and what is none."""

from __future__ import annotations

import re

LONGEST_ADDRESS = 254
"""RFC 5321, section 4.5.3.1.3, less the brackets."""

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LAST_LABEL = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL})@(?P<domain>(?:{_LABEL}\.)+{_LAST_LABEL})")
"""RFC 5322's addr-spec without quotes, comments and literals: no mailbox needs them, and mail programs misread them."""


def canonical_email(text: str) -> str | None:
    """The address with its domain in lower case; None if it is no address that mail can be sent to."""
    found = _ADDRESS.fullmatch(text) if len(text) <= LONGEST_ADDRESS else None
    if found is None or len(found["local"]) > 64:
        return None
    return f"{found['local']}@{found['domain'].lower()}"
