"""The corpus of bad and of good requests, entry by entry, from the gateway's event to the answer."""

from __future__ import annotations

import pytest

from tests.corpus.door import Door
from tests.corpus.files import ADDRESSES, REQUESTS, RequestEntry, read_addresses, read_requests
from tests.corpus.requests import complaints
from tests.fakes import NOW_MS

CORPUS = read_requests(REQUESTS)
RULES = read_addresses(ADDRESSES).rules
GOOD = (
    b'{"url": "https://hooks.customer.com/run", "delay_seconds": 60, "headers": {"Authorization": "canary-of-a-token"}}'
)


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.id) for entry in CORPUS.bad + CORPUS.valid])
def test_each_request_is_taken_as_it_should_be(entry: RequestEntry) -> None:
    """T4, T10: bad ones are refused with status, code and field, and store nothing; good ones mean what they say."""
    assert list(complaints(entry, RULES, now_ms=NOW_MS)) == []


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.id) for entry in CORPUS.bad])
def test_one_fault_raises_no_second(entry: RequestEntry) -> None:
    """Each of these has one, and that alone is told."""
    assert len(Door(RULES, now_ms=NOW_MS).schedule(entry.content, entry.headers).faults) == 1


@pytest.mark.parametrize(
    ("content", "expect", "field", "complaint"),
    [
        pytest.param(GOOD, {"status": 422, "code": "at_past"}, "at", "expected 422 at_past at at", id="accepted"),
        pytest.param(GOOD, {"status": 422, "code": "at_past"}, "at", "expected nothing to be stored", id="stored"),
        pytest.param(b"{}", {"status": 422, "code": "type"}, "url", "got 422 required at url", id="another code"),
        pytest.param(b"{", {"status": 422, "code": "invalid_json"}, "document", "got 400", id="another status"),
        pytest.param(GOOD, {"method": "PUT"}, None, "expected method PUT, got POST", id="another meaning"),
        pytest.param(GOOD, {"retry": {"max_attempts": 3}}, None, "expected retry", id="another value inside"),
        pytest.param(b"{}", {}, None, "expected 201, got 422", id="refused"),
    ],
)
def test_what_is_not_taken_as_it_should_be_is_told(
    content: bytes, expect: dict[str, object], field: str | None, complaint: str
) -> None:
    """A check that finds nothing must be one that could."""
    entry = RequestEntry("X", content, {"Content-Type": "application/json"}, expect, field, None)
    assert complaint in " ".join(complaints(entry, RULES, now_ms=NOW_MS))
