"""Making, showing and revoking API keys."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.jobs.errors import KeyExists, KeyNotFound, KeyReused, QuotaExceeded, RequestRefused, StoreUnavailable
from lambdas.jobs.keys import MOST_KEYS, SCOPES, ApiKey, hash_of, key_id_of
from lambdas.jobs.new_key import MadeKey, Randomness, make_key, revoke_key, shown_key
from lambdas.jobs.receipt import KEPT_MS, RequestKey
from tests.fakes import NOW_MS, FakeJobStore, FakeKeys

RIGHT = {"name": "deploy", "scopes": ["jobs:write", "jobs:read"]}
ALL = frozenset(SCOPES)


@pytest.fixture
def keys() -> FakeKeys:
    return FakeKeys()


def make(
    keys: FakeKeys, document: dict[str, Any], *, number: int = 1, owner: str = "ada", allowed: frozenset[str] = ALL
) -> tuple[ApiKey, str]:
    made = make_once(keys, document, number=number, owner=owner, allowed=allowed)
    assert made.text is not None
    return made.key, made.text


def make_once(
    keys: FakeKeys,
    document: dict[str, Any],
    *,
    number: int = 1,
    owner: str = "ada",
    allowed: frozenset[str] = ALL,
    receipts: FakeJobStore | None = None,
    name: str | None = None,
    now_ms: int = NOW_MS,
) -> MadeKey:
    """With the Idempotency-Key of this name, if any."""
    return make_key(
        document,
        owner=owner,
        allowed=allowed,
        once=None if name is None else RequestKey.of(name, owner=owner, route="POST /v1/keys", document=document),
        keys=keys,
        receipts=FakeJobStore() if receipts is None else receipts,
        randomness=Randomness(f"{number:016x}", 2**256 - number),
        now_ms=now_ms,
    )


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
    assert not any("local" in fault.message for fault in error.faults)


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


def test_of_those_who_make_the_last_key_at_once_one_does(keys: FakeKeys) -> None:
    """T10: the others have looked, and seen room; they are told like those who come later."""
    for number in range(MOST_KEYS - 1):
        make(keys, RIGHT, number=number)
    receipts = FakeJobStore()
    receipts.after["keep"] = lambda: make(keys, RIGHT, number=MOST_KEYS)
    with pytest.raises(QuotaExceeded):
        make_once(keys, RIGHT, number=MOST_KEYS + 1, receipts=receipts, name="k")
    assert len(keys.of_owner("ada")) == MOST_KEYS


@pytest.mark.parametrize("key_id", ["0000000000000001", "0000000000000002", "", "1", "KEY#1", "000000000000000G"])
def test_what_is_not_ones_own_cannot_be_revoked(keys: FakeKeys, key_id: str) -> None:
    """T5: a key of somebody else looks like one that never was, or cannot be."""
    make(keys, RIGHT, owner="bob")
    with pytest.raises(KeyNotFound):
        revoke_key(key_id, owner="eve", keys=keys)
    assert len(keys.of_owner("bob")) == 1


class TestOnce:
    """F1, F2: a request with an Idempotency-Key makes one key, and shows it once."""

    @pytest.fixture
    def receipts(self) -> FakeJobStore:
        return FakeJobStore()

    def test_a_repeated_request_finds_its_key_without_its_text(self, keys: FakeKeys, receipts: FakeJobStore) -> None:
        """As it is now."""
        first = make_once(keys, RIGHT, receipts=receipts, name="k")
        keys.note_use(first.key, now_ms=NOW_MS + 5)
        again = make_once(keys, RIGHT, receipts=receipts, name="k", number=2)
        assert (again.key.id, again.text, again.key.last_used_at_ms) == (first.key.id, None, NOW_MS + 5)
        assert len(keys.of_owner("ada")) == 1

    def test_another_request_with_it_is_refused(self, keys: FakeKeys, receipts: FakeJobStore) -> None:
        """And makes nothing."""
        make_once(keys, RIGHT, receipts=receipts, name="k")
        with pytest.raises(KeyReused):
            make_once(keys, {**RIGHT, "name": "other"}, receipts=receipts, name="k", number=2)
        assert len(keys.of_owner("ada")) == 1

    def test_anothers_is_nothing_to_anybody(self, keys: FakeKeys, receipts: FakeJobStore) -> None:
        """T5."""
        make_once(keys, RIGHT, receipts=receipts, name="k", owner="eve")
        assert make_once(keys, RIGHT, receipts=receipts, name="k", number=2).text is not None

    def test_an_api_that_died_before_the_key_was_stored_is_made_good(
        self, keys: FakeKeys, receipts: FakeJobStore
    ) -> None:
        """Under the id that the receipt names."""
        keys.lost = {"add"}
        with pytest.raises(StoreUnavailable):
            make_once(keys, RIGHT, receipts=receipts, name="k")
        made = make_once(keys, RIGHT, receipts=receipts, name="k", number=2)
        assert made.text is not None and key_id_of(made.text) == made.key.id == f"{1:016x}"

    def test_of_two_at_once_one_makes_the_key(self, keys: FakeKeys, receipts: FakeJobStore) -> None:
        """The other comes between its receipt and its key, finds no key yet, and is faster."""
        rival: list[MadeKey] = []
        receipts.after["keep"] = lambda: rival.append(make_once(keys, RIGHT, receipts=receipts, name="k", number=2))
        made = make_once(keys, RIGHT, receipts=receipts, name="k")
        assert made.key == rival[0].key and made.text is None and rival[0].text is not None
        assert list(keys.of_owner("ada")) == [made.key]

    def test_a_refused_request_uses_up_no_key(self, keys: FakeKeys, receipts: FakeJobStore) -> None:
        """T10: nothing is kept of it, whether it is wrong or one too many."""
        with pytest.raises(RequestRefused):
            make_once(keys, {**RIGHT, "name": ""}, receipts=receipts, name="k")
        for number in range(MOST_KEYS):
            make(keys, RIGHT, number=10 + number)
        with pytest.raises(QuotaExceeded):
            make_once(keys, {**RIGHT, "name": "other"}, receipts=receipts, name="k")
        assert not list(receipts.receipts())
        revoke_key(f"{10:016x}", owner="ada", keys=keys)
        assert make_once(keys, RIGHT, receipts=receipts, name="k", number=2).text is not None

    def test_an_end_that_has_passed_is_no_fault_of_the_repeated_request(
        self, keys: FakeKeys, receipts: FakeJobStore
    ) -> None:
        """Nor are a hundred keys that were made since."""
        document = {**RIGHT, "expires_at": "2026-09-21T14:13:21Z"}
        first = make_once(keys, document, receipts=receipts, name="k")
        again = make_once(keys, document, receipts=receipts, name="k", number=2, now_ms=NOW_MS + 2_000)
        assert again == MadeKey(first.key, None)

    def test_after_a_day_it_may_be_used_for_something_new(self, keys: FakeKeys, receipts: FakeJobStore) -> None:
        """As for jobs."""
        make_once(keys, RIGHT, receipts=receipts, name="k")
        later = make_once(keys, RIGHT, receipts=receipts, name="k", number=2, now_ms=NOW_MS + KEPT_MS)
        assert later.text is not None and later.key.id == f"{2:016x}"

    def test_an_id_that_is_taken_is_nobodys_to_have(self, keys: FakeKeys) -> None:
        """It never happens: 64 random bits. If it does, no key is written over and none is shown."""
        make(keys, RIGHT, owner="bob")
        with pytest.raises(KeyExists):
            make(keys, {**RIGHT, "name": "mine"})
