"""Where a request may go, as far as its URL tells. What the host's name leads to is judged when it is connected to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from lambdas.jobs.addresses import AddressPolicy, host_and_port, is_public, split_setting
from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.hostname import Host, canonical_host

__all__ = ["AddressPolicy", "Rules", "canonical_url", "origin_of"]

LONGEST_URL = 2_048

_DEFAULT_PORTS = {"http": 80, "https": 443}

_NEVER_PUBLIC = (
    *(".localhost", ".localdomain", ".local", ".internal", ".corp", ".lan"),
    *(".onion", ".test", ".invalid", ".example", ".arpa"),
)
"""Ends of names that never are public: RFC 6761, 6762, 7686, 8375 (home.arpa), ICANN's .internal, private habits."""

_BLANK_OR_CONTROL = re.compile(
    "[\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff"
    "\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
"""Blanks, also those without width, and controls, also those of the direction of writing. The joiners that some
scripts need between letters (U+200C, U+200D) are neither."""

_PARTS = re.compile(r"(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?")
_PLACE = re.compile(r"(?P<host>\[.*?]|[^:]*)(?::(?P<port>.*))?", re.DOTALL)
_PORT = re.compile("[1-9][0-9]{0,4}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")

_NO_PORT = 0
"""Stands for what is written as a port and is none; no list of ports holds it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the door goes by: which addresses and ports may be called, and which hosts are this service's own.

    An own host without a port (None) is own on every port. All loopback names and addresses are one host here,
    `localhost`: a local service must not be called by another of its names.
    """

    addresses: AddressPolicy = field(default_factory=AddressPolicy)
    own_hosts: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def from_settings(cls, *, private_targets: str, allowed_ports: str, own_hosts: str) -> Rules:
        """The rules from settings as operators write them, each separated by commas; `own_hosts` holds `host[:port]`.

        Raises SettingInvalid.
        """
        own = (host_and_port(entry, "own_hosts") for entry in split_setting(own_hosts))
        return cls(
            AddressPolicy.from_settings(private_targets=private_targets, allowed_ports=allowed_ports),
            frozenset((_own_name(host), port) for host, port in own),
        )

    def own(self, host: Host, port: int) -> bool:
        name = _own_name(host)
        return (name, port) in self.own_hosts or (name, None) in self.own_hosts


def canonical_url(url: str, rules: Rules) -> str:
    """The URL as it is sent and shown.

    Scheme and host in lower case, the host in punycode and without a dot at its end, no default port, no fragment, a
    path of at least `/`, what is not ASCII percent-encoded; all else byte for byte as it was written, so that a path
    means to the target what it meant to the user. A canonical URL is its own canonical form. Raises ValueRefused with
    the first of the API's `url_…` codes that applies.
    """
    _check_text(url)
    scheme, host, port, rest = _split(url)
    _check_host(host, port, rules.addresses)
    _check_port(host, port, rules.addresses)
    if rules.own(host, port):
        raise ValueRefused("url_own_host", "The URL must not lead to this service itself.")
    shown_host = f"[{host}]" if isinstance(host, IPv6Address) else str(host)
    shown_port = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    canonical = f"{scheme}://{shown_host}{shown_port}{rest}"
    if len(canonical) > LONGEST_URL:
        raise _too_long()
    return canonical


def origin_of(url: str) -> str:
    """Scheme, host and port of a canonical URL, as it writes them: what differs is another place."""
    return "/".join(url.split("/", 3)[:3])


def _check_text(url: str) -> None:
    if not url:
        raise ValueRefused("url_empty", "The URL must not be empty.")
    if len(url) > LONGEST_URL:
        raise _too_long()
    if _BLANK_OR_CONTROL.search(url):
        message = "The URL must hold no blanks and no control characters; write them percent-encoded, such as %20."
        raise ValueRefused("url_control_char", message)
    if "\\" in url:
        raise ValueRefused("url_backslash", "The URL must hold no backslash; write / or, where one is meant, %5C.")


def _split(url: str) -> tuple[str, Host, int, str]:
    """Scheme, host, port and the rest from the path on. A port that is none is `_NO_PORT`."""
    scheme, colon, after = url.partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in _DEFAULT_PORTS:
        raise ValueRefused("url_scheme", "The URL must begin with http:// or https://.")
    parts = _PARTS.fullmatch(after.removeprefix("//") if after.startswith("//") else "")
    assert parts is not None  # every text matches
    if "@" in parts["authority"]:
        message = "The URL must hold no user name or password; send credentials in a header, such as Authorization."
        raise ValueRefused("url_userinfo", message)
    place = _PLACE.fullmatch(parts["authority"])
    if place is None:
        raise ValueRefused("url_host", "What follows the host must be a colon and a port, or a path.")
    host = canonical_host(place["host"])
    port = _port(place["port"], _DEFAULT_PORTS[scheme])
    rest = _NOT_ASCII.sub(_percent_encoded, (parts["path"] or "/") + (parts["query"] or ""))
    return scheme, host, port, rest


def _port(written: str | None, default: int) -> int:
    """RFC 3986, 3.2.3: a colon with nothing behind it means the default port."""
    if not written:
        return default
    return int(written) if _PORT.fullmatch(written) and int(written) <= 65_535 else _NO_PORT


def _check_host(host: Host, port: int, addresses: AddressPolicy) -> None:
    if addresses.lists(host, port):
        return
    if isinstance(host, str):
        if host.endswith(_NEVER_PUBLIC):
            ending = host.rpartition(".")[2]
            raise ValueRefused(
                "url_host", f"A name that ends in .{ending} is never public; name a host of the internet."
            )
        if "." not in host:
            message = "A host name without a dot is not public; write the whole name, such as www.example.com."
            raise ValueRefused("url_host_single_label", message)
    elif not is_public(host):
        message = "The address is not public: only addresses of the internet can be called."
        raise ValueRefused("url_address_denied", message)


def _check_port(host: Host, port: int, addresses: AddressPolicy) -> None:
    if port != _NO_PORT and (port in addresses.allowed_ports or addresses.lists(host, port)):
        return
    ports = ", ".join(map(str, sorted(addresses.allowed_ports)))
    raise ValueRefused("url_port_denied", f"The port must be one of {ports}.")


def _own_name(host: Host) -> str:
    if isinstance(host, str):
        return "localhost" if host.endswith(".localhost") else host
    return "localhost" if host.is_loopback else str(host)


def _percent_encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8"))


def _too_long() -> ValueRefused:
    message = f"The URL may have at most {LONGEST_URL} characters; one beyond ASCII counts as it is sent (é is %C3%A9)."
    return ValueRefused("url_too_long", message)
