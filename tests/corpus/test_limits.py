"""Each limit of the API on both its sides: the last value that is taken and the first that is not."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from lambdas.jobs.instant import rfc3339
from tests.corpus.door import Door
from tests.corpus.files import ADDRESSES, read_addresses
from tests.fakes import NOW_MS

RULES = read_addresses(ADDRESSES).rules
RUN = {"url": "https://hooks.customer.com/run", "delay_seconds": 60}
CENTURY = 3_155_760_000
HOST = "http://" + ".".join(["a" * 61] * 4)  # 247 characters; a name has up to 253


def url_of(length: int, filler: str = "a") -> str:
    start = "https://hooks.customer.com/"
    return start + filler * (length - len(start))


def instant(seconds_from_now: float) -> str:
    return rfc3339(NOW_MS + round(seconds_from_now * 1000))


LIMITS: list[tuple[str, Any, Any, str]] = [
    ("url", url_of(2_048), url_of(2_049), "url_too_long"),
    ("url", "http://" + "a" * 63 + ".com/", "http://" + "a" * 64 + ".com/", "url_host"),
    ("url", HOST + ".abcde/", HOST + ".abcdef/", "url_host"),
    ("url", "http://1.1.1.255/", "http://1.1.1.256/", "url_host_ipv4_encoding"),
    ("url", "http://example.com:8443/", "http://example.com:8444/", "url_port_denied"),
    ("headers", {f"X-{i}": "" for i in range(64)}, {f"X-{i}": "" for i in range(65)}, "headers_too_large"),
    ("headers", {"X": "v" * 16_383}, {"X": "v" * 16_384}, "headers_too_large"),
    ("headers", {"X": "\u00ff" * 16_383}, {"X": "\u00ff" * 16_384}, "headers_too_large"),
    ("headers", {"X" * 16_000: "v" * 384}, {"X" * 16_001: "v" * 384}, "headers_too_large"),
    ("headers", {"X": "\u00ff"}, {"X": "\u0100"}, "header_value"),
    ("headers", {"X": "~"}, {"X": "\x7f"}, "header_value"),
    ("headers", {"X": "a\tb"}, {"X": "a\x1fb"}, "header_value"),
    ("headers", {"X": "\u00a1"}, {"X": "\u009f"}, "header_value"),
    ("secret_headers", ["X-A"] * 64, ["X-A"] * 65, "range"),
    ("body", "x" * 262_144, "x" * 262_145, "body_too_large"),
    ("body", "\u00e9" * 131_072, "\u00e9" * 131_072 + "x", "body_too_large"),
    ("body", ["x" * 262_140], ["x" * 262_141], "body_too_large"),
    ("body_base64", base64.b64encode(bytes(262_144)), base64.b64encode(bytes(262_145)), "body_too_large"),
    ("at", instant(-60), instant(-60.001), "at_past"),
    ("at", instant(CENTURY), instant(CENTURY + 0.001), "at_too_far"),
    ("at", "2096-02-29T00:00:00Z", "2097-02-29T00:00:00Z", "at_format"),
    ("at", "2096-12-31T23:59:59Z", "2096-12-31T23:59:60Z", "at_format"),
    ("at", "2096-12-31T23:00:00Z", "2096-12-31T24:00:00Z", "at_format"),
    ("at", "2096-12-31T23:00:00+23:59", "2096-12-31T23:00:00+24:00", "at_format"),
    ("at", "2096-12-31T23:00:00+23:59", "2096-12-31T23:00:00+23:60", "at_format"),
    ("delay_seconds", 0, -0.001, "range"),
    ("delay_seconds", CENTURY, CENTURY + 0.001, "range"),
    ("delay_seconds", 0.001, 0.0001, "range"),
    ("delay_seconds", CENTURY - 0.001, CENTURY - 0.0015, "range"),
    ("retry", {"max_attempts": 1}, {"max_attempts": 0}, "range"),
    ("retry", {"max_attempts": 20}, {"max_attempts": 21}, "range"),
    ("retry", {"min_backoff_seconds": 1}, {"min_backoff_seconds": 0}, "range"),
    ("retry", {"min_backoff_seconds": 3_600}, {"min_backoff_seconds": 3_601}, "range"),
    ("retry", {"max_backoff_seconds": 1}, {"max_backoff_seconds": 0}, "range"),
    ("retry", {"max_backoff_seconds": 86_400}, {"max_backoff_seconds": 86_401}, "range"),
    (
        "retry",
        {"min_backoff_seconds": 60, "max_backoff_seconds": 60},
        {"min_backoff_seconds": 61, "max_backoff_seconds": 60},
        "range",
    ),
    ("timeout_seconds", 1, 0.999, "range"),
    ("timeout_seconds", 60, 60.001, "range"),
    ("expect", {"status": 100}, {"status": 99}, "expect_status"),
    ("expect", {"status": 599}, {"status": 600}, "expect_status"),
    ("expect", {"status": "1xx"}, {"status": "0xx"}, "expect_status"),
    ("expect", {"status": "5xx"}, {"status": "6xx"}, "expect_status"),
    ("expect", {"status": [200] * 100}, {"status": [200] * 101}, "expect_status"),
    ("expect", {"status": [200]}, {"status": []}, "expect_status"),
    ("expect", {"body_contains": "x" * 16_384}, {"body_contains": "x" * 16_385}, "range"),
    ("expect", {"json": "x" * 16_382}, {"json": "x" * 16_383}, "range"),
    ("name", "n" * 200, "n" * 201, "range"),
    ("name", "\U0001f9f9" * 200, "\U0001f9f9" * 201, "range"),
]
"""Field, the last value that is taken, the first that is not, and the code that it gets."""


def sent(document: Mapping[str, Any]) -> bytes:
    text = {name: value.decode() if isinstance(value, bytes) else value for name, value in document.items()}
    return json.dumps(text, ensure_ascii=False).encode()


@pytest.mark.parametrize(("field", "inside", "outside", "code"), LIMITS)
def test_a_limit_takes_its_last_value_and_refuses_the_next(field: str, inside: Any, outside: Any, code: str) -> None:
    """By POST and by PATCH alike, with one fault and no other."""
    rest = {name: value for name, value in RUN.items() if (name, field) != ("delay_seconds", "at")}
    door = Door(RULES, now_ms=NOW_MS)
    assert door.schedule(sent({**rest, field: inside})).status == 201
    assert door.change(sent({field: inside})).status == 200
    for told in (door.schedule(sent({**rest, field: outside})), door.change(sent({field: outside}))):
        ((at_fault, found),) = told.faults
        assert (told.status, found, at_fault.partition(".")[0]) == (422, code, field)


@pytest.mark.parametrize(
    ("inside", "outside", "status", "code"),
    [
        (b" " * 524_288, b" " * 524_289, 413, "body_too_large"),
        (b"[" * 199 + b"]" * 199, b"[" * 200 + b"]" * 200, 400, "invalid_json"),
        (b"9" * 308, b"9" * 309, 400, "invalid_json"),
        (b"0." + b"1" * 4_299, b"0." + b"1" * 4_300, 400, "invalid_json"),
        (b"1.7976931348623157e308", b"1.7976931348623159e308", 400, "invalid_json"),
        (b'"\xf4\x8f\xbf\xbf"', b'"\xf4\x90\x80\x80"', 400, "invalid_utf8"),
        (b'"\\ud7ff"', b'"\\ud800"', 400, "invalid_unicode"),
        (b'"\\ue000"', b'"\\udfff"', 400, "invalid_unicode"),
    ],
    ids=["size", "nesting", "whole number", "digits", "double", "UTF-8", "below surrogates", "above surrogates"],
)
def test_a_limit_of_the_document_takes_its_last_value_and_refuses_the_next(
    inside: bytes, outside: bytes, status: int, code: str
) -> None:
    """Whatever is in it; blanks stand for its size."""
    start = sent(RUN)[:-1] + b', "body": '

    def told(value: bytes) -> tuple[int, list[tuple[str, str]]]:
        content = start + value + b"}" if value.strip() else start + b"1}" + value[len(start) + 2 :]
        answer = Door(RULES, now_ms=NOW_MS).schedule(content)
        return answer.status, answer.faults

    assert told(inside) == (201, [])
    assert told(outside) == (status, [("document", code)])


@pytest.mark.parametrize("length", [1, 255])
def test_a_key_of_idempotency_has_up_to_255_characters(length: int) -> None:
    """One more is refused, and so is none."""
    headers = {"content-type": "application/json"}
    door = Door(RULES, now_ms=NOW_MS)
    assert door.schedule(sent(RUN), {**headers, "idempotency-key": "k" * length}).status == 201
    for key in ("", "k" * 256):
        told = door.schedule(sent(RUN), {**headers, "idempotency-key": key})
        assert (told.status, told.faults) == (400, [("Idempotency-Key", "idempotency_key_invalid")])
