"""A target: a host that one owner's jobs call, and how it has been doing. Pure: decides, and changes nothing.

A target that is well has no record at all. One that fails in a row is paused, so that jobs wait instead of spending
their attempts; one that refuses everything in a row is denied, until its owner lifts it.

    allowed --failures in a row--> paused (for a first pause, told)
    allowed --429 or 503 with Retry-After--> paused (until then, and allowed again by itself)
    paused  --until has passed--> one job is the probe: answered → allowed (told); failed → paused, twice as long
    allowed --refusals in a row--> denied (told) --the owner lifts it--> allowed
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from lambdas.jobs.job import TARGET_DENIED, Job
from lambdas.jobs.outcome import Outcome, Verdict

if TYPE_CHECKING:
    from lambdas.jobs.retry import Uniform

ASKED = "retry_after"
"""The reason of a pause that the target asked for by `Retry-After`."""

UNTOLD_AFTER_MS = 60_000
"""A change that nobody was told of for so long is told by whoever reads of it: the teller has died."""

LONGEST_SPREAD_MS = 60_000
_SPREAD_PARTS = 15
"""Jobs that waited come back over a fifteenth of the pause, a minute at most: not all in one millisecond."""

_PROBING_PARTS = 3
"""While a probe is under way the others come again after a third of a first pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What pausing and denying go by; times are milliseconds.

    `failures` in a row pause a target for `first_pause_ms`, each failed probe doubles that up to `longest_pause_ms`;
    `refusals` in a row deny it. A job waits for its target `longest_wait_ms` at most; then it is sent regardless.
    """

    failures: int = 10
    refusals: int = 20
    first_pause_ms: int = 30_000
    longest_pause_ms: int = 900_000
    longest_wait_ms: int = 86_400_000


class State(StrEnum):
    ALLOWED = "allowed"
    PAUSED = "paused"
    DENIED = "denied"


class Sign(StrEnum):
    """What an attempt's outcome says of its target."""

    WELL = "well"
    FAILURE = "failure"
    REFUSAL = "refusal"
    NOTHING = "nothing"


Change = Literal["paused", "closed", "denied"]
"""What somebody is to be told of a target."""


@dataclass(frozen=True, slots=True)
class Untold:
    """A change that nobody was told of yet, and since when (epoch ms)."""

    what: Change
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is known of a target that is or was in trouble. Times are epoch milliseconds.

    `host` is the URL's canonical host, with its port when that is not the scheme's own. `failures` and `refusals` are
    those in a row; one of them is 0. `reason` is an attempt's error code, or `ASKED`; `since_ms` is when the row or the
    state began. A paused target is paused until `until_ms`, the pause took `pause_ms`; `probe` is the claim that tries
    it, until `probe_until_ms` at most. `version` rises with every change but counting, also beyond a deletion.
    """

    owner: str
    host: str
    since_ms: int
    version: int
    state: State = State.ALLOWED
    reason: str | None = None
    failures: int = 0
    refusals: int = 0
    until_ms: int | None = None
    pause_ms: int = 0
    probe: str | None = None
    probe_until_ms: int | None = None
    untold: Untold | None = None

    @property
    def asked(self) -> bool:
        """Paused because the target said until when."""
        return self.state is State.PAUSED and self.reason == ASKED

    @property
    def broken(self) -> bool:
        """Paused because it failed: only a probe, or a lift, ends that."""
        return self.state is State.PAUSED and self.reason != ASKED

    def state_at(self, now_ms: int) -> State:
        """The state as users see it: a pause that the target asked for ends by itself."""
        return State.ALLOWED if self.asked and (self.until_ms or 0) <= now_ms else self.state

    def begun_anew(self, sign: Sign, *, now_ms: int) -> Target:
        """The first of a new row: the target was well in between."""
        failures, refusals = int(sign is Sign.FAILURE), int(sign is Sign.REFUSAL)
        return replace(self, since_ms=now_ms, failures=failures, refusals=refusals)._changed(now_ms)

    def opened(self, reason: str, *, asked_ms: int, now_ms: int, limits: Limits) -> Target:
        """Failed too often in a row: paused, and somebody is to be told. `asked_ms` is what the target asked for."""
        paused = self._paused(reason, limits.first_pause_ms, asked_ms=asked_ms, now_ms=now_ms, limits=limits)
        return replace(paused, since_ms=now_ms, untold=Untold("paused", now_ms))

    def paused_again(self, reason: str, *, asked_ms: int, now_ms: int, limits: Limits) -> Target:
        """The probe failed: twice as long."""
        return self._paused(reason, self.pause_ms * 2, asked_ms=asked_ms, now_ms=now_ms, limits=limits)

    def asked_to_wait(self, asked_ms: int, *, now_ms: int, limits: Limits) -> Target:
        """The target named the time."""
        return self._paused(ASKED, 0, asked_ms=asked_ms, now_ms=now_ms, limits=limits)

    def probed(self, claim_id: str, *, until_ms: int, now_ms: int) -> Target:
        """One job tries it. If nothing is heard of the probe by `until_ms`, another may."""
        return replace(self, probe=claim_id, probe_until_ms=until_ms)._changed(now_ms)

    def closed(self, *, now_ms: int) -> Target:
        """Well again; the record is kept until somebody has been told. `since_ms` still says since when it was not."""
        well = replace(self, state=State.ALLOWED, failures=0, refusals=0, until_ms=None, probe=None)
        return replace(well, probe_until_ms=None, untold=Untold("closed", now_ms))._changed(now_ms)

    def denied(self, reason: str, *, now_ms: int) -> Target:
        """Refused too often in a row: nothing more is sent, and somebody is to be told."""
        stopped = replace(self, state=State.DENIED, reason=reason, since_ms=now_ms, until_ms=None, probe=None)
        return replace(stopped, probe_until_ms=None, untold=Untold("denied", now_ms))._changed(now_ms)

    def told(self, *, now_ms: int) -> Target:
        return replace(self, untold=None)._changed(now_ms)

    def being_told(self, *, now_ms: int) -> Target:
        """Told by whoever writes this, and by nobody else for a while."""
        assert self.untold is not None
        return replace(self, untold=replace(self.untold, since_ms=now_ms))._changed(now_ms)

    def _paused(self, reason: str, pause_ms: int, *, asked_ms: int, now_ms: int, limits: Limits) -> Target:
        pause_ms = min(max(pause_ms, asked_ms), limits.longest_pause_ms)
        paused = replace(self, state=State.PAUSED, reason=reason, until_ms=now_ms + pause_ms, pause_ms=pause_ms)
        return replace(paused, probe=None, probe_until_ms=None)._changed(now_ms)

    def _changed(self, now_ms: int) -> Target:
        return replace(self, version=max(self.version + 1, now_ms))


@dataclass(frozen=True, slots=True)
class Send:
    """The job may be sent."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The job may be sent if it wins the right to try this target."""

    target: Target


