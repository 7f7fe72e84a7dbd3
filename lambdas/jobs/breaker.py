"""The breaker: keeps jobs from spending their attempts on a target that is down, and tells when it opens and closes.

What it goes by is in `target.py`; here it is remembered, written and told. The way of a job whose target is well
costs no write: a read of a record that is not there, which a worker makes once in two seconds for each target.

The breaker is a courtesy, to targets and to jobs, and not a promise: if the table does not answer it, jobs are sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lambdas.jobs.errors import AlertsUnavailable, DamagedItem, StoreUnavailable
from lambdas.jobs.target import (
    UNTOLD_AFTER_MS,
    Deny,
    Limits,
    Probe,
    PutOff,
    Send,
    Sign,
    State,
    Target,
    admission,
    asked_for_ms,
    sign_of,
)
from lambdas.jobs.target_memory import TargetMemories, TargetMemory, key_of
from lambdas.jobs.target_notice import target_notice

if TYPE_CHECKING:
    from lambdas.jobs.job import Job
    from lambdas.jobs.outcome import Outcome
    from lambdas.jobs.ports import Alerts, Clock, Journal, Targets
    from lambdas.jobs.retry import Uniform

WORTH_EXTENDING_MS = 1_000
"""A target asks every request that is under way for patience; not each answer is worth a write."""

_TRIES = 3
"""How often a change is made anew on what a faster worker left."""

_Change = Callable[[Target], Target | None]
"""The target after a change, or None if there is nothing to change any more."""


class Breaker:
    """One worker's view of all targets. Safe to use from many threads."""

    def __init__(
        self, *, targets: Targets, alerts: Alerts, journal: Journal, clock: Clock, limits: Limits, uniform: Uniform
    ) -> None:
        self._targets = targets
        self._alerts = alerts
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._uniform = uniform
        self._memories = TargetMemories(targets=targets, journal=journal, clock=clock)

    def admit(self, job: Job) -> Send | PutOff | Deny:
        """Whether a job that was just claimed may be sent now. Raises nothing that is outside."""
        memory = self._memories.of(job)
        target = self._memories.read(memory)
        for _ in range(_TRIES):
            now_ms = self._clock.now_ms()
            decision = admission(target, job, now_ms=now_ms, limits=self._limits, uniform=self._uniform)
            if not isinstance(decision, Probe):
                return decision
            probed = decision.target.probed(job.claim_id or "", until_ms=job.lease_until_ms or 0, now_ms=now_ms)
            try:
                target = self._replace(memory, probed, decision.target)
            except (StoreUnavailable, DamagedItem) as error:
                self._unknown(job, error)
                return Send()
            if target == probed:
                self._journal.tell("target_probed", host=probed.host, job_id=job.id)
                return Send()
        return Send()  # its record changes faster than we write: something is going on there again

    def note(self, job: Job, outcome: Outcome) -> None:
        """Learn from an attempt that is settled.

        Raises AlertsUnavailable if somebody should hear of it and cannot. What was learnt is written all the same, and
        whoever gets the job's message again tells it.
        """
        memory, now_ms = self._memories.of(job), self._clock.now_ms()
        sign = sign_of(outcome)
        try:
            if sign is Sign.WELL:
                memory.well_ms = now_ms
                self._answered(job, outcome, memory, now_ms)
            elif sign is Sign.REFUSAL and not self._answered(job, outcome, memory, now_ms):
                self._refused(job, outcome, memory, now_ms)
            elif sign is Sign.FAILURE:
                self._failed(job, outcome, memory, now_ms)
        except (StoreUnavailable, DamagedItem) as error:
            self._unknown(job, error)
        self.remind(job)

    def remind(self, job: Job) -> None:
        """Tell what is untold of the job's target for so long that its teller has died, by what is known of it here.

        Raises AlertsUnavailable.
        """
        memory = self._memories.of(job)
        try:
            self._tell_untold(memory, memory.target, after_ms=UNTOLD_AFTER_MS)
        except (StoreUnavailable, DamagedItem) as error:
            self._unknown(job, error)

    def remind_again(self, job: Job) -> None:
        """Tell what is untold by the record as it stands, for a message that somebody had before: they have died, or
        could not tell.

        Raises Unavailable if that cannot be found out or told now: then the message must come again.
        """
        memory = self._memories.of(job)
        try:
            target = self._targets.find(*memory.key)
            self._memories.remember(memory, target)
            self._tell_untold(memory, target, after_ms=0)
        except DamagedItem as error:
            self._unknown(job, error)

    # What an attempt says

    def _answered(self, job: Job, outcome: Outcome, memory: TargetMemory, now_ms: int) -> bool:
        """The target is there: what was held against it is over. Returns whether it was paused because it failed.

        An answer that was under way when the target was paused says nothing new. A pause that the target asked for
        lasts until then.
        """
        target = memory.target
        if target is None or target.state is State.DENIED:
            return False
        if target.broken:
            if _is_probe(job, target) or (outcome.started_at_ms or 0) >= target.since_ms:
                closed = self._change(memory, target, lambda t: t.closed(now_ms=now_ms) if t.broken else None)
                if closed is not None:
                    self._journal.tell("target_well", host=closed.host, job_id=job.id)
                    self._tell(memory, closed)
            return True
        waits = target.state_at(now_ms) is State.PAUSED
        if sign_of(outcome) is Sign.WELL and not waits and target.untold is None:
            self._forget(memory, target)
        return False

    def _refused(self, job: Job, outcome: Outcome, memory: TargetMemory, now_ms: int) -> None:
        if memory.target is not None and memory.target.state is State.DENIED:
            return
        limit, reason = self._limits.refusals, outcome.error_code or ""
        target = self._counted(job, Sign.REFUSAL, memory, now_ms)
        denied = self._change(
            memory,
            target,
            lambda t: t.denied(reason, now_ms=now_ms) if t.refusals >= limit and t.state is not State.DENIED else None,
        )
        if denied is not None:
            self._journal.tell("target_denied", host=denied.host, job_id=job.id, error=reason)
            self._tell(memory, denied)

    def _failed(self, job: Job, outcome: Outcome, memory: TargetMemory, now_ms: int) -> None:
        """One more failure in a row; or the probe's, or one of a request that was under way when others failed."""
        asked_ms, reason = asked_for_ms(outcome), outcome.error_code or ""
        target = memory.target
        if target is not None and (target.broken or target.state is State.DENIED):
            self._probe_failed(job, reason, asked_ms, memory, now_ms)
            return
        if outcome.status_code != 429 or not asked_ms:  # being asked for patience is no failure
            target = self._counted(job, Sign.FAILURE, memory, now_ms)

        def changed(t: Target) -> Target | None:
            if t.broken or t.state is State.DENIED:
                return None
            if t.failures >= self._limits.failures:
                return t.opened(reason, asked_ms=asked_ms, now_ms=now_ms, limits=self._limits)
            until_ms = now_ms + min(asked_ms, self._limits.longest_pause_ms)
            if asked_ms and until_ms >= (t.until_ms or 0) + WORTH_EXTENDING_MS:
                return t.asked_to_wait(asked_ms, now_ms=now_ms, limits=self._limits)
            return None

        paused = self._change(memory, target or _blank(job, now_ms), changed)
        if paused is not None:
            self._tell_paused(paused, job)
            self._tell(memory, paused)

    def _probe_failed(self, job: Job, reason: str, asked_ms: int, memory: TargetMemory, now_ms: int) -> None:
        def changed(t: Target) -> Target | None:
            if not _is_probe(job, t):
                return None
            return t.paused_again(reason, asked_ms=asked_ms, now_ms=now_ms, limits=self._limits)

        paused = self._change(memory, memory.target, changed)
        if paused is not None:
            self._tell_paused(paused, job)

    def _counted(self, job: Job, sign: Sign, memory: TargetMemory, now_ms: int) -> Target:
        """The record with one more in a row; a row that began before this worker saw the target well begins anew."""

        def anew(t: Target) -> Target | None:
            broken_row = t.state is State.ALLOWED and t.since_ms < memory.well_ms
            return t.begun_anew(sign, now_ms=now_ms) if broken_row else None

        if memory.target is not None:
            begun = self._change(memory, memory.target, anew)
            if begun is not None:
                return begun
        owner, host = key_of(job)
        counted = self._targets.count(owner, host, sign=sign, now_ms=now_ms)
        self._memories.remember(memory, counted)
        return self._change(memory, counted, anew) or memory.target or counted

    # How it is written and told

    def _change(self, memory: TargetMemory, target: Target | None, change: _Change) -> Target | None:
        """Write what a change makes of the target, or of what a faster worker left of it; None if nothing does."""
        for _ in range(_TRIES):
            changed = None if target is None else change(target)
            if target is None or changed is None:
                return None
            target = self._replace(memory, changed, target)
            if target == changed:
                return changed
        return None

    def _replace(self, memory: TargetMemory, target: Target, before: Target) -> Target | None:
        """Write a record and return it as it stands: another one if somebody was faster, None if it is gone."""
        stands = self._targets.replace(target, read_version=before.version, now_ms=self._clock.now_ms())
        self._memories.remember(memory, stands)
        return stands

    def _forget(self, memory: TargetMemory, target: Target) -> None:
        self._targets.forget(target)
        self._memories.remember(memory, None)

    def _tell_untold(self, memory: TargetMemory, target: Target | None, *, after_ms: int) -> None:
        now_ms = self._clock.now_ms()
        if target is None or target.untold is None or now_ms - target.untold.since_ms < after_ms:
            return
        mine = target.being_told(now_ms=now_ms)
        if self._replace(memory, mine, target) == mine:
            self._tell(memory, mine)

    def _tell(self, memory: TargetMemory, target: Target) -> None:
        """Tell a change, then mark it told: it may be told twice, and not never. Raises AlertsUnavailable."""
        if target.untold is None:
            return
        try:
            self._alerts.send(target_notice(target))
        except AlertsUnavailable as error:
            self._journal.tell("target_untold", host=target.host, error=str(error))
            raise
        if target.untold.what == "closed":
            self._forget(memory, target)
        else:
            self._replace(memory, target.told(now_ms=self._clock.now_ms()), target)

    def _tell_paused(self, target: Target, job: Job) -> None:
        self._journal.tell(
            "target_paused", host=target.host, job_id=job.id, error=target.reason, pause_ms=target.pause_ms
        )

    def _unknown(self, job: Job, error: Exception) -> None:
        self._journal.tell("target_unknown", host=key_of(job)[1], job_id=job.id, error=str(error))


def _is_probe(job: Job, target: Target) -> bool:
    return target.probe is not None and target.probe == job.claim_id


def _blank(job: Job, now_ms: int) -> Target:
    """A target of which there is no record."""
    owner, host = key_of(job)
    return Target(owner=owner, host=host, since_ms=now_ms, version=0)
