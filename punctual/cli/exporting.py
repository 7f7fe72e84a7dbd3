"""Jobs as the documents that would schedule them again, read from the service a few at a time."""

from __future__ import annotations

import csv
import io
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from punctual.cli.bulk import AT_ONCE
from punctual.cli.job_files import COLUMNS as KNOWN
from punctual.errors import NotFound

if TYPE_CHECKING:
    from punctual.client import Client
    from punctual.models import Job

T = TypeVar("T")
REDACTED = "[redacted]"
COLUMNS = tuple(name for name in KNOWN if name not in ("in", "headers.NAME", "secret_headers"))
"""Of a CSV file: those that `punctual import` takes, without the ones that say the same in another way."""


def whole(client: Client, jobs: Iterable[Job]) -> Iterator[Job]:
    """The jobs with their bodies, which lists leave out; in the same order, and in as much memory as a few take.

    One that is gone by now is left out.
    """

    def read(job: Job) -> Job | None:
        try:
            return client.job(job.id)
        except NotFound:
            return None

    return (job for job in _a_few_at_once(read, jobs) if job is not None)


def document(job: Job) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What would schedule the job again, and the names of the headers that the service does not show."""
    raw = job.raw
    request = raw["request"]
    hidden = tuple(name for name, value in request["headers"].items() if value == REDACTED)
    headers = {name: value for name, value in request["headers"].items() if name not in hidden}
    fields = {
        "url": request["url"],
        "method": request["method"],
        "headers": headers or None,
        "body": request.get("body"),
        "body_base64": request.get("body_base64"),
        "at": raw["due_at"],
        "timezone": raw.get("timezone"),
        "name": raw.get("name"),
        **{name: raw[name] for name in ("retry", "timeout_seconds", "expect")},
        "notify": None if raw.get("notify_from") == "owner" else raw["notify"],  # what holds for all is no job's own
    }
    return {name: value for name, value in fields.items() if value is not None}, hidden


def csv_row(fields: Mapping[str, Any] | None = None) -> str:
    """A document as a line of CSV; without one the names of the columns."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(COLUMNS if fields is None else _cells(fields))
    return line.getvalue()


def _cells(fields: Mapping[str, Any]) -> Iterator[str]:
    for column in COLUMNS:
        first, _, rest = column.partition(".")
        value = fields.get(first)
        if rest:
            value = (value or {}).get(rest)
        if column in ("body", "json"):
            body = fields.get("body")
            value = body if isinstance(body, str) is (column == "body") else None
            yield "" if value is None else value if column == "body" else json.dumps(value)
        elif column in ("headers", "expect.json"):
            yield "" if value is None else json.dumps(value)
        elif isinstance(value, list):
            yield ",".join(map(str, value))
        else:
            yield "" if value is None else str(value)


def _a_few_at_once(act: Callable[[Job], T], jobs: Iterable[Job]) -> Iterator[T]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun: deque[Future[T]] = deque()
        try:
            for job in jobs:
                begun.append(pool.submit(act, job))
                if len(begun) > 2 * AT_ONCE:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()
