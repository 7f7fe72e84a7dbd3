"""Bury: see a dead letter to its end. It is the job that is judged, not the letter.

A letter says that somebody gave up, some time ago. What the job says now decides: failed and nobody told → tell;
out of workers → failed, then tell; still to be fired → the letter is wrong, and the sweep fires it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from lambdas.jobs.errors import DamagedItem, Unavailable, whereabouts
from lambdas.jobs.job import Job, Status
from lambdas.jobs.notice import operators_notice
from lambdas.jobs.outcome import Outcome, Verdict
from lambdas.jobs.settle import DIED_TOO_OFTEN, Terms, settle, settle_late
from lambdas.jobs.telling import Herald, ToldLater, tell_of_end

if TYPE_CHECKING:
    from lambdas.jobs.ports import Alerts, Clock, DeadLetter, JobStore, Journal

_NAMED_JOBS = 5
_GIVEN_UP = Outcome(
    Verdict.PERMANENT,
    error_code="died",
    error_message="The attempt was given up. Whether the request was sent is not known.",
)


class Undertaker(NamedTuple):
    """All that burying needs."""

    store: JobStore
    alerts: Alerts
    journal: Journal
    clock: Clock
    terms: Terms
    herald: Herald


class LetterKept(Unavailable):
    """The job's lease is still live: its worker may yet settle it, so the letter is judged again later."""


def bury_batch(letters: Sequence[DeadLetter], *, undertaker: Undertaker) -> Sequence[DeadLetter]:
    """Judge all letters and return those that must come again. One letter's trouble does not reach another."""
    kept: list[DeadLetter] = []
    mistaken: list[DeadLetter] = []
    for letter in letters:
        try:
            if not bury(letter, undertaker=undertaker):
                mistaken.append(letter)
        except ToldLater:
            kept.append(letter)
        except Unavailable as error:
            undertaker.journal.tell("letter_kept", job_id=letter.message.due.job_id, error=str(error))
            kept.append(letter)
        except Exception as error:  # a defect of ours: say so, keep the letter, go on with the others
            undertaker.journal.tell("defect", job_id=letter.message.due.job_id, error=whereabouts(error))
            kept.append(letter)
    if mistaken:
        kept += _tell_of_mistaken(mistaken, undertaker)
    return kept


def tell_of_unreadable(message_ids: Sequence[str], *, undertaker: Undertaker) -> bool:
    """Tell the operators of letters that name no job; False if they could not be told now."""
    if not message_ids:
        return True
    lines = [
        "The dead-letter queue held messages that name no job in any form this version knows:",
        "",
        *(f"  {message_id}" for message_id in message_ids),
        "",
        "They were let go. Their ids are in the log of the function `bury`. If another version or another program",
        "writes to the queues, look there; a job that such a message stood for is fired by the next sweeps.",
    ]
    try:
        undertaker.alerts.send(operators_notice("unreadable dead letters", lines))
    except Unavailable as error:
        undertaker.journal.tell("letter_kept", letters=len(message_ids), error=str(error))
        return False
    return True


def bury(letter: DeadLetter, *, undertaker: Undertaker) -> bool:
    """See one letter to its end; False if its job is still to be fired, so that the operators should hear of it.

    Raises Unavailable or ToldLater if the letter must be kept.
    """
    due = letter.message.due
    try:
        job = undertaker.store.find(due.job_id)
    except DamagedItem as error:
        _set_aside(due.job_id, error, undertaker)
        return True
    if letter.message.outcome is not None:
        job = _settle_late(letter, undertaker)
    elif job is not None and job.due == due and job.status is Status.RUNNING:
        job = _settle_if_given_up(job, letter, undertaker)
    if job is None or not job.owes_notice or not job.notified(undertaker.herald.notify_of).owes_notice:
        still_to_fire = job is not None and job.due == due and job.status is Status.SCHEDULED
        undertaker.journal.tell("letter_dropped", job_id=due.job_id, still_to_fire=still_to_fire)
        return not still_to_fire
    tell_of_end(job, herald=undertaker.herald)
    return True


def _settle_if_given_up(job: Job, letter: DeadLetter, undertaker: Undertaker) -> Job | None:
    """Fail a running job if the letter is right that nobody will finish it.

    A letter of ours is right if it names the attempt that runs; one that the queue moved here if the job's workers
    died as often as they may. Raises LetterKept while the lease is live.
    """
    now_ms = undertaker.clock.now_ms()
    ours = letter.reason is not None
    if ours and letter.message.attempt == job.attempt_count:
        outcome = _GIVEN_UP
    elif not ours and job.deaths_used_up(now_ms):
        outcome = DIED_TOO_OFTEN
    elif not ours and not job.lease_lapsed(now_ms):
        raise LetterKept("the job's lease is live")
    else:
        return None
    return settle(
        job,
        outcome,
        store=undertaker.store,
        journal=undertaker.journal,
        terms=undertaker.terms,
        now_ms=now_ms,
    )


def _settle_late(letter: DeadLetter, undertaker: Undertaker) -> Job | None:
    return settle_late(
        letter.message,
        store=undertaker.store,
        journal=undertaker.journal,
        terms=undertaker.terms,
        now_ms=undertaker.clock.now_ms(),
    )


def _set_aside(job_id: str, error: DamagedItem, undertaker: Undertaker) -> None:
    """Take an item that nobody can read out of the way, and tell the operators, who can look at it."""
    undertaker.alerts.send(
        operators_notice(
            f"job {job_id} cannot be read",
            [
                f"The stored job {job_id} cannot be understood, so it was not fired: {error.why}.",
                "",
                "It was written by a newer version, or is damaged. It has been taken out of the due index and stays",
                "in the table. Mend it there or restore it, then give it its due_shard again; see docs/operating.md.",
            ],
        )
    )
    undertaker.store.set_aside(job_id)
    undertaker.journal.tell("set_aside", job_id=job_id, why=error.why)


def _tell_of_mistaken(letters: Sequence[DeadLetter], undertaker: Undertaker) -> Sequence[DeadLetter]:
    """Tell the operators, once for a batch, of letters whose jobs are still to be fired; returns those to keep."""
    ids = [letter.message.due.job_id for letter in letters]
    more = len(ids) - _NAMED_JOBS
    try:
        undertaker.alerts.send(
            operators_notice(
                f"{len(ids)} scheduled job{'s' if len(ids) > 1 else ''} came back undelivered",
                [
                    "The queue gave up on messages of jobs that are still scheduled. No job is lost: the sweep sends",
                    "them again within minutes, so they fire late.",
                    "",
                    *(f"  {job_id}" for job_id in ids[:_NAMED_JOBS]),
                    *([f"  and {more} more"] if more > 0 else []),
                    "",
                    "This happens when the worker function fails or the table does not answer for many minutes. Look",
                    "at the alarms and at the log of the function `fire`.",
                ],
            )
        )
    except Unavailable as error:
        undertaker.journal.tell("letter_kept", jobs=len(ids), error=str(error))
        return letters
    return []
