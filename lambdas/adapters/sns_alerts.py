"""Alerts on an SNS topic."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from lambdas.adapters.aws import outages_as
from lambdas.jobs.errors import AlertsUnavailable

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

    from lambdas.jobs.ports import Alert

LONGEST_SUBJECT = 99
"""SNS wants fewer than 100 characters, ASCII, without controls, not beginning with a blank (its API reference)."""

LARGEST_TEXT_BYTES = 255 * 1024
"""A message may have 256 KB with all that belongs to it (AWS limit)."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""SNS and SQS take the characters that XML takes, and refuse a message with any other."""

_NOT_CONFIRMED = """
This is for {email}, which is not confirmed or does not want mail any more; so it comes to the operators.
"""
_CUT = "\n[…]\n"
_LOOKALIKES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."})


class SnsAlerts:
    """Alerts on SNS: for the operators' topic, by its ARN, or for an owner's address, by the topic of that.

    SNS takes what nobody listens to, and it is gone. So an address that was never confirmed, or has unsubscribed, is
    passed over and the operators are told instead; `is_confirmed` may be up to a minute behind.
    """

    def __init__(
        self,
        client: SNSClient,
        topic_arn: str,
        *,
        topic_of: Callable[[str, str], str],
        is_confirmed: Callable[[tuple[str, str]], bool],
    ) -> None:
        self._client = client
        self._topic_arn = topic_arn
        self._topic_of = topic_of
        self._is_confirmed = is_confirmed

    def send(self, alert: Alert) -> None:
        topic_arn, text = self._topic_arn, alert.text
        if alert.owner is not None and alert.email is not None:
            if self._is_confirmed((alert.owner, alert.email)):
                topic_arn = self._topic_of(alert.owner, alert.email)
            else:
                text += _NOT_CONFIRMED.format(email=alert.email)
        with outages_as(AlertsUnavailable):
            self._client.publish(
                TopicArn=topic_arn, Subject=subject_line(alert.subject), Message=bounded(text) or alert.subject
            )


def subject_line(text: str) -> str:
    """The text as SNS takes it for a subject; what SNS refuses would never reach anybody, however often it is sent.

    Letters lose their accents, what has no likeness in ASCII becomes a question mark, a run of them just one.
    """
    likenesses = unicodedata.normalize("NFKD", text.translate(_LOOKALIKES))
    kept = (" " if c.isspace() else c for c in likenesses if not unicodedata.combining(c))
    ascii_only = "".join(c if " " <= c <= "~" else "?" for c in kept)
    line = re.sub(r" +", " ", re.sub(r"\?+", "?", ascii_only)).strip()
    return line[: LONGEST_SUBJECT - 3] + "..." if len(line) > LONGEST_SUBJECT else line or "Punctual"


def bounded(text: str) -> str:
    """The text without what no XML may hold, and cut where it would be more than SNS takes."""
    encoded = _NOT_XML.sub("\ufffd", text).encode()
    if len(encoded) <= LARGEST_TEXT_BYTES:
        return encoded.decode()
    return encoded[: LARGEST_TEXT_BYTES - len(_CUT.encode())].decode(errors="ignore") + _CUT
