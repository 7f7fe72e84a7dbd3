"""Which addresses may be connected to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.addresses import AddressPolicy
from lambdas.jobs.errors import SettingInvalid


def policy(private_targets: str = "", allowed_ports: str = "80,443,8080,8443") -> AddressPolicy:
    return AddressPolicy.from_settings(private_targets=private_targets, allowed_ports=allowed_ports)


EDGES = [
    # first and last of each block that is not public, and what lies just outside where that is public
    ("0.0.0.0", False), ("0.255.255.255", False), ("1.0.0.0", True),
    ("9.255.255.255", True), ("10.0.0.0", False), ("10.255.255.255", False), ("11.0.0.0", True),
    ("100.63.255.255", True), ("100.64.0.0", False), ("100.127.255.255", False), ("100.128.0.0", True),
    ("126.255.255.255", True), ("127.0.0.0", False), ("127.255.255.255", False), ("128.0.0.0", True),
    ("169.253.255.255", True), ("169.254.0.0", False), ("169.254.255.255", False), ("169.255.0.0", True),
    ("172.15.255.255", True), ("172.16.0.0", False), ("172.31.255.255", False), ("172.32.0.0", True),
    ("191.255.255.255", True), ("192.0.0.0", False), ("192.0.0.255", False), ("192.0.1.0", True),
    ("192.0.2.0", False), ("192.0.2.255", False), ("192.0.3.0", True),
    ("192.88.98.255", True), ("192.88.99.0", False), ("192.88.99.255", False), ("192.88.100.0", True),
    ("192.167.255.255", True), ("192.168.0.0", False), ("192.168.255.255", False), ("192.169.0.0", True),
    ("198.17.255.255", True), ("198.18.0.0", False), ("198.19.255.255", False), ("198.20.0.0", True),
    ("198.51.99.255", True), ("198.51.100.0", False), ("198.51.100.255", False), ("198.51.101.0", True),
    ("203.0.112.255", True), ("203.0.113.0", False), ("203.0.113.255", False), ("203.0.114.0", True),
    ("223.255.255.255", True), ("224.0.0.0", False), ("239.255.255.255", False), ("255.255.255.255", False),
    ("::", False), ("::1", False), ("::7f00:1", False), ("::ffff:8.8.8.8", False), ("::ffff:0:8.8.8.8", False),
    ("64:ff9b::808:808", False), ("64:ff9b:1::1", False), ("100::1", False),
    ("1fff:ffff::1", False), ("2000::", True), ("2001::1", False), ("2001:1ff:ffff::1", False), ("2001:200::1", True),
    ("2001:db7:ffff::1", True), ("2001:db8::1", False), ("2001:db9::1", True),
    ("2002::1", False), ("2003::1", True), ("3ffe:ffff::1", True), ("3fff::1", False), ("3fff:fff::1", False),
    ("3fff:1000::1", True), ("4000::1", False), ("5f00::1", False), ("fc00::1", False), ("fd00:ec2::254", False),
    ("fe80::1", False), ("fec0::1", False), ("ff02::1", False),
    ("fe80::1%eth0", False), ("2003::1%eth0", False),
]  # fmt: skip


@pytest.mark.parametrize(("ip", "allowed"), EDGES)
def test_only_global_unicast_addresses_are_allowed(ip: str, allowed: bool) -> None:
    """The tables of the design, at the edges of every block."""
    assert policy().allows(ip, 443, "example.com") is allowed


@pytest.mark.parametrize("ip", ["", "example.com", "127.1", "0x7f.0.0.1", "1.1.1.1 ", "[2003::1]", "1.1.1.1/32"])
def test_what_is_no_address_is_not_allowed(ip: str) -> None:
    """The guard is asked for an address; anything else is a defect elsewhere, and nothing is sent."""
    assert not policy("127.0.0.0/8,example.com").allows(ip, 80, "example.com")


@pytest.mark.parametrize(("port", "allowed"), [(80, True), (8443, True), (22, False), (9001, False), (0, False)])
def test_public_addresses_are_allowed_on_allowed_ports_only(port: int, allowed: bool) -> None:
    """The door refuses other ports too; the guard does not rely on it."""
    assert policy().allows("1.1.1.1", port, "example.com") is allowed


def test_operators_choose_the_ports() -> None:
    """`allowed_ports` is a setting."""
    assert policy(allowed_ports="443, 9443").allows("1.1.1.1", 9443, "example.com")
    assert not policy(allowed_ports="443, 9443").allows("1.1.1.1", 80, "example.com")


LISTED = [
    ("127.0.0.1", "127.0.0.1", 41_234, "127.0.0.1", True),
    ("127.0.0.1", "127.0.0.2", 41_234, "127.0.0.2", False),
    ("127.0.0.1", "::ffff:127.0.0.1", 80, "127.0.0.1", False),
    ("127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1", True),
    ("127.0.0.1:8080", "127.0.0.1", 80, "127.0.0.1", False),
    ("10.0.0.0/8", "10.9.8.7", 5000, "service.example.com", True),
    ("10.0.0.0/8:443", "10.9.8.7", 443, "service.example.com", True),
    ("10.0.0.0/8:443", "10.9.8.7", 80, "service.example.com", False),
    ("[::1]", "::1", 41_234, "::1", True),
    ("[::1]:8080", "::1", 8080, "::1", True),
    ("[::1]:8080", "::1", 8081, "::1", False),
    ("::1", "::1", 1, "::1", True),
    ("fd12:3456::/32", "fd12:3456::9", 80, "x.example.com", True),
    ("[fd12:3456::/32]:80", "fd12:3456::9", 81, "x.example.com", False),
    ("localhost", "127.0.0.1", 41_234, "localhost", True),
    ("localhost", "127.0.0.1", 41_234, "LOCALHOST.", True),
    ("localhost", "::1", 41_234, "localhost", True),
    ("localhost", "127.0.0.1", 41_234, "evil.example.com", False),
    ("localhost:8080", "127.0.0.1", 8081, "localhost", False),
    ("db.internal", "10.0.0.5", 80, "db.internal", True),
    ("db.internal", "93.184.216.34", 5000, "db.internal", True),
    ("db.internal", "169.254.169.254", 80, "db.internal", False),
    ("db.internal", "fd00:ec2::254", 80, "db.internal", False),
    ("db.internal", "fe80::1", 80, "db.internal", False),
    ("db.internal", "0.0.0.0", 80, "db.internal", False),
    ("db.internal", "224.0.0.1", 80, "db.internal", False),
    ("db.internal", "::ffff:10.0.0.5", 80, "db.internal", False),
    ("169.254.170.2:80", "169.254.170.2", 80, "x.example.com", True),
    (" localhost , 10.0.0.0/8 ", "10.0.0.1", 1, "x.example.com", True),
    ("b\u00fccher.lan", "10.0.0.1", 1, "xn--bcher-kva.lan", True),
]


@pytest.mark.parametrize(("private_targets", "ip", "port", "host", "allowed"), LISTED)
def test_listed_private_targets_are_allowed(private_targets: str, ip: str, port: int, host: str, allowed: bool) -> None:
    """A listed network by its addresses, a listed name by the name and only where it may lead; never link-local."""
    assert policy(private_targets).allows(ip, port, host) is allowed


@pytest.mark.parametrize(
    "setting",
    [
        *("localhost,", ",", "http://localhost", "local host", "localhost:", "localhost:0", "localhost:080"),
        *("localhost:65536", "localhost:http", "127.1", "0x7f.0.0.1", "256.1.1.1", "10.0.0.5/8", "10.0.0.0/33"),
        *("10.0.0.0/", "10.0.0.0/8/8", "[::1", "::1]", "[::1]8080", "[127.0.0.1]", "[localhost]", "fe80::1%eth0"),
        *("*", "*.example.com", "user@localhost", "a..b", "::1/200", "all hosts"),
    ],
)
def test_private_targets_that_make_no_sense_are_told(setting: str) -> None:
    """A mistyped setting of the guard stops the service, with the setting's name in the message."""
    with pytest.raises(SettingInvalid, match="private_targets"):
        policy(setting)


@pytest.mark.parametrize("setting", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "2000::/3", "fc00::/6"])
def test_no_setting_turns_the_guard_off(setting: str) -> None:
    """Networks wider than the widest private ones (10.0.0.0/8, fc00::/7) are refused."""
    with pytest.raises(SettingInvalid, match="too wide"):
        policy(setting)


@pytest.mark.parametrize("setting", ["80,", "0", "65536", "-1", "eighty", "80 443", "80.0", "\uff18\uff10", "080"])
def test_ports_that_make_no_sense_are_told(setting: str) -> None:
    """As for private targets."""
    with pytest.raises(SettingInvalid, match="allowed_ports"):
        policy(allowed_ports=setting)


@given(st.ip_addresses())
def test_nothing_python_calls_private_is_allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """The tables are stricter than Python's own, never laxer (it calls some parts of 2001::/23 global)."""
    if not address.is_global or address.is_multicast:
        assert not policy().allows(str(address), 443, "example.com")
