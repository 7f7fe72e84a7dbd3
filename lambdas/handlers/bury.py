"""Dead letters → failed jobs that somebody has been told of."""

from __future__ import annotations

from typing import Any

from lambdas import wiring
from lambdas.adapters.messages import letter_from_body
from lambdas.handlers.sqs_batch import read_batch, report
from lambdas.jobs.bury import bury_batch, tell_of_unreadable


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Bury a batch, and report the letters that must come again (AWS: ReportBatchItemFailures).

    A letter that cannot be understood is told to the operators and let go; if they cannot be told, it comes again.
    """
    undertaker, journal = wiring.bury_parts()
    letters, unreadable = read_batch(event, lambda body, _: letter_from_body(body), journal)
    kept = bury_batch(list(letters.values()), undertaker=undertaker)
    told = tell_of_unreadable(unreadable, undertaker=undertaker)
    journal.flush()
    return report(letters, kept, () if told else unreadable)
