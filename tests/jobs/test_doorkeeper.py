"""T6: who is let in, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.adapters.jwt_tokens import JwtTokens
from lambdas.jobs.caller import Caller
from lambdas.jobs.doorkeeper import Doorkeeper
from lambdas.jobs.errors import IssuerUnavailable, StoreUnavailable, Unauthenticated
from lambdas.jobs.keys import EVERY_SCOPE, USE_NOTED_EVERY_MS, ApiKey, hash_of, key_text
from tests.fakes import NOW_MS, FakeClock, FakeJournal, FakeKeys
from tests.tokens import CLAIMS, ISSUER, FakeIssuerKeys, private_key, token

ID = "00000000000000a1"
TEXT = key_text(ID, 2**255 + 7)
OTHER_SECRET = key_text(ID, 2**255 + 8)


@dataclass
class Entrance:
    """A doorkeeper and all that they ask."""

    clock: FakeClock = field(default_factory=FakeClock)
    keys: FakeKeys = field(default_factory=FakeKeys)
    issuer_keys: FakeIssuerKeys = field(default_factory=FakeIssuerKeys)
    journal: FakeJournal = field(default_factory=FakeJournal)

    def __post_init__(self) -> None:
        self.doorkeeper = Doorkeeper(
            issuer=ISSUER, tokens=JwtTokens(self.issuer_keys), keys=self.keys, journal=self.journal, clock=self.clock
        )

    def who(self, shown: str) -> Caller:
        return self.doorkeeper.who(f"Bearer {shown}")

    def why_not(self, shown: str) -> str:
        with pytest.raises(Unauthenticated) as refused:
            self.who(shown)
        assert refused.value.status == 401
        return refused.value.detail


@pytest.fixture
def entrance() -> Entrance:
    entrance = Entrance()
    entrance.keys.add(a_key())
    return entrance


def a_key(**changes: Any) -> ApiKey:
    fields: dict[str, Any] = {"id": ID, "owner": "ada", "name": "ci", "scopes": ("jobs:read",)}
    return ApiKey(**{**fields, "created_at_ms": NOW_MS, "hash": hash_of(TEXT), **changes})


def test_a_users_own_token_may_do_everything(entrance: Entrance) -> None:
    """Its subject is the owner."""
    assert entrance.who(token()) == Caller("ada", EVERY_SCOPE, until_ms=CLAIMS["exp"] * 1000)


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("openid jobs:read", {"jobs:read"}),
        ("jobs:write jobs:read", {"jobs:read", "jobs:write"}),
        ("openid email", EVERY_SCOPE),
        (None, EVERY_SCOPE),
        (["jobs:read"], EVERY_SCOPE),
    ],
)
def test_an_issuer_that_knows_our_scopes_can_give_less(entrance: Entrance, scope: Any, scopes: set[str]) -> None:
    """One that knows none of them says nothing about them."""
    assert entrance.who(token(scope=scope)).scopes == scopes


def test_a_key_may_do_what_it_was_made_for(entrance: Entrance) -> None:
    """And is its owner's, until it ends."""
    assert entrance.who(TEXT) == Caller("ada", frozenset({"jobs:read"}), ID)
    entrance.keys.revoke(ID, owner="ada")
    entrance.keys.add(a_key(expires_at_ms=NOW_MS + 1_000))
    assert entrance.who(TEXT).until_ms == NOW_MS + 1_000


@pytest.mark.parametrize("header", ["bearer {}", "BEARER {}", "Bearer   {} ", " Bearer {}"])
def test_the_scheme_is_written_in_any_case(entrance: Entrance, header: str) -> None:
    """RFC 9110, 11.1."""
    assert entrance.doorkeeper.who(header.format(TEXT)).owner == "ada"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "{}", "Basic {}", "Bearer {} {}", "Bearer,{}"])
def test_a_header_that_shows_nothing_lets_nobody_in(entrance: Entrance, header: str) -> None:
    """Nor does another scheme."""
    with pytest.raises(Unauthenticated):
        entrance.doorkeeper.who(header.format(TEXT, TEXT))


MISTYPED = TEXT[:-1] + ("1" if TEXT[-1] == "0" else "0")


