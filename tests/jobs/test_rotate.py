"""An owner's secret: made when first asked for, replaced when they say so, the same for all who race."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from lambdas.jobs.errors import DamagedSecret, StoreUnavailable
from lambdas.jobs.rotate import rotate, signing_secret
from lambdas.jobs.signing import KEY_BYTES, OVERLAP_MS, SigningSecret
from tests.fakes import NOW_MS, FakeSigningSecrets

Do = Callable[..., SigningSecret]


@pytest.fixture
def secrets() -> FakeSigningSecrets:
    return FakeSigningSecrets()


@pytest.fixture
def do(secrets: FakeSigningSecrets) -> Do:
    """Asks for a secret or rotates it, as `ada` unless told; every key is another."""
    numbers = itertools.count(1)

    def do(what: Callable[..., SigningSecret], owner: str = "ada", now_ms: int = NOW_MS) -> SigningSecret:
        return what(owner, secrets=secrets, new_key=lambda: bytes([next(numbers)]) * KEY_BYTES, now_ms=now_ms)

    return do


def test_the_secret_is_made_when_it_is_first_asked_for(secrets: FakeSigningSecrets, do: Do) -> None:
    """And is the same from then on."""
    assert secrets.read("ada") is None
    made = do(signing_secret)
    assert do(signing_secret, now_ms=NOW_MS + 1) == made == secrets.read("ada")
    assert (made.created_at_ms, made.previous) == (NOW_MS, None)


def test_each_owner_has_a_secret_of_their_own(do: Do) -> None:
    """Nobody can sign in another's name."""
    assert do(signing_secret, "ada").current != do(signing_secret, "eve").current


def test_a_rotation_makes_a_new_secret_and_keeps_the_old_one_for_a_day(secrets: FakeSigningSecrets, do: Do) -> None:
    """Both are stored."""
    old = do(signing_secret)
    new = do(rotate, now_ms=NOW_MS + 5)
    assert new.current != old.current
    assert (new.previous, new.created_at_ms, new.previous_expires_at_ms) == (
        old.current,
        NOW_MS + 5,
        NOW_MS + 5 + OVERLAP_MS,
    )
    assert secrets.read("ada") == new


def test_the_first_rotation_makes_the_first_secret(do: Do) -> None:
    """There is nothing to replace."""
    assert do(rotate).previous is None


@pytest.mark.parametrize("what", [signing_secret, rotate])
def test_two_who_ask_first_at_the_same_time_get_the_same_secret(
    secrets: FakeSigningSecrets, do: Do, what: Callable[..., SigningSecret]
) -> None:
    """The one that was written first."""
    rivals: list[SigningSecret] = []
    secrets.before["write"] = lambda: rivals.append(do(signing_secret))
    assert [do(what)] == rivals


def test_two_rotations_at_the_same_time_are_one(secrets: FakeSigningSecrets, do: Do) -> None:
    """Else the secret that all receivers have would sign no more."""
    old = do(signing_secret)
    rivals: list[SigningSecret] = []
    secrets.before["write"] = lambda: rivals.append(do(rotate))
    new = do(rotate)
    assert [new] == rivals
    assert (new.version, new.previous) == (2, old.current)


@pytest.mark.parametrize("what", [signing_secret, rotate])
def test_nothing_is_made_up_while_the_table_is_away(
    secrets: FakeSigningSecrets, do: Do, what: Callable[..., SigningSecret]
) -> None:
    """F20: 503, and try again."""
    secrets.down = True
    with pytest.raises(StoreUnavailable):
        do(what)


class TestADamagedSecret:
    """F28: it stays until its owner says that there is to be another."""

    @pytest.fixture(autouse=True)
    def _(self, secrets: FakeSigningSecrets, do: Do) -> None:
        do(rotate)
        do(rotate)
        secrets.damaged = {"ada"}

    def test_asking_for_it_makes_no_other(self, secrets: FakeSigningSecrets, do: Do) -> None:
        """Receivers would refuse what it signs, and nobody would know why."""
        with pytest.raises(DamagedSecret):
            do(signing_secret)
        secrets.damaged.clear()
        assert do(signing_secret).version == 2

    def test_a_rotation_replaces_it_and_the_new_one_signs_alone(self, secrets: FakeSigningSecrets, do: Do) -> None:
        """What it was, nobody knows any more."""
        new = do(rotate, now_ms=NOW_MS + 5)
        assert (new.version, new.previous, new.signing(NOW_MS + 6)) == (3, None, (new.current,))
        assert do(signing_secret) == new == secrets.read("ada")

    def test_two_rotations_at_the_same_time_are_one(self, secrets: FakeSigningSecrets, do: Do) -> None:
        """Else one of the two would be told a secret that never signs."""
        rivals: list[SigningSecret] = []
        secrets.before["replace"] = lambda: rivals.append(do(rotate))
        assert [do(rotate)] == rivals
