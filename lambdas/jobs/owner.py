"""What an owner has set for all their jobs: who is told of ends, and which addresses of theirs may be.

An address is asked for, its mailbox is sent a link, and whoever reads that mailbox confirms it. Only then is it used:
nobody can have mail sent to strangers, beyond a few such links a day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lambdas.jobs.errors import QuotaExceeded
from lambdas.jobs.job import Notify
from lambdas.jobs.limits import Meter

MOST_ADDRESSES = 5
MOST_ASKED_A_DAY = 5
"""How many mails with a link one owner may cause in 24 hours, whoever they go to (T9)."""
ASKED_AGAIN_MS = 600_000
"""How soon a second link may go to an address that waits: a request that is repeated sends one mail, not two."""
DAY_MS = 86_400_000
DEFAULT_NOTIFY = Notify()


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an owner's, in canonical form. `confirmed` is as it was last seen, `asked_ms` (epoch ms) when a
    link was last sent there; 0 if none was, or nobody knows."""

    email: str
    confirmed: bool = False
    asked_ms: int = 0

    def waits(self, *, now_ms: int) -> bool:
        """Whether a link is on its way, so that no other need be sent."""
        return not self.confirmed and now_ms - self.asked_ms < ASKED_AGAIN_MS


@dataclass(frozen=True, slots=True)
class OwnerSettings:
    """`notify` holds for jobs that have none of their own. `asked_ms` is when links were asked for of late (epoch ms),
    oldest first. `version` counts the writes; 0 is an owner who has set nothing."""

    notify: Notify = DEFAULT_NOTIFY
    addresses: tuple[Address, ...] = ()
    asked_ms: tuple[int, ...] = ()
    version: int = 0

    def address(self, email: str) -> Address | None:
        return next((address for address in self.addresses if address.email == email), None)

    def asked_for(self, email: str, *, now_ms: int) -> OwnerSettings:
        """With an address to which a link is sent now. Raises QuotaExceeded."""
        recent = tuple(at_ms for at_ms in self.asked_ms if at_ms > now_ms - DAY_MS)
        if len(recent) >= MOST_ASKED_A_DAY:
            room_in_seconds = (recent[0] + DAY_MS - now_ms) // 1000 + 1
            raise QuotaExceeded(
                "notify.email",
                f"At most {MOST_ASKED_A_DAY} links to confirm an address are sent in 24 hours.",
                retry_after_seconds=room_in_seconds,
                meter=Meter("confirmation-links", MOST_ASKED_A_DAY, 0, DAY_MS // 1000, room_in_seconds),
            )
        asked = Address(email, asked_ms=now_ms)
        known = self.address(email) is not None
        addresses = [asked if each.email == email else each for each in self.addresses] + ([] if known else [asked])
        return replace(self, addresses=tuple(addresses), asked_ms=(*recent, now_ms))

    def not_asked(self, email: str, *, asked_ms: int) -> OwnerSettings:
        """After the link of that moment could not be sent: it may be asked for again at once, and does not count."""
        counted = tuple(at_ms for at_ms in self.asked_ms if at_ms != asked_ms)
        return replace(self._with(email, asked_ms=0), asked_ms=counted)

    def seen(self, email: str, *, confirmed: bool) -> OwnerSettings:
        return self._with(email, confirmed=confirmed)

    def without(self, email: str) -> OwnerSettings:
        notify = replace(self.notify, email=None) if self.notify.email == email else self.notify
        return replace(self, notify=notify, addresses=tuple(each for each in self.addresses if each.email != email))

    def _with(self, email: str, **changes: Any) -> OwnerSettings:
        changed = (replace(each, **changes) if each.email == email else each for each in self.addresses)
        return replace(self, addresses=tuple(changed))
