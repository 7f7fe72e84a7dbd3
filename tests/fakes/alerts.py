"""The fake of whoever wants to know."""

from __future__ import annotations

from lambdas.jobs.errors import AlertsUnavailable
from lambdas.jobs.ports import Alert
from tests.fakes.hooks import Hooks, happen


class FakeAlerts:
    """Remembers what was sent; `down` makes sending fail, `before` and `after` are as those of the store.

    `confirmed` holds owners with their addresses: alerts for others come to the operators.
    """

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.sent: list[Alert] = []
        self.confirmed: set[tuple[str, str]] = set()
        self.down = False

    def send(self, alert: Alert) -> None:
        if self.down:
            raise AlertsUnavailable("a test said so")
        happen(self.before, "send")
        self.sent.append(alert)
        happen(self.after, "send")

    def at_operators(self) -> list[Alert]:
        return [alert for alert in self.sent if (alert.owner, alert.email) not in self.confirmed]

    def at(self, owner: str, email: str) -> list[Alert]:
        """What arrived at an address that is confirmed."""
        return [
            alert
            for alert in self.sent
            if (owner, email) in self.confirmed and (alert.owner, alert.email) == (owner, email)
        ]
