"""Which jobs a command is about: by time, owner, host and reason."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lambdas.adapters.dynamodb_table import DynamoDbTable
from lambdas.adapters.job_items import due_job_of, failed_partition, job_from_item, job_key
from lambdas.jobs.due_job import DueJob
from lambdas.jobs.errors import DamagedItem
from lambdas.jobs.instant import rfc3339
from lambdas.jobs.job import Job, Status
from lambdas.jobs.notice import one_line
from lambdas.jobs.place import host_of

DAY_MS = 86_400_000
PAGE = 100
"""Entries that are read at once, and then their jobs in one batch."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Fire times from `from_ms` to before `to_ms`, and what else must hold. None is anything."""

    from_ms: int
    to_ms: int
    owner: str | None = None
    host: str | None = None
    error_code: str | None = None

    def holds(self, job: Job) -> bool:
        return (
            self.owner in (None, job.owner)
            and self.host in (None, host_of(job.request.url))
            and self.error_code in (None, reason_of(job))
        )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry of the index whose item is damaged or newer than this code."""

    due: DueJob
    why: str


def failed_jobs(table: DynamoDbTable, selection: Selection) -> Iterator[Sequence[Job | Unreadable]]:
    """The selected jobs that have failed, page by page and by the fire time of their last attempt.

    One query a day, of the entries that `due` has under `FAILED#<day>`; what else is asked of a job is judged by its
    item. A failed job stays there until it expires, 30 days after its end by default.
    """
    for day_ms in range(selection.from_ms // DAY_MS * DAY_MS, selection.to_ms, DAY_MS):
        first_ms, last_ms = max(day_ms, selection.from_ms), min(day_ms + DAY_MS, selection.to_ms) - 1
        pages = table.query(
            "#due_shard = :day AND #fire_at BETWEEN :first AND :last",
            {"day": failed_partition(day_ms), "first": first_ms, "last": last_ms},
            index="due",
            limit=PAGE,
        )
        for entries, _ in pages:
            found = looked_up(table, [due_job_of(entry) for entry in entries])
            yield [
                job
                for job in found
                if isinstance(job, Unreadable) or (job.status is Status.FAILED and selection.holds(job))
            ]


def looked_up(table: DynamoDbTable, entries: Sequence[DueJob]) -> list[Job | Unreadable]:
    """The jobs of entries, in their order, without those that are gone; their requests as their items have them."""
    items = {item["pk"]: item for item in table.get_all(job_key(due.job_id) for due in entries)}
    found: list[Job | Unreadable] = []
    for due in entries:
        item = items.get(job_key(due.job_id)[0])
        if item is not None:
            try:
                found.append(job_from_item(item))
            except DamagedItem as error:
                found.append(Unreadable(due, error.why))
    return found


def reason_of(job: Job) -> str:
    """The code of the last attempt's error, as the API shows it."""
    last = job.last_attempt
    return last.error.code if last is not None and last.error is not None else ""


def add_options(options: argparse.ArgumentParser, *, default_from: str, default_to: str) -> None:
    """The words that select. Times are instants, days, or relative to now."""
    options.add_argument("--from", dest="from_ms", default=default_from, type=instant, metavar="TIME", help=_TIME_HELP)
    options.add_argument(
        "--to", dest="to_ms", default=default_to, type=instant, metavar="TIME", help="until before this"
    )
    options.add_argument("--owner", help="of this owner only")
    options.add_argument("--host", help="that call this host only, as in the URL: shop.example.com")


_TIME_HELP = "2026-11-29, 2026-11-29T06:00Z, now, -90m, -6h, -2d or +15m"


def selection_of(given: argparse.Namespace) -> Selection:
    """The selection of parsed options."""
    return Selection(
        from_ms=given.from_ms,
        to_ms=given.to_ms,
        owner=given.owner,
        host=given.host.lower() if given.host else None,
        error_code=getattr(given, "error_code", None),
    )


def instant(text: str, now: datetime | None = None) -> int:
    """Epoch milliseconds of what an operator types; a day is its first instant, a time without zone is UTC."""
    now = now or datetime.now(UTC)
    relative = re.fullmatch(r"([+-])(\d{1,6})([smhd])", text)
    try:
        if text == "now":
            moment = now
        elif relative:
            sign, count, unit = relative.groups()
            span = timedelta(**{{"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[unit]: int(count)})
            moment = now + span if sign == "+" else now - span
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: {_TIME_HELP}") from error
    return round(moment.timestamp() * 1000)


def row(at_ms: int, job_id: str, *texts: str) -> str:
    """A line of a list. What strangers wrote is printed in one line, without what steers a terminal."""
    return "  ".join([rfc3339(at_ms), job_id, *(one_line(text, 60) or "-" for text in texts)])


def described(found: Job | Unreadable) -> str:
    """The line of a job: fire time, id, owner, state or reason, method, host, name."""
    if isinstance(found, Unreadable):
        return row(found.due.fire_at_ms, found.due.job_id, f"cannot be read: {found.why}")
    state = reason_of(found) if found.status is Status.FAILED else found.status
    host = host_of(found.request.url)
    return row(found.fire_at_ms, found.id, found.owner, state, found.request.method, host, found.name or "")
