"""Every block of addresses that is not public, at both its ends, in every spelling that some program understands."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest

from tests.corpus.addresses import AddressChecks
from tests.corpus.files import ADDRESSES, AddressEntry, read_addresses
from tests.corpus.internet import SPECIAL, is_outside
from tests.fakes import NOW_MS

CHECKS = AddressChecks(read_addresses(ADDRESSES), now_ms=NOW_MS)
BLOCKS = [ip_network(block) for block in SPECIAL]
NEIGHBOURS = [
    address
    for block in BLOCKS
    for number in (int(block[0]) - 1, int(block[-1]) + 1)
    if 0 <= number < 2**block.max_prefixlen and is_outside(str(address := type(block[0])(number)))
]
"""The public addresses that lie next to a block."""

WIDE, CIRCLED = (str.maketrans("0123456789", digits) for digits in ("０１２３４５６７８９", "⓪①②③④⑤⑥⑦⑧⑨"))


def spellings(address: IPv4Address) -> Iterator[str]:
    """The ways of writing an IPv4 address in a URL that inet_aton, browsers or Unicode know."""
    number, parts = int(address), address.packed
    yield from (str(address), f"{address}.", str(address).translate(WIDE), str(address).translate(CIRCLED))
    yield from (str(address).replace(".", dot) for dot in ("\u3002", "\uff0e", "\uff61", "%2e", "\u2024"))
    yield from (f"{number}", f"0x{number:x}", f"0X{number:X}", f"0{number:o}", f"{number + 2**32}", f"0x1{number:08x}")
    yield from (".".join(form.format(part) for part in parts) for form in ("0x{:x}", "0{:o}", "{:03}", "0x{:010x}"))
    yield f"{parts[0]}.{number & 0xFFFFFF}"
    yield f"{parts[0]}.{parts[1]}.{number & 0xFFFF}"
    yield f"0x{parts[0]:x}.{parts[1]}.0{parts[2]:o}.{parts[3]}"
    yield "".join(f"%{ord(character):02x}" for character in str(address))
    yield from (f"{address}.0", f"{address}.0x1", f"0.{address}", f"{address}..", f".{address}")


def embeddings(address: IPv4Address) -> Iterator[str]:
    """The IPv6 addresses that carry an IPv4 address somewhere."""
    high, low = int(address) >> 16, int(address) & 0xFFFF
    prefixes = ("::", "::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1::", "fe80::5efe:")
    yield from (f"[{prefix}{address}]" for prefix in prefixes)
    yield from (f"[{prefix}{high:x}:{low:x}]" for prefix in prefixes)
    yield from (f"[2002:{high:x}:{low:x}::1]", f"[2001:0:{high:x}:{low:x}::1]", f"[2001::{high:x}:{low:x}]")
    yield from (f"[{address}]", f"[::ffff:{address}%25lo]", f"[0:0:0:0:0:ffff:{high:x}:{low:x}]")


@pytest.mark.parametrize("block", [block for block in BLOCKS if isinstance(block, IPv4Network)], ids=str)
def test_no_spelling_of_an_inside_ipv4_address_passes(block: IPv4Network) -> None:
    """T1: neither the door nor the sender alone, whatever the other would do."""
    for address in (block[0], block[-1]):
        for host in (*spellings(address), *embeddings(address)):
            entry = AddressEntry(host, f"http://{host}/", "block", "api")
            found = [*CHECKS.whole(entry), *CHECKS.door_alone(entry)]
            assert found == [], entry


@pytest.mark.parametrize("block", [block for block in BLOCKS if isinstance(block, IPv6Network)], ids=str)
def test_no_spelling_of_an_inside_ipv6_address_passes(block: IPv6Network) -> None:
    """T1: short, whole, in capitals, with a zone."""
    for address in (block[0], block[-1]):
        whole = address.exploded
        for host in (
            f"[{address}]",
            f"[{whole}]",
            f"[{whole.upper()}]",
            f"[{address}%25eth0]",
            f"[{address}%1]",
            whole,
        ):
            entry = AddressEntry(host, f"http://{host}/", "block", "api")
            found = [*CHECKS.whole(entry), *CHECKS.door_alone(entry)]
            assert found == [], entry


@pytest.mark.parametrize("address", NEIGHBOURS, ids=str)
def test_the_public_address_next_to_a_block_is_reached(address: IPv4Address | IPv6Address) -> None:
    """The guard refuses what it must, and no address more."""
    host = f"[{address}]" if address.version == 6 else str(address)
    entry = AddressEntry(host, f"http://{host}/", "allow", "api", connect_to=str(address))
    assert list(CHECKS.whole(entry)) == []


@pytest.mark.parametrize("address", [str(address) for block in BLOCKS for address in (block[0], block[-1])])
def test_a_name_that_leads_to_an_inside_address_is_not_connected_to(address: str) -> None:
    """T2: alone, before and behind a public address, and at the second look-up."""
    public = "93.184.216.34"
    for answers in ([[address]], [[public, address]], [[address, public]], [[address], [public]]):
        entry = AddressEntry(address, "http://a.b.com/", "block", "worker", {"a.b.com": answers})
        assert [*CHECKS.whole(entry), *CHECKS.sender_alone(entry)] == [], answers
