"""Nothing that a stranger may send costs more than its length is worth (T11): counted in steps, not timed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lambdas.handlers.manners import _names, _takes_gzip
from lambdas.jobs.addresses import AddressPolicy
from lambdas.jobs.asking import list_query
from lambdas.jobs.destination import LONGEST_URL, Rules, canonical_url
from lambdas.jobs.document import LARGEST_DOCUMENT, check_media_type, read_document
from lambdas.jobs.due_time import check_zone_name, read_time
from lambdas.jobs.email import canonical_email
from lambdas.jobs.expecting import expectation
from lambdas.jobs.headers import check_idempotency_key, header_faults
from lambdas.jobs.hostname import canonical_host
from lambdas.jobs.job import Expectation
from lambdas.jobs.listing import ListQuery, decode_cursor
from lambdas.jobs.matching import has_json, is_expected
from lambdas.jobs.outcome import judge
from lambdas.jobs.retry_after import retry_after_ms
from lambdas.jobs.scheduling import Faults
from lambdas.jobs.sending import Answer
from tests.examples import a_job
from tests.fakes import NOW_MS
from tests.work import GROWTH, TOLERANCE, grows_linearly, steps

Repeated = Mapping[str, tuple[str, str, str]]
"""By name: what stands before, what is repeated until the text is long enough, and what stands after."""

URLS: Repeated = {
    "a long path": ("https://example.com/", "a", ""),
    "many segments": ("https://example.com", "/..", "/"),
    "percent signs": ("https://example.com/", "%4", ""),
    "a path beyond ASCII": ("https://example.com/", "é", ""),
    "ASCII and beyond by turns": ("https://example.com/", "aé", ""),
    "a long query": ("https://example.com/?", "?&=", ""),
    "a long fragment": ("https://example.com/#", "#", ""),
    "backslashes": ("https://example.com/", "\\", ""),
    "blanks": ("https://example.com/", " ", ""),
    "no scheme": ("", "https:", ""),
    "slashes": ("https:", "/", ""),
    "users": ("https://", "a@", "example.com/"),
    "ports": ("https://example.com", ":1", "/"),
    "a long port": ("https://example.com:", "1", "/"),
    "many labels": ("https://", "a.", "com/"),
    "many labels beyond ASCII": ("https://", "é.", "com/"),
    "many dots": ("https://example", ".", "com/"),
    "dots of other scripts": ("https://example", "。", "com/"),
    "a long label": ("https://", "a", ".com/"),
    "a long label beyond ASCII": ("https://", "é", ".com/"),
    "a long label of many letters": ("https://", "éàüößñç", ".com/"),
    "joiners": ("https://", "क्‍", ".com/"),
    "a long punycode": ("https://xn--", "a", ".com/"),
    "many punycodes": ("https://", "xn--a-ecp.", "com/"),
    "digits": ("https://", "1", "/"),
    "numbers": ("https://", "1.", "1/"),
    "a long hexadecimal": ("https://0x", "f", "/"),
    "brackets": ("https://", "[", "]/"),
    "colons in brackets": ("https://[", ":", "]/"),
    "groups in brackets": ("https://[", "1:", "1]/"),
    "percent signs in the host": ("https://", "%2e", "/"),
}

HOSTS: Repeated = {
    "many labels": ("", "a.", "com"),
    "many labels beyond ASCII": ("", "é.", "com"),
    "many dots": ("", ".", "com"),
    "a long label": ("", "a", ".com"),
    "a long label beyond ASCII": ("", "é", ".com"),
    "letters that combine": ("", "e\u0301", ".com"),
    "letters of two directions": ("", "אa", ".com"),
    "letters that fold": ("", "ẞ", ".com"),
    "ligatures that unfold": ("", "ﷺ", ".com"),
    "a long punycode": ("xn--", "a", ".com"),
    "a punycode of digits": ("xn--", "9", ".com"),
    "many punycodes": ("", "xn--a-ecp.", "com"),
    "numbers": ("", "1.", "1"),
    "colons": ("[", ":", "]"),
}

DOCUMENTS: Repeated = {
    "objects in objects": ("{", '"a":{', ""),
    "lists in lists": ('{"a":', "[", ""),
    "lists beside lists": ('{"a":[', "[],", "0]}"),
    "empty names": ("{", '"":0,', '"a":0}'),
    "quotes": ("{", '"', ""),
    "quotes that are escaped": ('{"a":"', '\\"', '"}'),
    "backslashes": ('{"a":"', "\\", ""),
    "escapes": ('{"a":"', "\\u0041", '"}'),
    "halves of pairs": ('{"a":"', "\\ud83d", '"}'),
    "pairs": ('{"a":"', "\\ud83d\\ude00", '"}'),
    "a long text": ('{"a":"', "é", '"}'),
    "a long number": ('{"a":', "9", "}"),
    "a long fraction": ('{"a":0.', "9", "}"),
    "many numbers": ('{"a":[', "1e5,", "0]}"),
    "blanks": ("{", " \n", "}"),
    "commas": ('{"a":[', ",", "]}"),
}

TIMES: Repeated = {
    "a long fraction": ("2026-11-29T06:00:00.", "9", "Z"),
    "a fraction that does not end": ("2026-11-29T06:00:00.", "9", ""),
    "a long year": ("", "9", "-11-29T06:00:00Z"),
    "many dates": ("", "2026-11-29T", ""),
    "blanks": ("2026-11-29", " ", "06:00"),
    "offsets": ("2026-11-29T06:00:00", "+01:00", ""),
    "digits of other scripts": ("", "٣", ""),
    "letters": ("", "T", ""),
}

ZONES: Repeated = {
    "a path": ("", "../", "Europe/Berlin"),
    "parts": ("", "Europe/", "Berlin"),
    "letters": ("", "a", ""),
    "nothing": ("", "\0", ""),
    "dots": ("", ".", ""),
    "separators": ("/", "/", "/"),
}

HEADER_VALUES: Repeated = {
    "letters": ("", "a", ""),
    "blanks": ("", " ", ""),
    "blanks inside": ("a", " ", "a"),
    "tabs": ("a", "\t", "a"),
    "Latin": ("", "é", ""),
    "controls": ("a", "\x01", "a"),
}

WAITS: Repeated = {
    "digits": ("", "9", ""),
    "noughts": ("", "0", "1"),
    "days": ("", "Sun, ", "06 Nov 2036 08:49:37 GMT"),
    "blanks": ("Sun, 06 Nov 2036 08:49:37", " ", "GMT"),
    "minus signs": ("", "-", ""),
    "a long zone": ("Sun, 06 Nov 2036 08:49:37 +", "9", ""),
}

ADDRESSES: Repeated = {
    "local parts": ("", "a.", "a@example.com"),
    "domains": ("a@", "a.", "com"),
    "at signs": ("", "a@", "example.com"),
    "hyphens": ("a@", "a-", ".com"),
}


def test_the_count_tells_squares_from_lines() -> None:
    """T11: else the tests below could not fail."""

    def line(size: int) -> int:
        return steps(lambda: sum(1 for _ in range(size)))

    def square(size: int) -> int:
        return steps(lambda: sum(1 for _ in range(size) for _ in range(size)))

    assert grows_linearly(line, 50)
    assert not grows_linearly(square, 50)


def text(parts: tuple[str, str, str], length: int) -> str:
    before, again, after = parts
    return before + again * ((length - len(before) - len(after)) // len(again)) + after


def repeated(shapes: Repeated) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("parts", list(shapes.values()), ids=list(shapes))


@repeated(URLS)
def test_a_url_takes_as_much_work_as_it_is_long(parts: tuple[str, str, str]) -> None:
    """T11: whatever is repeated in it, up to the longest that is looked at."""
    rules = Rules(AddressPolicy())
    assert grows_linearly(lambda n: steps(lambda: canonical_url(text(parts, n), rules)), LONGEST_URL // GROWTH)


def test_a_url_that_is_too_long_is_not_looked_at() -> None:
    """T11: half a megabyte costs no more than a little over the limit."""
    rules = Rules(AddressPolicy())

    def work(labels: int) -> int:
        return steps(lambda: canonical_url("https://" + "a." * labels, rules))

    assert work(20_000) == work(LONGEST_URL)


@repeated(HOSTS)
def test_a_name_takes_as_much_work_as_it_is_long(parts: tuple[str, str, str]) -> None:
    """T11: IDNA's tables and rules included, which are a library's in Python."""
    assert grows_linearly(lambda n: steps(lambda: canonical_host(text(parts, n))), 500)


@repeated(DOCUMENTS)
def test_a_document_takes_as_much_work_as_it_is_long(parts: tuple[str, str, str]) -> None:
    """T11: read or refused. json itself is written in C and goes over it once; patterns have tests of their own."""
    assert grows_linearly(lambda n: steps(lambda: read_document(text(parts, n).encode())), 2_000)


def test_a_document_that_is_too_large_is_not_looked_at() -> None:
    """T11: however much there is of it."""

    def work(size: int) -> int:
        return steps(lambda: read_document(b"[" + b"{}," * (size // 3) + b"0]"))

    assert work(LARGEST_DOCUMENT * 2) == work(LARGEST_DOCUMENT + 1)


@repeated(TIMES)
def test_a_time_takes_as_much_work_as_it_is_long(parts: tuple[str, str, str]) -> None:
    """T11: a hundred thousand digits of a second are cut off, not reckoned with."""
    assert grows_linearly(lambda n: steps(lambda: read_time(text(parts, n))), 1_000)


@repeated(ZONES)
def test_a_zones_name_takes_as_much_work_as_it_is_long(parts: tuple[str, str, str]) -> None:
    """T11: it is looked for among those that are known, and no file is."""
    assert grows_linearly(lambda n: steps(lambda: check_zone_name(text(parts, n))), 1_000)


@repeated(HEADER_VALUES)
def test_a_header_takes_as_much_work_as_it_is_long(parts: tuple[str, str, str]) -> None:
    """T11: as a value and as a name."""
    assert grows_linearly(lambda n: steps(lambda: list(header_faults({"X-A": text(parts, n)}))), 2_000)
    assert grows_linearly(lambda n: steps(lambda: list(header_faults({text(parts, n): "a"}))), 2_000)
    assert grows_linearly(lambda n: steps(lambda: check_idempotency_key(text(parts, n))), 2_000)


@pytest.mark.parametrize("named", [0, 64])
def test_headers_take_as_much_work_as_there_are(named: int) -> None:
    """T11: each is looked at once, whatever came before it, and however many are named as secret."""
    secret = [f"X-{number}" for number in range(named)]

    def work(count: int) -> int:
        headers = {f"X-{number}": "[redacted]" for number in range(count)}
        return steps(lambda: list(header_faults(headers, secret)))

    assert grows_linearly(work, 16)
    assert work(5_000) < work(64)  # too many are not looked at


@pytest.mark.parametrize(
    "value",
    [
        lambda n: [{"a": number} for number in range(n)],
        lambda n: {str(number): [number] for number in range(n)},
        lambda n: [True, 1, "a", None] * n,
        lambda n: json.loads("[" * (n // 8) + "]" * (n // 8)),
        lambda n: {"a": "b" * n},
    ],
    ids=["objects", "members", "values", "depth", "text"],
)
def test_expected_json_takes_as_much_work_as_there_is_of_it(value: Callable[[int], Any]) -> None:
    """T11: each part of what is wanted is compared with its one counterpart; what else came is not looked at."""

    def work(size: int) -> int:
        wanted = value(size)
        body = json.dumps(wanted).encode()
        return steps(lambda: has_json(body, json.dumps(wanted)))

    def unwanted(size: int) -> int:
        body = json.dumps({"wanted": 1, "rest": value(size)}).encode()
        return steps(lambda: has_json(body, '{"wanted": 1}'))

    assert grows_linearly(work, 100)
    assert unwanted(2_000) == unwanted(500)


@pytest.mark.parametrize("choice", ["2xx", "200", "x" * 50, 200])
def test_expected_statuses_take_as_much_work_as_there_are(choice: str | int) -> None:
    """T11: patterns of a status are compared, not matched; a list of them is bounded before it is looked at."""
    assert grows_linearly(lambda n: steps(lambda: is_expected(Expectation(statuses=(choice,) * n), 599)), 25)

    def work(count: int) -> int:
        return steps(lambda: expectation({"status": [choice] * count}, Faults()))

    assert grows_linearly(work, 25)
    assert work(50_000) == work(101)


@repeated(WAITS)
def test_a_wish_for_patience_takes_as_much_work_as_it_is_long(parts: tuple[str, str, str]) -> None:
    """T11: a target may send 64 KB of it, at once or in many headers."""

    def answer(headers: tuple[tuple[str, str], ...]) -> Answer:
        return Answer(503, headers, b"", NOW_MS, 1, truncated=False)

    assert grows_linearly(lambda n: steps(lambda: retry_after_ms(answer((("Retry-After", text(parts, n)),)))), 1_000)
    assert grows_linearly(lambda n: steps(lambda: retry_after_ms(answer((("Retry-After", "soon"),) * n))), 25)


@pytest.mark.parametrize("byte", [b"a", b"\x00", b"\xff", "é".encode(), "\u202e".encode()])
def test_what_is_kept_of_an_answer_takes_no_more_work_than_its_first_kilobyte(byte: bytes) -> None:
    """T11: of 64 KB the rest is not looked at."""
    job = a_job()

    def work(size: int) -> int:
        return steps(lambda: judge(job, Answer(500, (), byte * size, NOW_MS, 1, truncated=False)))

    assert work(16_000) <= work(2_000) * TOLERANCE


@repeated(ADDRESSES)
def test_an_address_of_mail_takes_as_much_work_as_it_is_long(parts: tuple[str, str, str]) -> None:
    """T11: and none beyond the longest there is."""
    assert grows_linearly(lambda n: steps(lambda: canonical_email(text(parts, n))), 60)
    assert steps(lambda: canonical_email(text(parts, 100_000))) <= steps(lambda: canonical_email(text(parts, 250)))


@pytest.mark.parametrize(
    "again", ["scheduled,", ",", "9", " ", "2026-11-29T00:00:00Z", "A", "=", "a.", "é", "xn--a", ":"]
)
@pytest.mark.parametrize("name", ["status", "from", "limit", "cursor", "order", "name", "host", "unknown"])
def test_a_question_takes_as_much_work_as_it_is_long(name: str, again: str) -> None:
    """T11: a parameter of a list is read once."""

    def work(size: int) -> int:
        return steps(lambda: list_query([(name, again * size)], owner="ada", cursor_key=lambda: b"k" * 32))

    assert grows_linearly(work, 250)


@pytest.mark.parametrize("again", ["[", "{", '"a":', "9", "\\"])
def test_a_cursor_that_is_not_ours_is_not_looked_at(again: str) -> None:
    """T11, T5: the signature is checked before anything else."""

    def work(size: int) -> int:
        cursor = base64.urlsafe_b64encode(again.encode() * size).decode().rstrip("=")
        return steps(lambda: decode_cursor(cursor, ListQuery("ada"), key=b"k" * 32))

    assert work(4_000) <= work(1_000) * TOLERANCE


@pytest.mark.parametrize("again", ["a", ",", '"', "W/", "gzip,", ";q=0", "a;b=c,", ' ;a="', "*"])
def test_other_headers_of_a_request_take_as_much_work_as_they_are_long(again: str) -> None:
    """T11: what is asked, and how it may be answered."""
    assert grows_linearly(lambda n: steps(lambda: check_media_type("application/json;" + again * n)), 250)
    assert grows_linearly(lambda n: steps(lambda: _names(again * n, '"1"')), 250)
    assert grows_linearly(lambda n: steps(lambda: _takes_gzip(again * n)), 250)
