"""Alerts to owners: what holds where a job says nothing of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lambdas.jobs.errors import AlertsUnavailable, DamagedItem, StoreUnavailable
from lambdas.jobs.job import Notify

if TYPE_CHECKING:
    from lambdas.jobs.ports import Alert, Alerts, OwnerStore

NOTIFY_REMEMBERED_MS = 60_000
"""How long a function may go by what it knows of an owner's setting, and of whether an address is confirmed."""

NotifyOf = Callable[[str], Notify]
"""What holds for an owner's jobs that have no `notify`; it may be remembered for a while."""


def default_notify(owner: str, *, store: OwnerStore) -> Notify:
    """What the owner has set; the service's default if nobody can say any more what that was."""
    try:
        return store.glance(owner).notify
    except DamagedItem:
        return Notify()


class OwnersAlerts:
    """Alerts that find their address: the job's own, else what its owner has set, else none, and the operators hear."""

    def __init__(self, alerts: Alerts, *, notify_of: NotifyOf) -> None:
        self._alerts = alerts
        self._notify_of = notify_of

    def send(self, alert: Alert) -> None:
        if alert.owner is not None and alert.email is None:
            try:
                alert = alert._replace(email=self._notify_of(alert.owner).email)
            except StoreUnavailable as error:
                raise AlertsUnavailable(f"the owner's address: {error}") from error
        self._alerts.send(alert)
