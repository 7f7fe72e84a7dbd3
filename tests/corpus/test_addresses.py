"""The corpus of hostile and benign addresses, entry by entry, with both checks at work and with either alone."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.jobs import addresses, requested
from tests.corpus.addresses import AddressChecks
from tests.corpus.files import ADDRESSES, AddressEntry, read_addresses
from tests.fakes import NOW_MS

CORPUS = read_addresses(ADDRESSES)
CHECKS = AddressChecks(CORPUS, now_ms=NOW_MS)


def entries(*stages: str) -> list[Any]:
    return [pytest.param(entry, id=entry.id) for entry in CORPUS.entries if entry.stage in stages]


@pytest.mark.parametrize("entry", entries("api", "worker"))
def test_each_address_meets_its_verdict_at_its_stage(entry: AddressEntry) -> None:
    """T1, T2, T3: refused at the door where it can be seen, by POST and by PATCH; at the socket in any case."""
    assert list(CHECKS.whole(entry)) == []


@pytest.mark.parametrize("entry", entries("api", "worker"))
def test_the_sockets_check_alone_lets_nothing_reach_an_inside_address(entry: AddressEntry) -> None:
    """T1, T2: as if the door looked at nothing, and as if every unknown name led to the worker itself."""
    assert list(CHECKS.sender_alone(entry)) == []


@pytest.mark.parametrize("entry", entries("api"))
def test_the_doors_check_alone_stops_all_that_it_can_see(entry: AddressEntry) -> None:
    """T1: as if the socket looked at nothing."""
    assert list(CHECKS.door_alone(entry)) == []


class TestTheChecksSee:
    """What the checks are for: with the guards gone they complain."""

    INSIDE = AddressEntry("X1", "http://127.0.0.1/", "block", "api")
    LEADS_INSIDE = AddressEntry("X2", "http://a.b.com/", "block", "worker", {"a.b.com": [["10.0.0.5"]]})

    def test_a_door_that_lets_everything_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Both by the whole and by the door alone."""
        monkeypatch.setattr(requested, "canonical_url", lambda url, rules: url)
        assert "expected a refusal" in next(CHECKS.whole(self.INSIDE))
        assert "127.0.0.1 80" in next(CHECKS.door_alone(self.INSIDE))

    def test_a_socket_that_connects_to_everything(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Both by the whole and by the sender alone."""
        monkeypatch.setattr(addresses, "is_public", lambda address: True)
        assert "10.0.0.5 80" in next(CHECKS.whole(self.LEADS_INSIDE))
        assert "10.0.0.5 80" in next(CHECKS.sender_alone(self.LEADS_INSIDE))

    @pytest.mark.parametrize(
        ("entry", "complaint"),
        [
            (AddressEntry("X3", "http://10.0.0.5/", "allow", "api"), "expected 201 at the door"),
            (AddressEntry("X4", "http://1.1.1.1/", "block", "api"), "expected a refusal"),
            (AddressEntry("X5", "http://1.1.1.1/", "allow", "api", connect_to="1.0.0.1"), "connection to 1.0.0.1"),
            (AddressEntry("X6", "http://1.1.1.1/", "allow", "api", canonical="http://1.1.1.1"), "stored as"),
            (AddressEntry("X7", "http://1.1.1.1/", "block", "worker"), "an attempt that does not succeed"),
            (AddressEntry("X8", "http://a.b.com/", "allow", "worker", {"a.b.com": [[]]}), "expected a connection"),
        ],
    )
    def test_a_verdict_that_is_not_met(self, entry: AddressEntry, complaint: str) -> None:
        """Whatever the entry asks for."""
        assert complaint in " ".join(CHECKS.whole(entry))
