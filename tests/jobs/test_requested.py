"""What is wrong with the request that a document asks for: method, body, names of secrets."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.jobs.accept import new_job
from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import RequestRefused
from tests.examples import HORIZON
from tests.fakes import NOW_MS


def faults_with(**fields: Any) -> list[tuple[str, str]]:
    """Of a document that is sound but for these fields."""
    document = {"url": "https://example.com/", "delay_seconds": 60, **fields}
    with pytest.raises(RequestRefused) as refused:
        new_job(document, owner="ada", job_id="job_1", now_ms=NOW_MS, horizon=HORIZON, rules=Rules())
    return [(fault.field, fault.code) for fault in refused.value.faults]


@pytest.mark.parametrize(
    "method", ["", "get", "Post", "TRACE", "CONNECT", "POST ", "PO ST", "GET\r\nX: y", "\u017fEARCH", "*"]
)
def test_only_listed_methods_are_taken(method: str) -> None:
    """To the letter: methods have case (threat T4)."""
    assert faults_with(method=method) == [("method", "method")]


@pytest.mark.parametrize(
    "text",
    ["!!!", "YQ", "YQ=", "YQ===", "YR==", "YQ==\n", " YQ==", "Y Q==", "YQ==YQ==", "-_8=", "=", "\u0178Q==", "YQ==\0"],
)
def test_base64_has_one_spelling(text: str) -> None:
    """Padded, of the standard alphabet, and what it decodes to encodes to it."""
    assert faults_with(body_base64=text) == [("body_base64", "base64")]


def test_bodies_may_have_256_kilobytes() -> None:
    """Counted as sent: text in UTF-8, JSON compact, base64 decoded."""
    assert faults_with(body="é" * (128 * 1024) + "x") == [("body", "body_too_large")]
    assert faults_with(body=["x" * (256 * 1024 - 3)]) == [("body", "body_too_large")]
    assert faults_with(body_base64="AAAA" * (256 * 1024 // 3) + "AAA=") == [("body_base64", "body_too_large")]


def test_a_body_has_one_form() -> None:
    """But null is no body."""
    assert faults_with(body="a", body_base64="YQ==") == [("body", "body_conflict")]
    assert faults_with(body=0, body_base64="?") == [("body", "body_conflict"), ("body_base64", "base64")]


def test_head_has_no_body() -> None:
    """In either form; and a broken body is only broken."""
    assert faults_with(method="HEAD", body="") == [("body", "body_not_allowed")]
    assert faults_with(method="HEAD", body_base64="YQ==") == [("body_base64", "body_not_allowed")]
    assert faults_with(method="HEAD", body_base64="?") == [("body_base64", "base64")]
    assert faults_with(method="HEAD", body="a", body_base64="YQ==") == [("body", "body_conflict")]


def test_secret_headers_are_names() -> None:
    """What is none could not be matched, and its secret would be shown."""
    assert faults_with(secret_headers=["x-a", "x-b: 1"]) == [("secret_headers", "header_name")]


def test_secret_headers_have_16_kilobytes_together() -> None:
    """As many as the headers that they name: the table takes no item without end, and that would be a 500."""
    assert faults_with(secret_headers=["x" * 16_384, "y"]) == [("secret_headers", "range")]
    document = {"url": "https://example.com/", "delay_seconds": 60, "secret_headers": ["x" * 16_383, "y"]}
    job = new_job(document, owner="ada", job_id="job_1", now_ms=NOW_MS, horizon=HORIZON, rules=Rules())
    assert job.request.secret_headers == ("x" * 16_383, "y")
