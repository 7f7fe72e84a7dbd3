"""Many jobs, a hundred at a time, each once: what was accepted is written down, and is not sent again."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from punctual.cli.errors import Misused, NotAccepted
from punctual.cli.job_files import Row
from punctual.errors import TooManyRequests

if TYPE_CHECKING:
    from punctual.client import Client
    from punctual.models import BatchResult

ROWS = 100
BYTES = 3_500_000
"""What one batch holds: the service takes 100 jobs and 4 MB."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: a job, or the problem."""

    row: Row
    result: BatchResult


class Journal:
    """The file in which it stands what was accepted: a JSON object for each batch.

    A line that was torn when its writer was killed counts as not written: then the batch is sent again, whole, with
    the key that it had.
    """

    def __init__(self, path: Path | None) -> None:
        """`path` None: nothing is remembered but by the service, which knows a repeated batch for 24 hours.

        Raises NotAccepted if the file is none of ours, Misused if it cannot be written: that must not be found out when
        jobs have been scheduled.
        """
        self._path = path
        if path is not None:
            _check_writable(path)
        self._accepted: Counter[str] = Counter(_digests(path)) if path is not None and path.exists() else Counter()

    def knows(self, row: Row) -> bool:
        """Whether the row was accepted before. Equal rows are as many jobs as there are rows."""
        if self._accepted[row.digest] == 0:
            return False
        self._accepted[row.digest] -= 1
        return True

    def keep(self, outcomes: Iterable[Outcome]) -> None:
        """Remember what was accepted."""
        if self._path is None:
            return
        entries = [
            {"row": outcome.row.number, "digest": outcome.row.digest, "id": outcome.result.job.id}
            for outcome in outcomes
            if outcome.result.job is not None
        ]
        with open(self._path, "a+b") as file:
            torn = file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n"
            file.write(b"\n" * bool(torn) + json.dumps({"accepted": entries}).encode() + b"\n")


def send(
    client: Client, rows: Iterable[Row], journal: Journal, *, wait: Callable[[TooManyRequests], None]
) -> Iterator[Sequence[Outcome]]:
    """Schedule the rows that the journal does not know. Yields what became of each batch's.

    When there were too many requests, `wait` is called before the batch is sent again; it raises to give up.

    A batch that was sent, and whose answer was lost, is the same when it is sent again: batches are made before what is
    known is left out, and their keys of their rows.
    """
    for whole in _batches(rows):
        batch = [row for row in whole if not journal.knows(row)]
        if not batch:
            continue
        results = _schedule(client, batch, wait)
        outcomes = [Outcome(row, result) for row, result in zip(batch, results, strict=True)]
        journal.keep(outcomes)
        yield outcomes


def _schedule(client: Client, batch: Sequence[Row], wait: Callable[[TooManyRequests], None]) -> list[BatchResult]:
    while True:
        try:
            return client.schedule_many([row.document for row in batch], idempotency_key=_key(batch))
        except TooManyRequests as refusal:
            wait(refusal)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        length = len(json.dumps(row.document))
        if batch and (len(batch) == ROWS or size + length > BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch


def _key(batch: Sequence[Row]) -> str:
    text = "\n".join(f"{row.number} {row.digest}" for row in batch)
    return f"import-{hashlib.sha256(text.encode()).hexdigest()}"


def _check_writable(path: Path) -> None:
    was_there = path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise Misused(
            f"{path} cannot be written: {error.strerror}.",
            hint="What was accepted is kept there. Name another place by --results.",
        ) from error
    if not was_there:
        path.unlink()


def _digests(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines():
        try:
            entry: Mapping[str, Any] = json.loads(line)
        except ValueError:
            continue  # torn
        try:
            yield from [str(row["digest"]) for row in entry["accepted"]]
        except (KeyError, TypeError) as error:
            raise NotAccepted(
                f"{path} is there, and holds something else than what became of rows.",
                hint="Name another by --results.",
            ) from error
