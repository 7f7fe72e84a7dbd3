"""Instants as text, for programs and for people."""

from __future__ import annotations

import pytest

from lambdas.jobs.instant import readable, rfc3339


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_932_000_000, "2026-11-29T06:00:00.000Z"),
        (1_795_932_000_007, "2026-11-29T06:00:00.007Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (4_946_000_461_999, "2126-09-25T09:01:01.999Z"),
    ],
)
def test_an_instant_is_written_in_utc_to_the_millisecond(ms: int, text: str) -> None:
    """Always with three digits, so that texts sort as the instants do; no rounding by floats on the way."""
    assert rfc3339(ms) == text


def test_people_read_the_same_instant_with_its_zone() -> None:
    """In a mail, where nobody knows the sender's zone."""
    assert readable(1_795_932_000_000) == "2026-11-29 06:00:00.000 UTC"
