"""The mail of an emulator: what its SNS has sent, and the links in it. `local/launcher.py` makes it send some."""

from __future__ import annotations

import json
import re
import urllib.request
from dataclasses import dataclass

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Mail:
    """What somebody got."""

    to: str
    subject: str
    text: str

    @property
    def link(self) -> str:
        """The last link in it: to confirm, or to get no more."""
        links: list[str] = re.findall(r"http://\S+", self.text)
        return links[-1]


def mails_to(email: str, *, endpoint_url: str) -> list[Mail]:
    """All that was sent to an address so far, oldest first."""
    with _direct.open(f"{endpoint_url}/_ministack/ses/messages", timeout=10) as answer:
        accounts = json.load(answer)["messages"]
    sent = [Mail(mail["To"][0], mail["Subject"], mail["BodyText"]) for mails in accounts.values() for mail in mails]
    return [mail for mail in sent if mail.to == email]


def follow_last_link(email: str, *, endpoint_url: str) -> None:
    """Do what whoever reads that address does: with nothing but the link. It is for the host that the mail names."""
    link = mails_to(email, endpoint_url=endpoint_url)[-1].link
    with _direct.open(link, timeout=10) as answer:
        assert answer.status == 200
