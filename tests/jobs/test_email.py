"""Addresses of mail: what is taken, and in which form it is kept."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.email import LONGEST_ADDRESS, canonical_email


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada.Lovelace+jobs@EXAMPLE.Com", "Ada.Lovelace+jobs@example.com"),
        ("o'neil#1@xn--bcher-kva.example", "o'neil#1@xn--bcher-kva.example"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_lower_case(written: str, kept: str) -> None:
    """Only its own server knows what the case of the rest means (RFC 5321, section 2.4)."""
    assert canonical_email(written) == kept


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "@example.com", "ada@", "ada@localhost", "ada@example.com.", "ada@.com", "a@b@example.com"),
        *("ada@example..com", ".ada@example.com", "ada.@example.com", "a..b@example.com", "ada@-a.example.com"),
        *("ada@[127.0.0.1]", "ada@127.0.0.1", '"ada"@example.com', "ada@example.com,bob@example.com"),
        *("ada@example.com\n", "ada@example.com\r\nBcc: all@example.com", " ada@example.com", "Ada <ada@example.com>"),
        *("adä@example.com", "ada@bücher.example", "ada@example.com\0", f"{'a' * 65}@example.com"),
        f"a@{'b.' * 130}com",
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    """No second header, no second address, no names, no literals."""
    assert canonical_email(text) is None


@given(st.from_regex(r"[\w.@+\- \n<>,\"]{0,80}@[\w.\-]{0,80}"))
def test_whatever_is_taken_is_one_word_of_ascii_and_stays_as_it_is(text: str) -> None:
    """So that it can be a subscriber, a line of a mail and a key."""
    email = canonical_email(text)
    if email is not None:
        assert re.fullmatch(r"[!-~]+@[a-z0-9.-]+", email)
        assert canonical_email(email) == email
        assert len(email) <= LONGEST_ADDRESS
