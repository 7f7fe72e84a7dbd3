"""The host of a URL in its one canonical form.

Two parsers may find two hosts in one odd URL, and then the one that was checked is not the one that is called. So a
host is read as browsers read it (WHATWG URL, section 3.5: UTS 46, numbers as IPv4), and what is left must be plain: a
DNS name of letters, digits, hyphens and underscores, or an address in its usual form. What programs read in different
ways (percent-encoding) and what people cannot see (characters that vanish) is refused.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from lambdas.jobs.errors import ValueRefused

Host = str | IPv4Address | IPv6Address
"""A DNS name (lower case, punycode, no dot at its end) or an address."""

_LONGEST_NAME = 253
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
"""What UTS 46 takes for a dot between labels. A character that only expands to one is refused as part of a label."""

_LABEL = re.compile("[a-z0-9_-]{1,63}")
_NUMBER = re.compile("[0-9]+|0x[0-9a-f]*")


def canonical_host(written: str) -> Host:
    """The host that a URL names, an IPv6 address in brackets.

    Raises ValueRefused: `url_host` for what is no host, `url_host_ipv4_encoding` for an IPv4 address in any form but
    four decimal numbers.
    """
    if written.startswith("["):
        return _ipv6(written)
    name = ".".join(_label(label) for label in _DOTS.split(written.removesuffix(".")))
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _ipv4(name)
    if len(name) > _LONGEST_NAME:
        raise _no_host(f"A host name may have at most {_LONGEST_NAME} characters.")
    return name


def _label(label: str) -> str:
    """One part of a name, between two dots, as DNS carries it."""
    plain = label.lower() if label.isascii() else _punycode(label)
    if not _LABEL.fullmatch(plain):
        raise _no_host()
    if plain.startswith("xn--") and not _decodes(plain[4:]):
        raise _no_host("The host has a part that begins with xn-- but is not punycode.")
    return plain


def _punycode(label: str) -> str:
    import idna  # only for names that need it: its tables cost more time to load than all of this module

    try:
        mapped = idna.uts46_remap(label, std3_rules=False)
        if not all(idna.uts46_remap(character, std3_rules=False) for character in label):
            raise _no_host("The host has an invisible character; write it without.")
        return mapped if mapped.isascii() else idna.alabel(mapped).decode("ascii")
    except idna.IDNAError:
        raise _no_host("The host has a character that domain names cannot have.") from None


def _decodes(punycode: str) -> bool:
    """Whether the rest of an `xn--` label stands for something that is not ASCII."""
    try:
        return not punycode.encode("ascii").decode("punycode").isascii()
    except UnicodeError:
        return False


def _ipv4(name: str) -> IPv4Address:
    try:
        return IPv4Address(name)
    except ValueError:
        message = "An IPv4 address must be written as four decimal numbers from 0 to 255, without leading zeros."
        raise ValueRefused("url_host_ipv4_encoding", message) from None


def _ipv6(written: str) -> IPv6Address:
    inner = written[1:-1]
    try:
        if not written.endswith("]") or "%" in inner:  # Python takes a zone id for part of an address
            raise ValueError
        return IPv6Address(inner)
    except ValueError:
        raise _no_host("What stands in brackets must be an IPv6 address without a zone.") from None


def _no_host(message: str = "The URL must name a host, such as https://example.com/.") -> ValueRefused:
    return ValueRefused("url_host", message)
