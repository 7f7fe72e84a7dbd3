"""What every channel of alerts does: what is sent arrives, whatever users and targets have written into it."""

from __future__ import annotations

import pytest

from lambdas.jobs.ports import Alert
from tests.contracts.queue_places import AlertsUnderTest


def test_an_alert_arrives(alerts: AlertsUnderTest) -> None:
    """Subject and text."""
    alert = Alert("Punctual: purge failed", "The job “purge” has failed.\n\n<b>as it is</b>\n")
    alerts.alerts.send(alert)
    assert alerts.received() == [alert]


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blanks"),
        pytest.param("käse – “gone” …", id="accents"),
        pytest.param("仕事", id="no ASCII"),
        pytest.param("a\r\nBcc: all@example.com", id="a second header"),
        pytest.param("\x00\x1b[31m", id="controls"),
        pytest.param("x" * 500, id="long"),
        pytest.param("ﷺ" * 60, id="grows"),
        pytest.param("\ud800", id="surrogate"),
    ],
)
def test_no_subject_keeps_an_alert_from_arriving(alerts: AlertsUnderTest, subject: str) -> None:
    """T8: one name must not poison the queue of dead letters."""
    alerts.alerts.send(Alert(subject, "The text."))
    (received,) = alerts.received()
    assert received.text == "The text."


@pytest.mark.parametrize("text", ["é" * 300_000, "lone \ud800 surrogate"], ids=["large", "surrogate"])
def test_no_text_keeps_an_alert_from_arriving(alerts: AlertsUnderTest, text: str) -> None:
    """What is too much is cut, what cannot be written is replaced."""
    alerts.alerts.send(Alert("Punctual: a job failed", text))
    (received,) = alerts.received()
    assert received.text[:5] == text[:5]
