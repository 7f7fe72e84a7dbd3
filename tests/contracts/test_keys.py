"""What every store of API keys does: it finds a key by its id and by its owner, until it is revoked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from lambdas.adapters.attribute_values import to_attribute
from lambdas.adapters.dynamodb_keys import KEPT_AFTER_EXPIRY_SECONDS
from lambdas.jobs.errors import DamagedItem, KeyExists, KeysFull
from lambdas.jobs.keys import ApiKey, hash_of
from lambdas.jobs.ports import KeyStore
from tests.contracts.aws_places import interrupted
from tests.contracts.conftest import DYNAMODB_LOCAL, EMULATOR, MOST_KEYS, Table, table_in
from tests.fakes import NOW_MS, FakeKeys

KEY = ApiKey("00000000000000a1", "ada", "deploy", ("jobs:read", "jobs:write"), NOW_MS, hash_of("a1"), NOW_MS + 9_999)


def key(number: int, **changes: Any) -> ApiKey:
    return replace(KEY, id=f"{number:016x}", created_at_ms=NOW_MS + number, **changes)


def test_a_key_is_found_as_it_was_stored(keys: KeyStore) -> None:
    """Whole, and no other with it."""
    keys.add(KEY)
    assert keys.find(KEY.id) == KEY
    assert keys.find("00000000000000a2") is None


def test_a_key_without_an_end_is_found_so(keys: KeyStore) -> None:
    """None stays None."""
    keys.add(key(1, expires_at_ms=None))
    assert keys.find(key(1).id) == key(1, expires_at_ms=None)


def test_an_id_is_taken_once(keys: KeyStore) -> None:
    """Nobody's key is written over. The same write again is fine: the reply to the first was lost."""
    keys.add(KEY)
    keys.add(KEY)
    for rival in (replace(KEY, owner="eve"), replace(KEY, hash=hash_of("other"))):
        with pytest.raises(KeyExists):
            keys.add(rival)
    assert keys.find(KEY.id) == KEY
    assert list(keys.of_owner("eve")) == []


def test_an_owner_has_their_own_keys_the_oldest_first(keys: KeyStore) -> None:
    """Owners whose names look alike are different owners."""
    for number, owner in enumerate(("ada", "Ada", "ada#KEY", "adam", "ada")):
        keys.add(key(9 - number, owner=owner))
    assert list(keys.of_owner("ada")) == [key(5, owner="ada"), key(9, owner="ada")]
    assert list(keys.of_owner("ada#KEY")) == [key(7, owner="ada#KEY")]
    assert list(keys.of_owner("nobody")) == []


def full_but(keys: KeyStore, free: int) -> None:
    """Fill all of ada's places but so many; key(0) is the first."""
    for number in range(MOST_KEYS - free):
        keys.add(key(number))


def test_an_owner_has_so_many_keys_and_no_more(keys: KeyStore) -> None:
    """T10. One that is there already is no more, others' do not count, and a revoked one makes room."""
    full_but(keys, 0)
    with pytest.raises(KeysFull):
        keys.add(key(MOST_KEYS))
    assert keys.find(key(MOST_KEYS).id) is None
    keys.add(key(0))
    with pytest.raises(KeyExists):
        keys.add(key(0, name="other"))
    keys.add(key(MOST_KEYS + 1, owner="bob"))
    keys.revoke(key(3).id, owner="ada")
    keys.add(key(MOST_KEYS))
    left = [key(number).id for number in range(MOST_KEYS + 1) if number != 3]
    assert [found.id for found in keys.of_owner("ada")] == left


@pytest.mark.parametrize("place", ["fake", EMULATOR, DYNAMODB_LOCAL])
def test_those_who_make_keys_at_once_share_the_room_that_is_left(place: str, request: pytest.FixtureRequest) -> None:
    """T10: ten requests, four places. moto is left out, whose transactions are not made for threads."""
    keys = FakeKeys(MOST_KEYS) if place == "fake" else table_in(place, request).keys()
    full_but(keys, 4)
    barrier = threading.Barrier(10)

    def make(number: int) -> bool:
        barrier.wait()
        with suppress(KeysFull):
            keys.add(key(number))
            return True
        return False

    with ThreadPoolExecutor(10) as threads:
        made = list(threads.map(make, range(MOST_KEYS, MOST_KEYS + 10)))
    assert made.count(True) == 4
    assert len(keys.of_owner("ada")) == MOST_KEYS


def test_a_revoked_key_is_gone(keys: KeyStore) -> None:
    """From both places; the second time there is nothing to revoke."""
    keys.add(KEY)
    keys.add(key(2))
    assert keys.revoke(KEY.id, owner="ada")
    assert keys.find(KEY.id) is None
    assert list(keys.of_owner("ada")) == [key(2)]
    assert not keys.revoke(KEY.id, owner="ada")


def test_nobody_revokes_anothers_key(keys: KeyStore) -> None:
    """T5."""
    keys.add(KEY)
    assert not keys.revoke(KEY.id, owner="eve")
    assert keys.find(KEY.id) == KEY


