"""Which place a canonical URL names, for whoever counts, groups or tells by it.

Nothing here judges, and nothing raises: a URL that was damaged in the table must end as one attempt that is refused
at the socket, and not as a defect of everyone who wants to name its target.
"""

from __future__ import annotations

import re

_PLACE = re.compile(r"[^:/?#]*://(?P<place>(?P<host>\[[^\]/?#]*]|[^:/?#]*)[^/?#]*)")

_LONGEST = 300
"""No host with its port is longer; what is damaged may be, and has to fit into a key."""

UNKNOWN = "unknown"
"""In the place of a host that cannot be told."""


def place_of(url: str) -> str:
    """The host, with `:port` when that is not the scheme's own: there it is another service."""
    found = _PLACE.match(url)
    return found["place"][:_LONGEST] if found and found["place"] else UNKNOWN


def host_of(url: str) -> str:
    """The host, whatever the port; an IPv6 address without its brackets."""
    found = _PLACE.match(url)
    return found["host"][:_LONGEST].strip("[]") if found and found["host"] else UNKNOWN
