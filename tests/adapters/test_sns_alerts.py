"""What is the SNS alerts' own: subjects and texts within SNS's limits, and outages."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.adapters.sns_alerts import SnsAlerts, bounded, subject_line
from lambdas.jobs.errors import AlertsUnavailable
from lambdas.jobs.ports import Alert
from tests.contracts.aws_places import always, client


@pytest.mark.parametrize(
    ("given_", "sent"),
    [
        ("Punctual: purge failed", "Punctual: purge failed"),
        ("Punctual: “Käse – täglich”… failed", 'Punctual: "Kase - taglich"... failed'),
        ("Punctual: 仕事 \U0001f9f9 failed", "Punctual: ? ? failed"),
        ("a\r\nBcc: all@example.com", "a Bcc: all@example.com"),
        ("a\x00\x1b[31mb\x7f", "a?[31mb?"),
        ("  a\u2028\t b  ", "a b"),
        ("", "Punctual"),
        ("x" * 100, "x" * 96 + "..."),
        ("x" * 99, "x" * 99),
    ],
)
def test_a_subject_is_plain_text_that_sns_takes(given_: str, sent: str) -> None:
    """As readable as ASCII allows."""
    assert subject_line(given_) == sent


@given(st.text(max_size=300))
def test_any_subject_is_taken(text: str) -> None:
    """Printable ASCII, no blank at its beginning, fewer than 100 characters (SNS, Publish)."""
    assert re.fullmatch(r"[!-~][ -~]{0,98}", subject_line(text))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"])))
def test_texts_are_sent_as_they_are(text: str) -> None:
    """All that people write, line by line."""
    assert bounded(f"{text}\n\t") == f"{text}\n\t"


def test_what_sns_would_refuse_is_replaced() -> None:
    """T8: one character of a target must not poison the queue of dead letters."""
    assert bounded("a\x00b\x1b[31mc\ud800d\uffffe\x7f") == "a\ufffdb\ufffd[31mc\ufffdd\ufffde\x7f"


@pytest.mark.parametrize("letter", ["a", "é", "€", "\U0001f9f9"])
def test_long_texts_are_cut_between_characters(letter: str) -> None:
    """And say so; SNS takes 256 KB with everything."""
    text = bounded(letter * 300_000)
    assert len(text.encode()) <= 255 * 1024
    assert re.fullmatch(f"{letter}+\n\\[…\\]\n", text)


@pytest.mark.parametrize("code", ["Throttled", "InternalError", "NotFound", "KMSDisabled", "AuthorizationError"])
def test_a_refusal_makes_the_alerts_unavailable(code: str) -> None:
    """F22: the dead letter stays and is tried again."""
    sns = client("sns")

    def refuse(**_: Any) -> tuple[Any, dict[str, Any]]:
        return SimpleNamespace(status_code=400), {"Error": {"Code": code, "Message": "no"}}

    topic = "arn:aws:sns:us-east-1:1:alerts"
    alerts = SnsAlerts(sns, topic, topic_of=lambda *_: topic, is_confirmed=lambda _: True)
    with always(sns, "before-call.sns.Publish", refuse), pytest.raises(AlertsUnavailable, match=code):
        alerts.send(Alert("a", "b"))
