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


class TestAddresses:
    """An alert for an owner goes to the address that it names, if somebody listens there, and nowhere else."""

    def test_an_alert_for_a_confirmed_address_arrives_there_and_not_at_the_operators(
        self, alerts: AlertsUnderTest
    ) -> None:
        """As it is."""
        alerts.confirm("ada", "ada@example.com")
        alerts.alerts.send(Alert("Punctual: purge failed", "The text.\n", owner="ada", email="ada@example.com"))
        (received,) = alerts.received_at("ada", "ada@example.com")
        assert (received.subject, received.text) == ("Punctual: purge failed", "The text.\n")
        assert alerts.received() == []

    @pytest.mark.parametrize(
        ("owner", "email"), [("ada", "ada@example.org"), ("bob", "ada@example.com")], ids=["address", "owner"]
    )
    def test_what_nobody_listens_to_comes_to_the_operators(
        self, alerts: AlertsUnderTest, owner: str, email: str
    ) -> None:
        """F22: SNS would take it, and it would be gone. One owner's address is not another's."""
        alerts.confirm("ada", "ada@example.com")
        alerts.alerts.send(Alert("Punctual: purge failed", "The text.\n", owner=owner, email=email))
        (received,) = alerts.received()
        assert received.text.startswith("The text.\n")
        assert alerts.received_at("ada", "ada@example.com") == []

    def test_an_owners_alert_without_an_address_comes_to_the_operators(self, alerts: AlertsUnderTest) -> None:
        """Who know the owner."""
        alerts.alerts.send(Alert("Punctual: purge failed", "The text.\n", owner="ada"))
        (received,) = alerts.received()
        assert received.text == "The text.\n"
