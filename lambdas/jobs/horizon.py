"""How far ahead the queue reaches, and what follows from it: which jobs are near, and how long a message waits."""

from __future__ import annotations

from dataclasses import dataclass

SQS_LONGEST_DELAY_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Horizon:
    """The queue's reach and the lead, both in milliseconds.

    `reach_ms` is how far ahead a sweep hands over: 15 minutes, the longest delay SQS gives, unless a local run makes
    it shorter. `lead_ms` is how early a message should arrive, so that the worker can claim and connect before the
    instant.
    """

    reach_ms: int = SQS_LONGEST_DELAY_SECONDS * 1000
    lead_ms: int = 2_000

    @property
    def near_ms(self) -> int:
        """The horizon and its margin (2 of 15 minutes): a fire time within this is near.

        The margin is what lets no job fall between stream and sweep: whoever stores a later fire time stores it a
        margin before the sweep whose window holds it reads the index.
        """
        return self.reach_ms + self.reach_ms * 2 // 15

    def is_near(self, fire_at_ms: int, now_ms: int) -> bool:
        return fire_at_ms - now_ms <= self.near_ms

    def delay_seconds(self, fire_at_ms: int, now_ms: int) -> int:
        """Whole seconds a message must wait in the queue to arrive `lead` early, as far as SQS lets it."""
        wanted = (fire_at_ms - now_ms - self.lead_ms) // 1000
        return max(0, min(wanted, SQS_LONGEST_DELAY_SECONDS))
