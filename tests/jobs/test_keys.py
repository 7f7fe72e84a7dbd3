"""The text of API keys, and what opens with one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.keys import USE_NOTED_EVERY_MS, ApiKey, hash_of, key_id_of, key_text
from tests.fakes import NOW_MS

ID = "0123456789abcdef"
TEXT = key_text(ID, 2**256 - 1)
KEY = ApiKey(ID, "ada", "deploy", ("jobs:read",), NOW_MS, hash_of(TEXT))
DOCS = Path(__file__).parents[2] / "docs" / "api.md"


def test_a_key_has_the_form_that_scanners_are_told_of() -> None:
    """The regular expression in the documentation, to the letter."""
    (pattern,) = re.findall(r"`(punctual_live_\[[^`]+)`", DOCS.read_text())
    for secret in (0, 1, 2**255, 2**256 - 1):
        assert re.fullmatch(pattern, key_text(ID, secret))


@given(st.integers(0, 2**256 - 1), st.integers(0, 2**64 - 1))
def test_a_keys_id_is_read_from_its_text(secret: int, number: int) -> None:
    """Whatever its secret is."""
    assert key_id_of(key_text(f"{number:016x}", secret)) == f"{number:016x}"


@given(st.integers(0, 2**256 - 1), st.integers(0, 2**256 - 1))
def test_no_two_secrets_share_a_text(one: int, other: int) -> None:
    """All 256 bits are in it."""
    assert (key_text(ID, one) == key_text(ID, other)) == (one == other)


@pytest.mark.parametrize("place", range(len(TEXT)))
def test_one_wrong_letter_and_it_is_no_key(place: int) -> None:
    """T6: the checksum tells, before anybody is asked."""
    other = "1" if TEXT[place] != "1" else "2"
    assert key_id_of(TEXT[:place] + other + TEXT[place + 1 :]) is None


@pytest.mark.parametrize(
    "text",
    ["", "punctual_live_", TEXT[:-1], TEXT + "0", f" {TEXT}", f"{TEXT}\n", TEXT.upper(), TEXT.replace("live", "test")],
)
def test_what_only_looks_like_a_key_is_none(text: str) -> None:
    """It was cut off, changed in case, or is followed by something."""
    assert key_id_of(text) is None


def test_a_key_opens_with_its_own_text_only() -> None:
    """Not with that of another secret under the same id."""
    assert KEY.is_opened_by(hash_of(TEXT))
    assert not KEY.is_opened_by(hash_of(key_text(ID, 7)))


def test_a_key_is_over_from_its_last_instant_on() -> None:
    """One without an end never is."""
    key = replace(KEY, expires_at_ms=NOW_MS + 10)
    assert not key.is_over(NOW_MS + 9)
    assert key.is_over(NOW_MS + 10)
    assert not KEY.is_over(2**60)


def test_what_is_stored_does_not_open() -> None:
    """T6: the hash of a key is no key, nor is the key in it."""
    assert not KEY.is_opened_by(hash_of(KEY.hash.hex()))
    assert key_id_of(KEY.hash.hex()) is None
    assert TEXT not in repr(KEY)


def test_a_use_is_noted_once_an_hour() -> None:
    """The first one at once."""
    assert KEY.use_is_to_be_noted(NOW_MS)
    used = replace(KEY, last_used_at_ms=NOW_MS)
    assert not used.use_is_to_be_noted(NOW_MS + USE_NOTED_EVERY_MS - 1)
    assert used.use_is_to_be_noted(NOW_MS + USE_NOTED_EVERY_MS)
