"""An internet of which every answer is scripted and every connection written down."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Mapping, Sequence, Set
from ipaddress import ip_address, ip_network
from typing import Any

from lambdas.adapters.guarded_socket import GuardedSocket
from tests.adapters import hostile_server as hostile

INSIDE = "127.0.0.1"
"""Where names lead that a script does not know: the worst that a resolver could say."""

_PUBLIC = ("0.0.0.0/0", "2000::/3")
SPECIAL = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
)


def is_outside(ip: str) -> bool:
    """Whether an address is global unicast, by a list of its own: the guard's must not be its own judge."""

    def is_in(blocks: Sequence[str]) -> bool:
        return any(ip_address(ip) in ip_network(block) for block in blocks)

    return is_in(_PUBLIC) and not is_in(SPECIAL)


class Internet:
    """A resolver with scripted answers and a dial that connects to nothing, but keeps whom it was asked for.

    `dns`: name → successive lists of addresses, the last for ever. `refusing` addresses refuse, `silent` ones time
    out (`everybody` stands for all); everyone else answers any request with `answer`.
    """

    everybody = frozenset({"everybody"})

    def __init__(self, dns: Mapping[str, Sequence[Sequence[str]]], *, answer: bytes = hostile.OK) -> None:
        self._dns = {name: itertools.chain(answers, itertools.repeat(answers[-1])) for name, answers in dns.items()}
        self._answer = answer
        self.refusing: Set[str] = frozenset()
        self.silent: Set[str] = frozenset()
        self.peer: str | None = None
        self.dialled: list[str] = []
        self.ports: list[int] = []

    def resolve(self, host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
        """As getaddrinfo: knows the scripted names, and like it every way of writing an address. Every other name
        leads inside."""
        name = host.rstrip(".").lower()
        if name not in self._dns:
            try:
                return socket.getaddrinfo(host, port, type=type, flags=socket.AI_NUMERICHOST)
            except socket.gaierror:
                return [(socket.AF_INET, type, 6, "", (INSIDE, port))]
        addresses = next(self._dns[name])
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, type, 6, "", (ip, port)) for ip in addresses]

    def dial(self, ip: str, port: int, seconds: float) -> GuardedSocket:
        self.dialled.append(ip)
        self.ports.append(port)
        if {ip, *self.everybody} & self.refusing:
            raise ConnectionRefusedError
        if {ip, *self.everybody} & self.silent:
            raise TimeoutError
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._serve, args=(theirs,), daemon=True).start()
        return Pretended((self.peer or ip, port), ours)

    def _serve(self, conn: socket.socket) -> None:
        with conn:
            if conn.recv(65_536):
                conn.sendall(self._answer)


class Pretended(GuardedSocket):
    """One end of a pair of sockets that says it is connected to somewhere."""

    def __init__(self, peer: tuple[str, int], sock: socket.socket) -> None:
        super().__init__(sock.family, sock.type, 0, sock.detach())
        self._peer = peer

    def getpeername(self) -> tuple[str, int]:
        return self._peer
