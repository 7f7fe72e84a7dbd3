"""What every store of signing secrets does: it keeps them by owner, and of rivals it takes the first."""

from __future__ import annotations

from lambdas.jobs.ports import SigningSecrets
from lambdas.jobs.signing import KEY_BYTES, SigningSecret
from tests.fakes import NOW_MS

FIRST = SigningSecret.of_key(b"1" * KEY_BYTES, now_ms=NOW_MS)
RIVAL = SigningSecret.of_key(b"2" * KEY_BYTES, now_ms=NOW_MS)
SECOND = FIRST.rotated(b"3" * KEY_BYTES, now_ms=NOW_MS + 1)


def test_who_has_none_has_none(secrets: SigningSecrets) -> None:
    """Reading makes nothing."""
    assert secrets.read("ada") is None
    assert secrets.glance("ada") is None


def test_what_was_written_is_read(secrets: SigningSecrets) -> None:
    """Whole."""
    assert secrets.write("ada", FIRST) == FIRST
    assert secrets.read("ada") == secrets.glance("ada") == FIRST
    assert secrets.write("ada", SECOND) == SECOND
    assert secrets.read("ada") == secrets.glance("ada") == SECOND


def test_a_secret_is_its_owners(secrets: SigningSecrets) -> None:
    """Names that look alike are different owners."""
    owners = ["ada", "Ada", "ada#SIGNING", "ada#", "äda", "a" * 128]
    for number, owner in enumerate(owners):
        secrets.write(owner, SigningSecret.of_key(bytes([number]) * KEY_BYTES, now_ms=NOW_MS))
    for number, owner in enumerate(owners):
        assert secrets.read(owner) == SigningSecret.of_key(bytes([number]) * KEY_BYTES, now_ms=NOW_MS)
    assert secrets.read("adam") is None


def test_of_two_first_secrets_the_faster_one_stays(secrets: SigningSecrets) -> None:
    """And both writers learn which."""
    assert secrets.write("ada", RIVAL) == RIVAL
    assert secrets.write("ada", FIRST) == RIVAL
    assert secrets.read("ada") == RIVAL


def test_a_rotation_of_what_was_rotated_meanwhile_changes_nothing(secrets: SigningSecrets) -> None:
    """It goes by the version that it read."""
    secrets.write("ada", FIRST)
    secrets.write("ada", SECOND)
    late = FIRST.rotated(b"4" * KEY_BYTES, now_ms=NOW_MS + 2)
    assert secrets.write("ada", late) == SECOND
    assert secrets.read("ada") == SECOND


def test_the_same_write_twice_is_one(secrets: SigningSecrets) -> None:
    """The reply to the first was lost."""
    secrets.write("ada", FIRST)
    assert secrets.write("ada", FIRST) == FIRST
    secrets.write("ada", SECOND)
    assert secrets.write("ada", SECOND) == SECOND
