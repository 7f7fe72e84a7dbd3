"""What the description says of texts is what the code takes: no more, where a pattern can say it, and no less."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.asking import read_instant
from lambdas.jobs.destination import Rules, canonical_url
from lambdas.jobs.due_time import read_time
from lambdas.jobs.errors import ValueRefused
from lambdas.jobs.headers import is_value
from lambdas.jobs.job import Status
from tests.described import check_schema, check_taken, closed_document

SOON = {"url": "https://shop.example.com/", "delay_seconds": 60}


def described(**fields: Any) -> bool:
    """Whether the description says that a job may have these."""
    rest = {"url": SOON["url"]} if "at" in fields else SOON
    return check_taken("Scheduling", {**rest, **fields}) is None


def queried(name: str, text: str) -> bool:
    """Whether it says that a list may be asked so."""
    parameters = closed_document()["paths"]["/v1/jobs"]["get"]["parameters"]
    (schema,) = (each["schema"] for each in parameters if each["name"] == name)
    return check_schema(schema, text) is None


def taken(read: Callable[[str], object], text: str) -> bool:
    with suppress(ValueRefused):
        read(text)
        return True
    return False


def two(high: int, *, low: int = 0) -> st.SearchStrategy[str]:
    return st.integers(low, high).map("{:02}".format)


DATES = st.builds("{}-{}-{}".format, st.integers(2000, 2199), two(13), two(28) | two(33))
CLOCKS = st.builds("{}:{}".format, two(24), two(60)) | st.builds("{}:{}:{}".format, two(24), two(60), two(61))
FRACTIONS = st.sampled_from(("", "", ".", ".1", ".123456789", ",5"))
OFFSETS = st.sampled_from(("", "Z", "z", "UTC")) | st.builds("{}{}:{}".format, st.sampled_from("+- "), two(25), two(61))
TIMES = st.builds("{}{}{}{}{}".format, DATES, st.sampled_from(("T", "t", " ", "  ", "")), CLOCKS, FRACTIONS, OFFSETS)


@given(TIMES)
def test_a_time_is_described_as_it_is_read(text: str) -> None:
    """All but the length of months."""
    assert described(at=text) == taken(read_time, text) or (described(at=text) and text[8:10] > "28")


@given(TIMES)
def test_an_instant_of_a_query_is_described_as_it_is_read(text: str) -> None:
    """With a blank where the plus was."""
    assert queried("from", text) == taken(read_instant, text) or (queried("from", text) and text[8:10] > "28")


@given(st.lists(st.sampled_from([*Status, "upcoming", "", "all", " failed"]), max_size=4).map(",".join))
def test_statuses_are_described_as_they_are_read(text: str) -> None:
    """One or several; none at all is as good as none asked for."""
    known = set(text.split(",")) <= {*Status, "upcoming"}
    assert queried("status", text) == (known or text == "")


@given(st.text(st.characters(max_codepoint=0x17F), max_size=8))
def test_a_headers_value_is_described_as_it_is_taken(text: str) -> None:
    """Latin-1 without controls, tabs inside, no outer blanks."""
    assert described(headers={"X": text}) == is_value(text)


@given(st.binary(max_size=8).map(lambda content: base64.b64encode(content).decode()) | st.text("AB+/=g 4", max_size=8))
def test_base64_is_described_as_it_is_read(text: str) -> None:
    """In its one spelling."""
    try:
        exact = base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except binascii.Error:
        exact = False
    assert described(body_base64=text) == exact


@pytest.mark.parametrize("start", ["https://", "http://", "HTTPS://", "ftp://", "", "//", "https:/"])
@given(st.text("abZ01.-_~%/?#=&ä💡 \t\\\x7f", max_size=12))
def test_every_url_that_is_taken_is_described(start: str, rest: str) -> None:
    """Others too: where they lead is not for a pattern to say."""
    url = f"{start}a.example.com/{rest}"
    assert described(url=url) or not taken(lambda text: canonical_url(text, Rules()), url)
    assert described(url=url) == (start.lower() in ("https://", "http://") and not set(rest) & set(" \t\\\x7f"))
