"""Making, showing and revoking API keys."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.jobs.errors import KeyNotFound, RequestRefused
from lambdas.jobs.keys import SCOPES, ApiKey, hash_of, key_id_of
from lambdas.jobs.new_key import MOST_KEYS, Randomness, make_key, revoke_key, shown_key
from tests.fake_keys import FakeKeys
from tests.fakes import NOW_MS

RIGHT = {"name": "deploy", "scopes": ["jobs:write", "jobs:read"]}
ALL = frozenset(SCOPES)


@pytest.fixture
def keys() -> FakeKeys:
    return FakeKeys()


def make(
    keys: FakeKeys, document: dict[str, Any], *, number: int = 1, owner: str = "ada", allowed: frozenset[str] = ALL
) -> tuple[ApiKey, str]:
    randomness = Randomness(f"{number:016x}", 2**256 - number)
    return make_key(document, owner=owner, allowed=allowed, keys=keys, randomness=randomness, now_ms=NOW_MS)


def refused(keys: FakeKeys, document: dict[str, Any], **more: Any) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        make(keys, document, **more)
    assert not keys.of_owner("eve")
    return caught.value


def test_a_key_is_what_was_asked_for_and_opens_with_its_text(keys: FakeKeys) -> None:
    """The text holds the id; what is stored does not hold the text."""
    key, text = make(keys, {**RIGHT, "expires_at": "2027-01-01T01:00:00+01:00"})
    assert shown_key(key) == {
        "id": "0000000000000001",
        "name": "deploy",
        "scopes": ["jobs:write", "jobs:read"],
        "created_at": "2026-09-21T14:13:20.000Z",
        "expires_at": "2027-01-01T00:00:00.000Z",
        "last_used_at": None,
    }
    assert key_id_of(text) == key.id
    assert keys.find(key.id) == key
    assert key.is_opened_by(hash_of(text))
    assert text not in repr(keys.find(key.id))


@pytest.mark.parametrize("expires_at", [{}, {"expires_at": None}], ids=["left out", "null"])
def test_a_key_may_have_no_end(keys: FakeKeys, expires_at: dict[str, Any]) -> None:
    """Null says so as well."""
    key, _ = make(keys, {**RIGHT, **expires_at})
    assert key.expires_at_ms is None
    assert shown_key(key)["expires_at"] is None


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"name": 7}, [("name", "type")]),
        ({"name": None}, [("name", "type")]),
        ({"name": "  "}, [("name", "range")]),
        ({"name": "n" * 201}, [("name", "range")]),
        ({"scopes": "jobs:read"}, [("scopes", "type")]),
        ({"scopes": [["jobs:read"]]}, [("scopes", "type")]),
        ({"scopes": []}, [("scopes", "range")]),
        ({"scopes": ["jobs:all"]}, [("scopes", "range")]),
        ({"scopes": ["jobs:read", "jobs:read"]}, [("scopes", "range")]),
        ({"expires_at": 1_800_000_000}, [("expires_at", "type")]),
        ({"expires_at": "tomorrow"}, [("expires_at", "at_format")]),
        ({"expires_at": "2027-01-01T00:00:00"}, [("expires_at", "at_offset_required")]),
        ({"expires_at": "2026-09-21T14:13:20Z"}, [("expires_at", "at_past")]),
        ({"expires_at": "2199-01-01T00:00:00Z"}, [("expires_at", "at_too_far")]),
        ({"owner": "eve"}, [("owner", "unknown_field")]),
        (
            {"hash": "", "name": "", "scopes": 1, "expires_at": ""},
            [("hash", "unknown_field"), ("name", "range"), ("scopes", "type"), ("expires_at", "at_format")],
        ),
    ],
)
def test_what_is_wrong_is_told_all_at_once(
    keys: FakeKeys, changes: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    """And nothing is made."""
    error = refused(keys, {**RIGHT, **changes}, owner="eve")
    assert error.status == 422
    assert [(fault.field, fault.code) for fault in error.faults] == faults


def test_name_and_scopes_must_be_there(keys: FakeKeys) -> None:
    """No key has every scope by default."""
    assert [(fault.field, fault.code) for fault in refused(keys, {}).faults] == [
        ("name", "required"),
        ("scopes", "required"),
    ]


def test_nobody_gives_away_more_than_they_have(keys: FakeKeys) -> None:
    """The refusal names what is missing (T6)."""
    error = refused(keys, RIGHT, allowed=frozenset({"jobs:read", "keys:write"}), owner="eve")
    assert (error.status, error.code) == (403, "forbidden")
    assert "jobs:write" in error.detail
    assert "jobs:read" not in error.detail
    make(keys, RIGHT, allowed=frozenset({"jobs:read", "jobs:write"}))


def test_an_owner_has_at_most_a_hundred_keys(keys: FakeKeys) -> None:
    """T10. Those of others do not count, and a revoked one makes room."""
    for number in range(MOST_KEYS):
        make(keys, RIGHT, number=number)
    error = refused(keys, RIGHT, number=MOST_KEYS)
    assert (error.status, error.code) == (429, "quota_exceeded")
    make(keys, RIGHT, number=MOST_KEYS + 1, owner="bob")
    revoke_key(f"{7:016x}", owner="ada", keys=keys)
    make(keys, RIGHT, number=MOST_KEYS)


@pytest.mark.parametrize("key_id", ["0000000000000001", "0000000000000002", "", "1", "KEY#1", "000000000000000G"])
def test_what_is_not_ones_own_cannot_be_revoked(keys: FakeKeys, key_id: str) -> None:
    """T5: a key of somebody else looks like one that never was, or cannot be."""
    make(keys, RIGHT, owner="bob")
    with pytest.raises(KeyNotFound):
        revoke_key(key_id, owner="eve", keys=keys)
    assert len(keys.of_owner("bob")) == 1