@dataclass(frozen=True, slots=True)
class PutOff:
    """The job waits for its target, until then (epoch ms)."""

    fire_at_ms: int


@dataclass(frozen=True, slots=True)
class Deny:
    """Nothing is sent to this target."""


Admission = Send | Probe | PutOff | Deny


DENIED_OUTCOME = Outcome(Verdict.PERMANENT, error_code=TARGET_DENIED.code, error_message=TARGET_DENIED.message)
"""What becomes of an attempt whose target is denied."""


def admission(target: Target | None, job: Job, *, now_ms: int, limits: Limits, uniform: Uniform) -> Admission:
    """Whether a claimed job may be sent, as seen at the instant when it would be.

    A new fire time is always beyond the old one, so that no message of the old one can mean it.
    """
    at_ms = max(now_ms, job.fire_at_ms)
    if target is not None and target.state is State.DENIED:
        return Deny()
    if target is None or target.state is State.ALLOWED or _has_waited_enough(job, now_ms, limits):
        return Send()
    until_ms = target.until_ms or 0
    if until_ms > at_ms:
        return PutOff(until_ms + _spread(target.pause_ms, uniform))
    if target.asked:
        return Send()
    if (target.probe_until_ms or 0) > at_ms:
        soon_ms = limits.first_pause_ms // _PROBING_PARTS
        return PutOff(at_ms + 1 + soon_ms + _spread(limits.first_pause_ms, uniform))
    return Probe(target)


def sign_of(outcome: Outcome) -> Sign:
    """What an outcome says of the target: whether it answers, and whether it would ever take such a request.

    Nothing is said by what was decided here: an address that must not be called, a request that was too late to be
    sent. An answer that is not what the job expects still is the answer of a target that is well.
    """
    if outcome.verdict is Verdict.SUCCEEDED or outcome.error_code == "expectation_failed":
        return Sign.WELL
    if outcome.error_code in ("status_permanent", "certificate_invalid"):
        return Sign.REFUSAL
    too_late = outcome.error_code == "timeout" and outcome.started_at_ms is None
    return Sign.FAILURE if outcome.verdict is Verdict.RETRYABLE and not too_late else Sign.NOTHING


def asked_for_ms(outcome: Outcome) -> int:
    """How long the target wants to be left alone: 429 and 503 with `Retry-After` (RFC 6585, 4; RFC 9110, 15.6.4)."""
    return (outcome.retry_after_ms or 0) if outcome.status_code in (429, 503) else 0


def _has_waited_enough(job: Job, now_ms: int, limits: Limits) -> bool:
    return job.waiting_since_ms is not None and now_ms - job.waiting_since_ms >= limits.longest_wait_ms


def _spread(pause_ms: int, uniform: Uniform) -> int:
    return round(uniform(0, min(pause_ms // _SPREAD_PARTS, LONGEST_SPREAD_MS)))
