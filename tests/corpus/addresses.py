"""The address entries, each through the real door and the real sender, and through either of them alone.

An entry is right when nothing is complained of. Injected are the resolver's answers and the connections, which are
written down and lead nowhere; the store of the door is in memory. Nothing else is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_address

from lambdas.adapters.guarded_connection import Policy
from lambdas.adapters.http_sender import HttpSender
from lambdas.jobs.job import Job
from lambdas.jobs.outcome import Verdict, judge
from lambdas.jobs.outgoing import outgoing_request
from lambdas.jobs.sending import Answer, Failure, OutgoingRequest
from tests.adapters import hostile_server as hostile
from tests.adapters.sending import CLOCK, send_now
from tests.corpus.door import Door, Told
from tests.corpus.files import AddressCorpus, AddressEntry
from tests.corpus.internet import Internet, is_outside


class NoPolicy:
    """The socket's check switched off."""

    def allows(self, ip: str, port: int, host: str) -> bool:
        return True


class AddressChecks:
    """The checks of one corpus. Each yields what is wrong with an entry, as "expected …, got …"."""

    def __init__(self, corpus: AddressCorpus, *, now_ms: int) -> None:
        self._rules = corpus.rules
        self._now_ms = now_ms

    def whole(self, entry: AddressEntry) -> Iterator[str]:
        """Both checks at work: the verdict, at the stage that the entry names."""
        door = Door(self._rules, now_ms=self._now_ms)
        told = door.schedule(_document(entry))
        if entry.verdict == "block" and entry.stage == "api":
            yield from _complaints_of_the_door(entry, told, door)
            yield from self.sender_alone(entry)
        elif told.status == 201:
            yield from self._accepted(entry, door.jobs[0])
        elif entry.verdict == "allow" or not told.refused:
            yield f"expected 201 at the door, got {told}"

    def sender_alone(self, entry: AddressEntry) -> Iterator[str]:
        """The string's check at the door is off: the URL reaches the sender as it was written.

        Nothing may be connected to but public addresses on allowed ports, also if those refuse; and where the URL
        itself is what must be blocked, nothing at all.
        """
        request = OutgoingRequest("GET", entry.url, (), None)
        for refusing in (False, True):
            internet = self._internet(entry, refusing=refusing)
            for _ in range(_attempts(entry)):
                self._send(request, internet, self._rules.addresses)
            yield from self._forbidden(internet)
            if entry.verdict == "block" and entry.stage == "api" and internet.dialled:
                yield f"expected no connection by the sender, got {internet.dialled}"

    def door_alone(self, entry: AddressEntry) -> Iterator[str]:
        """The socket's check is off: of what the door can see, nothing may come as far as to a forbidden address.

        What only DNS shows (stage `worker`) is the socket's own; there is nothing to be held against the door.
        """
        door = Door(self._rules, now_ms=self._now_ms)
        if entry.stage == "api" and door.schedule(_document(entry)).status == 201:
            internet = self._internet(entry)
            self._send(outgoing_request(door.jobs[0]), internet, NoPolicy())
            yield from self._forbidden(internet)

    def _accepted(self, entry: AddressEntry, job: Job) -> Iterator[str]:
        """What becomes of a job that the door let in."""
        if entry.canonical not in (None, job.request.url):
            yield f"expected to be stored as {entry.canonical}, got {job.request.url}"
        for refusing in (False, True) if entry.verdict != "allow" else (False,):
            internet = self._internet(entry, refusing=refusing)
            results = [
                self._send(outgoing_request(job), internet, self._rules.addresses) for _ in range(_attempts(entry))
            ]
            yield from self._forbidden(internet)
        if entry.verdict == "block":
            yield from self._complaints_of_a_block(entry, job)
        if entry.verdict == "allow":
            yield from _complaints_of_an_allow(entry, internet, results)

    def _complaints_of_a_block(self, entry: AddressEntry, job: Job) -> Iterator[str]:
        """The first attempt fails without a connection; or, where the danger is a redirect, at its first hop."""
        internet = self._internet(entry)
        result = self._send(outgoing_request(job), internet, self._rules.addresses)
        if judge(job, result).verdict is Verdict.SUCCEEDED:
            yield "expected an attempt that does not succeed, got a success"
        if entry.redirect_to is None and internet.dialled:
            yield f"expected no connection, got {internet.dialled}"
        if entry.redirect_to is not None and not (isinstance(result, Answer) and len(internet.dialled) == 1):
            yield f"expected the first hop and no other, got {internet.dialled}"

    def _forbidden(self, internet: Internet) -> Iterator[str]:
        places = zip(internet.dialled, internet.ports, strict=True)
        bad = [
            f"{ip} {port}"
            for ip, port in places
            if not is_outside(ip) or port not in self._rules.addresses.allowed_ports
        ]
        if bad:
            yield f"expected connections to public addresses on allowed ports only, got {', '.join(bad)}"

    @staticmethod
    def _internet(entry: AddressEntry, *, refusing: bool = False) -> Internet:
        answer = hostile.OK
        if entry.redirect_to is not None:
            head = f"HTTP/1.1 302 Found\r\nLocation: {entry.redirect_to}\r\nContent-Length: 0\r\n\r\n"
            answer = head.encode("latin-1", errors="replace")
        internet = Internet(entry.dns, answer=answer)
        internet.refusing = Internet.everybody if refusing else frozenset()
        return internet

    @staticmethod
    def _send(request: OutgoingRequest, internet: Internet, policy: Policy) -> Answer | Failure:
        by = HttpSender(policy=policy, clock=CLOCK, resolver=internet.resolve, dial=internet.dial)
        return send_now(request, by=by)


def _document(entry: AddressEntry) -> bytes:
    return json.dumps({"url": entry.url, "delay_seconds": 0}).encode()


def _attempts(entry: AddressEntry) -> int:
    """As many as the entry has answers of the resolver: a name may lead elsewhere each time."""
    return max([1, *map(len, entry.dns.values())])


def _complaints_of_the_door(entry: AddressEntry, told: Told, door: Door) -> Iterator[str]:
    changed = door.change(json.dumps({"url": entry.url}).encode())
    for what, answer in (("when scheduled", told), ("when changed", changed)):
        codes = {code for _, code in answer.faults}
        if not answer.refused or not all(code.startswith("url_") or code == "invalid_unicode" for code in codes):
            yield f"expected a refusal with a url_ code {what}, got {answer}"


def _complaints_of_an_allow(entry: AddressEntry, internet: Internet, results: list[Answer | Failure]) -> Iterator[str]:
    wanted = entry.connect_to and ip_address(entry.connect_to)
    if len(internet.dialled) < len(results) or wanted not in ("", None, ip_address(internet.dialled[0])):
        yield f"expected a connection to {entry.connect_to or 'a public address'}, got {internet.dialled or 'none'}"
    failures = [result for result in results if isinstance(result, Failure)]
    # The other end speaks no TLS: of https it is the connection that shows that the target was reached.
    if failures and not (entry.url.lower().startswith("https:") and failures[0].code == "tls_failed"):
        yield f"expected an answer, got {failures[0].code}"
