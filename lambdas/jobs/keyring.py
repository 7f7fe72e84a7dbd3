"""What a worker knows of its owners' signing secrets, and who hears of one that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.jobs.errors import DamagedItem, DamagedSecret, Unavailable
from lambdas.jobs.notice import one_line, operators_notice
from lambdas.jobs.remembered import Remembered
from lambdas.jobs.signing import REMEMBERED_MS, SigningSecret

if TYPE_CHECKING:
    from lambdas.jobs.ports import Alert, Alerts, Clock, Journal, SigningSecrets


class Keyring:
    """The owners' secrets as a worker goes by them: each looked up once a minute, that there is none included."""

    def __init__(self, *, secrets: SigningSecrets, alerts: Alerts, journal: Journal, clock: Clock) -> None:
        self._secrets = secrets
        self._alerts = alerts
        self._journal = journal
        self._clock = clock
        self._known = Remembered(self._look_up, clock=clock, for_ms=REMEMBERED_MS)

    def secret_of(self, owner: str) -> SigningSecret | None:
        """The owner's secret, None when they have none. Raises DamagedItem and StoreUnavailable."""
        found = self._known.get(owner)
        if isinstance(found, DamagedSecret):
            raise DamagedItem(found.key, found.why)  # one of its own for each job that asks
        return found

    def _look_up(self, owner: str) -> SigningSecret | DamagedSecret | None:
        """A damaged secret is an answer like others: it is remembered, and told by one of all that ask at a time."""
        try:
            return self._secrets.glance(owner)
        except DamagedSecret as damaged:
            self._journal.tell("secret_damaged", owner=owner, error=str(damaged))
            if not damaged.told:
                self._tell(owner, damaged)
            return damaged

    def _tell(self, owner: str, damaged: DamagedSecret) -> None:
        """Tell the operators, then note it: twice rather than never. No job waits for whether that succeeds."""
        try:
            self._alerts.send(_notice(owner, damaged))
            self._secrets.note_told(owner, damaged, now_ms=self._clock.now_ms())
        except Unavailable as error:
            self._journal.tell("secret_untold", owner=owner, error=str(error))


def _notice(owner: str, damaged: DamagedSecret) -> Alert:
    named = one_line(owner, 60)
    return operators_notice(
        f"the signing secret of {named} cannot be read",
        [
            f"The stored signing secret of the owner {named} cannot be understood:",
            f"{damaged}.",
            "",
            "Nothing of this owner is sent meanwhile. Jobs that come due are tried again, and fail with the code",
            "secret_damaged when their attempts are used up. You are told once.",
            "",
            "Bring the item back from a restored table, or let the owner make a new secret and give it to their",
            "receivers: POST /v1/signing-secret/rotate. See docs/operating.md.",
        ],
    )
