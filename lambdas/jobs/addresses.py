"""Which addresses may be connected to: what the IANA registries give out as global unicast, and what operators list.

This is asked for every address before a connection and again of its peer, whatever the URL looked like: it alone is
what keeps strangers out of the network. The tables follow IANA's special-purpose address registries (RFC 6890);
Python's `is_global` lets some of them pass: multicast, 6to4 relays, NAT64, site-local.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from lambdas.jobs.errors import SettingInvalid, ValueRefused
from lambdas.jobs.hostname import Host, canonical_host

USUAL_PORTS = frozenset({80, 443, 8080, 8443})

_NOT_PUBLIC_V4 = tuple(
    IPv4Network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))

_PRIVATE = tuple(
    ip_network(block)
    for block in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7"),
    )
)
"""Where a name that an operator lists may lead. Link-local is not among them: what answers there is no target."""

_INSTANCE_METADATA_V6 = IPv6Network("fd00:ec2::/32")
"""Private by its address, but EC2's metadata, credentials and clocks: reached only if it is listed itself."""

_WIDEST = {4: 8, 6: 7}
"""The shortest prefix of a listed network: anything wider would turn the guard off."""

_SETTING = re.compile(r"(?:\[(?P<v6>[^\[\]]+)]|(?P<other>[^:\[\]]+))(?::(?P<port>[1-9][0-9]{0,4}))?", re.ASCII)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is global unicast. One with a zone is not."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _NOT_PUBLIC_V4)
    return address.scope_id is None and address in _PUBLIC_V6 and not any(address in block for block in _NOT_PUBLIC_V6)


@dataclass(frozen=True, slots=True)
class PrivateTarget:
    """A destination that operators allow beyond the public ones: a name or a network, on one port or (None) on any."""

    place: str | IPv4Network | IPv6Network
    port: int | None = None

    def admits(self, host: Host, port: int) -> bool:
        """Whether a URL with this host may pass the door."""
        if self.port not in (None, port):
            return False
        if isinstance(self.place, str) or isinstance(host, str):
            return host == self.place
        return host in self.place

    def reaches(self, address: IPv4Address | IPv6Address, port: int, host: str) -> bool:
        """Whether a connection to this address is meant.

        A network says so by itself. A name may lead to a private address, as it was listed to do, or to a public one.
        """
        if not isinstance(self.place, str):
            return self.admits(address, port)
        return self.admits(host, port) and (is_public(address) or _is_plainly_private(address))


def _is_plainly_private(address: IPv4Address | IPv6Address) -> bool:
    return any(address in block for block in _PRIVATE) and address not in _INSTANCE_METADATA_V6


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be called: public addresses on `allowed_ports`, and `private_targets` on theirs."""

    private_targets: tuple[PrivateTarget, ...] = ()
    allowed_ports: frozenset[int] = USUAL_PORTS

    @classmethod
    def from_settings(cls, *, private_targets: str, allowed_ports: str) -> AddressPolicy:
        """The policy from settings as operators write them, each separated by commas.

        `private_targets` holds `host-or-network[:port]`, IPv6 with a port in brackets; empty for none. Raises
        SettingInvalid.
        """
        return cls(
            tuple(_private_target(entry) for entry in split_setting(private_targets)),
            frozenset(_allowed_port(entry) for entry in split_setting(allowed_ports)),
        )

    def allows(self, ip: str, port: int, host: str) -> bool:
        """Whether a connection to `ip` and `port` may be made for a URL whose host is `host`."""
        try:
            address = ip_address(ip)
        except ValueError:
            return False
        if is_public(address) and port in self.allowed_ports:
            return True
        name = host.lower().removesuffix(".")
        return any(target.reaches(address, port, name) for target in self.private_targets)

    def lists(self, host: Host, port: int) -> bool:
        """Whether the operators list this destination."""
        return any(target.admits(host, port) for target in self.private_targets)


def host_and_port(entry: str, setting: str) -> tuple[Host, int | None]:
    """A setting of the form `host[:port]`. Raises SettingInvalid that names the setting."""
    place, port = _place_and_port(entry, setting)
    try:
        return canonical_host(f"[{place}]" if ":" in place else place), port
    except ValueRefused as refused:
        raise SettingInvalid(f"{setting}: {entry!r} names no host. {refused}") from refused


def split_setting(setting: str) -> list[str]:
    return [entry.strip() for entry in setting.split(",")] if setting.strip() else []


def _private_target(entry: str) -> PrivateTarget:
    place, port = _place_and_port(entry, "private_targets")
    if "/" in place:
        return PrivateTarget(_network(place, entry), port)
    host, _ = host_and_port(entry, "private_targets")
    return PrivateTarget(host if isinstance(host, str) else ip_network(host), port)


def _network(place: str, entry: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(place)
    except ValueError as error:
        message = f"private_targets: {entry!r} is no network such as 10.1.0.0/16 or fd12:3456::/32 ({error})."
        raise SettingInvalid(message) from error
    widest = _WIDEST[network.version]
    if network.prefixlen < widest:
        raise SettingInvalid(f"private_targets: {entry!r} is too wide; list networks of /{widest} or smaller.")
    return network


def _place_and_port(entry: str, setting: str) -> tuple[str, int | None]:
    """What stands before the port, without brackets, and the port. A bare IPv6 address has none."""
    if entry.count(":") > 1 and "[" not in entry:
        return entry, None
    found = _SETTING.fullmatch(entry)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or (port or 1) > 65_535 or (found["v6"] and ":" not in found["v6"]):
        message = f"{setting}: {entry!r} must be written as host, host:port, [IPv6]:port or network[:port]."
        raise SettingInvalid(message)
    return found["v6"] or found["other"], port


def _allowed_port(entry: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,4}", entry, re.ASCII) or int(entry) > 65_535:
        raise SettingInvalid(f"allowed_ports: {entry!r} is no port; write numbers from 1 to 65535, such as 80,443.")
    return int(entry)