@pytest.mark.parametrize(
    "shown", [TEXT[:-1], TEXT + "A", MISTYPED, TEXT.swapcase(), "punctual_live_", "punctual_live_" + ID]
)
def test_what_is_no_whole_key_is_not_even_looked_for(entrance: Entrance, shown: str) -> None:
    """T6: its checksum tells."""
    entrance.why_not(shown)
    assert entrance.keys.finds == 0


def test_the_right_id_with_another_secret_is_refused(entrance: Entrance) -> None:
    """Like a key that never was; the right one goes on to open, and what was tried is no use of it."""
    assert entrance.why_not(OTHER_SECRET) == entrance.why_not(key_text("f" * 16, 7))
    assert entrance.keys.notes == 0
    assert entrance.who(TEXT).owner == "ada"


def test_the_hash_of_a_key_opens_nothing(entrance: Entrance) -> None:
    """Whoever has read the table has no key."""
    entrance.why_not(hash_of(TEXT).hex())


def test_a_revoked_key_opens_nothing_any_more(entrance: Entrance) -> None:
    """Nothing is remembered here; the gateway remembers for a minute."""
    entrance.who(TEXT)
    entrance.keys.revoke(ID, owner="ada")
    assert "revoked" in entrance.why_not(TEXT)


def test_an_expired_key_opens_nothing_from_its_last_instant_on(entrance: Entrance) -> None:
    """That it was shown is no use of it."""
    entrance.keys.revoke(ID, owner="ada")
    entrance.keys.add(a_key(expires_at_ms=NOW_MS + 1_000))
    entrance.who(TEXT)
    entrance.clock.ms += 1_000
    assert "expired" in entrance.why_not(TEXT)
    assert entrance.keys.notes == 1


def test_a_use_is_written_down_once_an_hour(entrance: Entrance) -> None:
    """However often the key is used."""
    for _ in range(5):
        entrance.who(TEXT)
        entrance.clock.ms += 60_000
    assert entrance.keys.notes == 1
    entrance.clock.ms = NOW_MS + USE_NOTED_EVERY_MS
    entrance.who(TEXT)
    assert entrance.keys.notes == 2
    assert entrance.keys.of_owner("ada")[0].last_used_at_ms == NOW_MS + USE_NOTED_EVERY_MS


def test_a_use_that_cannot_be_written_down_keeps_nobody_out(entrance: Entrance, monkeypatch: Any) -> None:
    """The table throttles writes, and answers reads."""

    def throttled(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("throttled")

    monkeypatch.setattr(entrance.keys, "note_use", throttled)
    assert entrance.who(TEXT).owner == "ada"


def test_while_the_table_is_away_nobody_can_tell_whose_key_it_is(entrance: Entrance) -> None:
    """F20: that is no refusal, and nothing of it is remembered. Tokens need no table."""
    entrance.keys.down = True
    with pytest.raises(StoreUnavailable):
        entrance.who(TEXT)
    assert entrance.who(token()).owner == "ada"
    entrance.keys.down = False
    assert entrance.who(TEXT).owner == "ada"


def test_while_the_issuer_is_away_keys_go_on_to_open(entrance: Entrance) -> None:
    """Only tokens cannot be judged."""
    entrance.issuer_keys.down = True
    assert entrance.who(TEXT).owner == "ada"
    with pytest.raises(IssuerUnavailable):
        entrance.who(token())


def test_a_damaged_key_opens_nothing_and_is_told(entrance: Entrance) -> None:
    """F28."""
    entrance.keys.damaged.add(ID)
    entrance.why_not(TEXT)
    assert entrance.journal.of("key_damaged")[0]["key_id"] == ID


@pytest.mark.parametrize(
    ("shown", "named"),
    [(TEXT, {ID}), (OTHER_SECRET, {ID}), (token(exp=1), set()), (token(key=private_key(1)), set())],
    ids=["revoked", "other secret", "expired", "forged"],
)
def test_the_log_names_keys_by_their_id_and_holds_none(entrance: Entrance, shown: str, named: set[str]) -> None:
    """T7: also when they are refused."""
    entrance.keys.revoke(ID, owner="ada")
    for _ in range(2):
        assert shown not in entrance.why_not(shown)
    assert shown[-20:] not in repr(entrance.journal.lines)
    assert {facts["key_id"] for facts in entrance.journal.of("key_refused")} == named