def test_the_last_use_is_kept(keys: KeyStore) -> None:
    """And seen by both ways to the key."""
    keys.add(KEY)
    keys.note_use(KEY, now_ms=NOW_MS + 5)
    used = replace(KEY, last_used_at_ms=NOW_MS + 5)
    assert keys.find(KEY.id) == used
    assert list(keys.of_owner("ada")) == [used]


def test_a_use_does_not_bring_a_revoked_key_back(keys: KeyStore) -> None:
    """It was revoked between the look-up and the note."""
    keys.add(KEY)
    keys.revoke(KEY.id, owner="ada")
    keys.note_use(KEY, now_ms=NOW_MS + 5)
    assert keys.find(KEY.id) is None
    assert list(keys.of_owner("ada")) == []


def test_expired_keys_leave_the_table_a_month_later(table: Table) -> None:
    """Both items, by DynamoDB's time to live; a key without an end stays."""
    table.keys().add(KEY)
    table.keys().add(key(2, owner="bob", expires_at_ms=None))
    ends = {
        item["pk"]["S"]: item.get("expires_at", {}).get("N")
        for item in table.client.scan(TableName=table.name)["Items"]
    }
    end = str((NOW_MS + 9_999) // 1000 + KEPT_AFTER_EXPIRY_SECONDS)
    assert ends == {f"KEY#{KEY.id}": end, "OWNER#ada": end, f"KEY#{key(2).id}": None, "OWNER#bob": None}


def test_a_key_that_was_half_revoked_is_not_shown(table: Table) -> None:
    """The api died between the two deletes."""
    keys = table.keys()
    keys.add(KEY)

    def die(**_: Any) -> None:
        raise InterruptedError

    with (
        interrupted(table.client, "before-call.dynamodb.DeleteItem", die, skip=1),
        pytest.raises(InterruptedError),
    ):
        keys.revoke(KEY.id, owner="ada")
    assert keys.find(KEY.id) is None
    assert list(keys.of_owner("ada")) == []


def test_a_place_that_a_rival_took_is_not_taken_from_them(table: Table) -> None:
    """T10: it was free when we looked. The next free one is taken instead, if there is one."""
    keys = table.keys()
    full_but(keys, 1)
    rival = partial(keys.add, key(MOST_KEYS))
    with (
        interrupted(table.client, "before-call.dynamodb.TransactWriteItems", lambda **_: rival()),
        pytest.raises(KeysFull),
    ):
        keys.add(key(MOST_KEYS + 1))
    keys.revoke(key(0).id, owner="ada")

    def rivals(**_: Any) -> None:
        keys.add(key(MOST_KEYS + 2))
        keys.revoke(key(1).id, owner="ada")

    with interrupted(table.client, "before-call.dynamodb.TransactWriteItems", rivals):
        keys.add(key(MOST_KEYS + 3))
    assert [found.id for found in keys.of_owner("ada")][-3:] == [key(MOST_KEYS + n).id for n in (0, 2, 3)]


def test_a_place_that_leads_nowhere_is_taken_when_no_other_is_free(table: Table) -> None:
    """Left by a key that was half revoked, or deleted at its end; by one of two who want it."""
    keys = table.keys()
    full_but(keys, 0)
    for number in (3, 4):
        place = {"pk": {"S": f"KEY#{key(number).id}"}, "sk": {"S": "KEY"}}
        table.client.delete_item(TableName=table.name, Key=place)
    rival = partial(keys.add, key(MOST_KEYS))
    with interrupted(table.client, "before-call.dynamodb.TransactWriteItems", lambda **_: rival()):
        keys.add(key(MOST_KEYS + 1))
    with pytest.raises(KeysFull):
        keys.add(key(MOST_KEYS + 2))
    left = [key(number).id for number in range(MOST_KEYS + 2) if number not in (3, 4)]
    assert [found.id for found in keys.of_owner("ada")] == left


def test_a_revocation_that_is_slow_takes_nobody_elses_place(table: Table) -> None:
    """Between its two deletes another key came, and took the place that led nowhere."""
    keys = table.keys()
    full_but(keys, 0)
    rival = partial(keys.add, key(MOST_KEYS))
    with interrupted(table.client, "before-call.dynamodb.DeleteItem", lambda **_: rival(), skip=1):
        assert keys.revoke(key(3).id, owner="ada")
    assert key(MOST_KEYS) in keys.of_owner("ada")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("hash", "text"), ("hash", None), ("scopes", "jobs:read"), ("scopes", [1]), ("owner", 7), ("valid_until", "soon")],
)
def test_a_damaged_key_opens_nothing_and_hides_no_other(table: Table, attribute: str, value: Any) -> None:
    """F28: whatever of it is not as it should be."""
    keys = table.keys()
    keys.add(KEY)
    keys.add(key(2))
    place = {"pk": {"S": f"KEY#{KEY.id}"}, "sk": {"S": "KEY"}}
    table.client.update_item(
        TableName=table.name,
        Key=place,
        UpdateExpression="SET #a = :v",
        ExpressionAttributeNames={"#a": attribute},
        ExpressionAttributeValues={":v": to_attribute(value)},
    )
    with pytest.raises(DamagedItem):
        keys.find(KEY.id)
    assert list(keys.of_owner("ada")) == [key(2)]
