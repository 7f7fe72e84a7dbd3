"""`punctual import`: many jobs from a file."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from punctual.cli.errors import Misused, NotAccepted
from punctual.cli.faults import said
from punctual.cli.importing import Journal, Outcome, send
from punctual.cli.job_files import BadRow, Fields, Row, of_csv, of_json_lines
from punctual.cli.program import command
from punctual.cli.session import Session
from punctual.cli.times import moment
from punctual.cli.zone_type import Zone
from punctual.fields import document_of

TOLD = 20
"""How many bad lines are told; who has more has them all for the same reason."""


@command(
    "import",
    examples=[
        ("Schedule what a CSV file lists, one job a row", "punctual import jobs.csv"),
        ("See first whether every row would be accepted", "punctual import jobs.csv --dry-run"),
        ("Take documents of the API, one a line", "jq -c '.[]' jobs.json | punctual import -"),
    ],
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), help="By default what the file's name says.")
@click.option(
    "--timezone", type=Zone(), metavar="ZONE", help="Of the local times in a CSV file. By default the machine's."
)
@click.option("--results", metavar="FILE", help="Where it is kept what was accepted. By default beside FILE.")
@click.option("--dry-run", is_flag=True, help="Store nothing: ask the service what it would say to each row.")
def main(
    session: Session, file: str, form: str | None, timezone: str | None, results: str | None, dry_run: bool
) -> None:
    """FILE holds a job on each line: JSON objects as the API takes them, or CSV whose first row names the columns: url,
    method, at (or in), timezone, name, headers.NAME, body, json, timeout_seconds, retry.max_attempts and so on.
    `-` reads stdin.

    Nothing is sent if a line cannot be read. What was accepted is kept beside FILE, in FILE.imported.jsonl: the same
    command goes on from there, also after Ctrl-C or a lost connection, and schedules nothing twice. Mend the rows that
    were refused, and give it again.
    """
    rows = _rows(session, file, form, timezone)
    if dry_run:
        _validate(session, rows)
        return
    lasts = Path(file).is_file() and not file.startswith("/dev/")  # a pipe can be read once only
    path = Path(results) if results else Path(f"{file}.imported.jsonl") if lasts else None
    _schedule(session, rows, Journal(path))


def _rows(session: Session, file: str, form: str | None, timezone: str | None) -> list[Row]:
    """All rows. Raises NotAccepted, and tells each line that cannot be read, if there are any."""
    if file == "-" and sys.stdin is None:
        raise Misused("FILE: stdin is closed, so there is nothing to read.")
    with click.open_file(file, encoding="utf-8-sig", errors="strict") as opened:
        try:
            text = opened.read()
        except UnicodeDecodeError as error:
            raise NotAccepted(f"{file} is not UTF-8: {error}") from error
    is_csv = form == "csv" if form else file.lower().endswith(".csv")
    lines = io.StringIO(text)  # a line ends with "\n" alone: JSON has the other ends that Unicode knows within texts
    found = list(of_csv(lines, _when(session, timezone)) if is_csv else of_json_lines(lines))
    bad = [row for row in found if isinstance(row, BadRow)]
    for row in bad[:TOLD]:
        session.terminal.warn(str(row))
    if bad:
        more = f", the first {TOLD} of which are above" if len(bad) > TOLD else ""
        raise NotAccepted(f"{len(bad)} of {len(found)} lines cannot be read{more}. Nothing was sent.")
    return [row for row in found if isinstance(row, Row)]


def _when(session: Session, timezone: str | None) -> Callable[[str, str | None], Fields]:
    def when(phrase: str, zone: str | None) -> Fields:
        return document_of(moment(phrase, now=session.now(), zone=zone or timezone or session.zone).fields)

    return when


def _schedule(session: Session, rows: Sequence[Row], journal: Journal) -> None:
    refused = made = 0
    with _progress(session, len(rows)) as advance:
        for outcomes in send(session.client, rows, journal, wait=session.wait_for_quota):
            for outcome in outcomes:
                _tell(session, outcome)
                made += outcome.result.job is not None
                refused += outcome.result.job is None
            advance(len(outcomes))
    counts = {"scheduled": made, "there before": len(rows) - made - refused, "refused": refused}
    terminal = session.terminal
    terminal.say(", ".join(f"{count} {word}" for word, count in counts.items() if count or word == "scheduled") + ".")
    if refused:
        message = f"{refused} of {len(rows)} rows were refused."
        raise NotAccepted(message, hint="Mend them, and give the same command again.")


def _tell(session: Session, outcome: Outcome) -> None:
    """What became of one row: in JSON all of it, otherwise new ids to stdout and refusals to stderr."""
    terminal, result = session.terminal, outcome.result
    if terminal.as_json:
        terminal.json({"row": outcome.row.number, **result.raw})
    elif result.job is not None and terminal.quiet:
        terminal.ids([result.job.id])
    elif result.problem is not None:
        terminal.warn(f"line {outcome.row.number}: {said(result.problem)}")


def _validate(session: Session, rows: Sequence[Row]) -> None:
    refused = 0
    with _progress(session, len(rows)) as advance:
        for row in rows:
            validation = session.client.validate(**{"url": None, **row.document})
            refused += not validation.valid
            if session.terminal.as_json:
                session.terminal.json({"row": row.number, **validation.raw})
            else:
                for criterion in validation.failed:
                    session.terminal.warn(f"line {row.number}: {criterion.description}: {criterion.detail}")
            advance(1)
    session.terminal.say(f"{len(rows) - refused} of {len(rows)} rows would be accepted. Nothing was stored.")
    if refused:
        raise NotAccepted(f"{refused} rows would be refused.")


@contextmanager
def _progress(session: Session, total: int) -> Iterator[Callable[[int], None]]:
    if not session.terminal.draws:
        yield lambda _count: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=session.terminal.err, transient=True) as bar:
        task = bar.add_task("rows", total=total)
        yield lambda count: bar.advance(task, count)
