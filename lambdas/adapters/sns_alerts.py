"""Alerts by SNS, which brings them to mail boxes."""

from __future__ import annotations

from typing import Any

from lambdas.adapters.aws import outages_as
from lambdas.jobs.errors import AlertsUnavailable
from lambdas.jobs.ports import Alert

LONGEST_SUBJECT = 100
LONGEST_TEXT_BYTES = 200_000
"""SNS takes 256 KiB a message; far less is readable."""


class SnsAlerts:
    """Implements the port `Alerts` on one topic."""

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def send(self, alert: Alert) -> None:
        text = alert.text.encode()[:LONGEST_TEXT_BYTES].decode(errors="ignore")
        with outages_as(AlertsUnavailable):
            self._client.publish(TopicArn=self._topic_arn, Subject=_subject(alert.subject), Message=text)


def _subject(text: str) -> str:
    """A subject that SNS takes: ASCII, no controls, at most 100 characters, beginning with a letter or digit.

    Whatever else a job's name holds becomes a question mark, so that no name can keep its own alert from being sent.
    """
    plain = "".join(c if " " <= c <= "~" else "?" for c in text).strip()
    if len(plain) > LONGEST_SUBJECT:
        plain = plain[: LONGEST_SUBJECT - 3] + "..."
    return plain if plain[:1].isalnum() else f"Alert {plain}"[:LONGEST_SUBJECT]
