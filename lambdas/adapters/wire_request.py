"""From a job's request to the bytes on the wire, before its instant.

What users write was checked when it came in. It is checked here once more, in the last place where a header could
become two or a URL could mean another host: a damaged item or a defect elsewhere must not become a request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from urllib3.connection import HTTPConnection

from lambdas.adapters.lean_requests import PreparedRequest, Request
from lambdas.adapters.send_trouble import Trouble
from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.hostname import canonical_host

if TYPE_CHECKING:
    from lambdas.jobs.sending import OutgoingRequest

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_OUR_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade"}) | {
    "accept-encoding",
    "expect",
    "keep-alive",
}
"""Headers that frame the message or speak to the connection: they are set here and nowhere else."""

LONGEST_URL = 2_048

_DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"(?P<scheme>https?)://(?P<place>[^/?#]+)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?")
_PLACE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+]|[A-Za-z0-9_-][A-Za-z0-9._-]*)(?::(?P<port>[1-9][0-9]{0,4})?)?")
_UNSAFE_IN_URL = re.compile(r"[^\x21-\x7e]|\\")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is a name or an address without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def name(self) -> str:
        """The host as certificates and policies know it: without the dot that ends an absolute name."""
        return self.host.rstrip(".")

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.host else f"{self.name}:{self.port}"

    @property
    def host_header(self) -> str:
        place = str(self)
        return place.removesuffix(f":{self.port}") if self.port == _DEFAULT_PORTS[self.scheme] else place


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request that is ready to go: as requests knows it, and as bytes."""

    prepared: PreparedRequest
    target: Target
    data: bytes


def target_of(url: str) -> Target:
    """The target of a canonical URL. Raises Trouble (address_denied) when it does not plainly name one.

    Stricter than any URL parser: two parsers may find two hosts in one odd URL, and only one of them was checked.
    """
    found = None if len(url) > LONGEST_URL or _UNSAFE_IN_URL.search(url) else _URL.fullmatch(url)
    place = found and _PLACE.fullmatch(found["place"])
    if found is None or place is None:
        raise _no_target()
    scheme = found["scheme"]
    port = int(place["port"] or _DEFAULT_PORTS[scheme])
    try:
        # A resolver would take 0x7f.1 and 2130706433 for addresses.
        host = canonical_host(place["host"])
    except ValueRefused:
        raise _no_target() from None
    if not 1 <= port <= 65_535:
        raise _no_target()
    return Target(scheme, str(host), port)


def _no_target() -> Trouble:
    return Trouble("address_denied", "The URL does not plainly name a host and a port that may be called.")


def wire_request(request: OutgoingRequest) -> WireRequest:
    """Check and encode a request. Raises Trouble for a URL without a target, ValueError for what is no request.

    The URL goes out exactly as it is: requests would write "%2e" as "." and lose the difference.
    """
    target = target_of(request.url)
    headers = _checked_headers(request, target)
    origin = f"{target.scheme}://{target.host_header}/"
    prepared = Request(request.method, origin, headers=headers, data=request.body).prepare()
    prepared.url = request.url
    return WireRequest(prepared, target, encoded(prepared, target))


def encoded(prepared: PreparedRequest, target: Target) -> bytes:
    """The bytes that urllib3 sends for a prepared request. Raises ValueError for what cannot be encoded."""
    encoder = _Encoder(target)
    headers = {name: str(value) for name, value in prepared.headers.items()}
    encoder.request(str(prepared.method), _request_target(str(prepared.url)), body=prepared.body, headers=headers)
    return b"".join(encoder.gathered)


def _request_target(url: str) -> str:
    """Path and query, byte for byte. requests would lose a question mark that nothing follows."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError("the URL has no path that could be asked for")
    return (found["path"] or "/") + (found["query"] or "")


def _checked_headers(request: OutgoingRequest, target: Target) -> dict[str, str]:
    """All headers that go out but the length; ours first. The connection serves one request and is closed."""
    if request.method not in METHODS:
        raise ValueError("the method is not one that is sent")
    headers = {"Host": target.host_header, "Accept-Encoding": "identity", "Connection": "close"}
    seen = set(_OUR_HEADERS)
    for name, value in request.headers:
        if not _TOKEN.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the header {name!a} cannot be sent")
        if name.lower() in seen or name.lower().startswith("proxy-"):
            raise ValueError(f"the header {name} is not the request's to set, or is there twice")
        seen.add(name.lower())
        headers[name] = value
    return headers


class _Encoder(HTTPConnection):
    """Gathers the bytes that urllib3 would send. Never connects."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.name, target.port)
        self.gathered: list[bytes] = []

    def send(self, data: bytes) -> None:  # type: ignore[override]  # only ever bytes: bodies are
        self.gathered.append(data)
