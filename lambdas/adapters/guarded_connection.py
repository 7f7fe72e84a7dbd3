"""From a name that a stranger chose to a connection, past the guard.

The check is at the socket, not at the string: the address that was checked is the one that is connected to, so a
second DNS answer changes nothing, and any way of writing an address comes to the same. The name stays what the
certificate, SNI and the Host header are about.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lambdas.adapters.guarded_socket import Allowance, GuardedSocket
from lambdas.adapters.guarded_tls import GuardedTLSSocket
from lambdas.adapters.send_trouble import TooMuch, Trouble, handshake_trouble

if TYPE_CHECKING:
    from lambdas.adapters.look_ups import LookUps
    from lambdas.adapters.wire_request import Target

MOST_ADDRESSES_TRIED = 6

Dial = Callable[[str, int, float], GuardedSocket]
"""Connects to an address and port within so many seconds, or raises OSError."""


class Policy(Protocol):
    """Which addresses may be connected to."""

    def allows(self, ip: str, port: int, host: str) -> bool:
        """Whether a connection to `ip` and `port` is allowed when the target was named `host`."""
        ...


def dial(ip: str, port: int, seconds: float) -> GuardedSocket:
    """A TCP connection to an address. Raises OSError (TimeoutError when it takes longer)."""
    sock = GuardedSocket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(seconds)
        sock.connect((ip, port))
    except BaseException:
        sock.close()
        raise
    return sock


@dataclass(frozen=True, slots=True)
class Gate:
    """The only way out: makes connections to targets that the policy allows.

    `tls_context` gives the process's one context; it is called when the first https target turns up.
    """

    policy: Policy
    tls_context: Callable[[], ssl.SSLContext]
    look_ups: LookUps
    dial: Dial

    def connect(self, target: Target, allowance: Allowance) -> GuardedSocket:
        """Resolve, check, connect, check the peer and, for https, shake hands. Raises Trouble."""
        addresses = self.checked_addresses(target, allowance)
        sock = self._connect_to_one(addresses, target, allowance)
        try:
            self._check_peer(sock, target)
            if target.scheme == "https":
                sock = self._shake_hands(sock, target, allowance)
        except BaseException:
            sock.close()
            raise
        return sock

    def checked_addresses(self, target: Target, allowance: Allowance) -> Sequence[str]:
        """All addresses of the target, IPv4 first. Raises Trouble.

        One that is not allowed refuses them all: a name with a public
        and an inside address is an attempt to be let in by the one and connected to the other."""
        addresses = _addresses(target, self.look_ups, allowance)
        for ip in addresses:
            if not self.policy.allows(ip, target.port, target.name):
                raise Trouble("address_denied", f"{target} is at an address that must not be called.")
        return sorted(addresses, key=lambda ip: ":" in ip)

    def _connect_to_one(self, addresses: Sequence[str], target: Target, allowance: Allowance) -> GuardedSocket:
        """A connection to the first address that takes one. Each gets an even share of the time that is left."""
        trouble = Trouble("connect_timeout", f"{target} was not connected to in time.")
        addresses = addresses[:MOST_ADDRESSES_TRIED]
        for position, ip in enumerate(addresses):
            try:
                share = allowance.seconds_left() / (len(addresses) - position)
                with allowance.turns.away():
                    return self.dial(ip, target.port, share)
            except TimeoutError:
                trouble = Trouble("connect_timeout", f"{target} did not take the connection in time.")
            except ConnectionRefusedError:
                trouble = Trouble("connect_failed", f"{target} refused the connection.")
            except ConnectionResetError:
                trouble = _hung_up(target)
            except OSError:
                trouble = Trouble("connect_failed", f"{target} could not be reached.")
        raise trouble

    def _check_peer(self, sock: GuardedSocket, target: Target) -> None:
        """Whether the connection leads where it was to lead, whatever stands between."""
        try:
            ip, port = sock.getpeername()[:2]
        except OSError:
            raise _hung_up(target) from None
        if port != target.port or not self.policy.allows(ip, port, target.name):
            raise Trouble("address_denied", f"{target} is at an address that must not be called.")

    def _shake_hands(self, sock: GuardedSocket, target: Target, allowance: Allowance) -> GuardedTLSSocket:
        wrapped = None
        try:
            wrapped = GuardedTLSSocket(sock, self.tls_context(), target.name, allowance)
            wrapped.shake_hands()
        except (OSError, TooMuch) as error:
            if wrapped is not None:
                wrapped.close()
            raise handshake_trouble(error, str(target)) from None
        return wrapped


def _hung_up(target: Target) -> Trouble:
    return Trouble("connection_lost", f"{target} hung up at once.")


def _addresses(target: Target, look_ups: LookUps, allowance: Allowance) -> Sequence[str]:
    """The target's addresses in the resolver's order, each once. An address needs no resolver."""
    try:
        return [str(ipaddress.ip_address(target.host))]
    except ValueError:
        pass
    try:
        seconds = allowance.seconds_left()
        with allowance.turns.away():
            found = look_ups.ask(target.host, target.port, seconds)
    except TimeoutError:
        raise Trouble("name_not_found", f"The name {target.name} could not be looked up in time.") from None
    except socket.gaierror as error:
        passing = error.errno == socket.EAI_AGAIN
        why = "cannot be looked up at the moment" if passing else "does not exist or has no address"
        raise Trouble("name_not_found", f"The name {target.name} {why}.") from None
    except (OSError, ValueError):  # a UnicodeError for labels that no name has
        raise Trouble("name_not_found", f"The name {target.name} cannot be looked up.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses:
        raise Trouble("name_not_found", f"The name {target.name} does not exist or has no address.")
    return addresses
