"""`punctual stats`: how many jobs, in which status, when."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import click

from punctual.cli.program import command
from punctual.cli.selecting import bounds
from punctual.cli.session import Session
from punctual.cli.statuses import LOOKS
from punctual.cli.zone_type import Zone
from punctual.models import Raw, Stats

if TYPE_CHECKING:
    from rich.text import Text

Interval = Literal["day", "hour"]
LABELS = {"day": "%a %d %b %Y", "hour": "%a %d %b %H:%M"}


@command(
    "stats",
    examples=[
        ("See a month before today and a month after it, by day", "punctual stats"),
        ("See yesterday by hour", "punctual stats yesterday --interval hour"),
        ("Count what failed this year", "punctual stats 2026 --json | jq .totals.failed"),
    ],
)
@click.argument("range_", metavar="[RANGE]...", nargs=-1, help="A range in words: `today`, `last 7 days`, `2026-11`.")
@click.option("--from", "from_", metavar="WHEN", help="Jobs due at this time or later.")
@click.option("--to", metavar="WHEN", help="Jobs due before this time; of a day or a month, up to its end.")
@click.option("--interval", type=click.Choice(["day", "hour"]), default="day", help="What a bar stands for.")
@click.option("--timezone", type=Zone(), metavar="ZONE", help="Whose days and hours. By default the machine's.")
def main(
    session: Session,
    range_: tuple[str, ...],
    from_: str | None,
    to: str | None,
    interval: Interval,
    timezone: str | None,
) -> None:
    """Without a range it is 30 days back and 30 ahead, or yesterday to tomorrow by hour. Intervals without jobs at both
    ends are not drawn. When it is not printed to a terminal, there is one line for each interval, with tabs between
    its beginning and the numbers of jobs that are scheduled, running, succeeded, failed and cancelled. With --quiet
    there is one for each status, with its number.
    """
    zone = timezone or session.zone
    start, end = bounds(session, " ".join(range_) or None, from_, to, zone=zone)
    stats = session.client.stats(from_=start, to=end, interval=interval, timezone=zone)
    session.terminal.answer(
        stats.raw, ids=[f"{name} {stats.totals[name]}" for name in LOOKS], shown=lambda: _draw(session, stats, interval)
    )


def _draw(session: Session, stats: Stats, interval: Interval) -> None:
    if not sys.stdout.isatty():
        rows = [[entry["start_local"], *(str(entry[name]) for name in LOOKS)] for entry in stats.series]
        session.terminal.table(("START", *(name.upper() for name in LOOKS)), rows)
        return
    from rich.text import Text

    session.terminal.show(_legend(stats))
    shown = _with_jobs(stats.series)
    most = max((_count(entry) for entry in shown), default=0)
    width = max(10, session.terminal.out.width - 30)
    for entry in shown:
        label = datetime.fromisoformat(entry["start_local"]).strftime(LABELS[interval])
        line = Text(f"{label:>16}  ")
        line.append_text(_bar(entry, width / most))
        line.append(f" {_count(entry)}")
        session.terminal.show(line)


def _legend(stats: Stats) -> Text:
    from rich.text import Text

    legend = Text()
    for name, look in LOOKS.items():
        legend.append(f"{look.block} ", style=look.style)
        legend.append(f"{name} {stats.totals[name]}  ")
    legend.rstrip()
    return legend


def _with_jobs(series: Sequence[Raw]) -> Sequence[Raw]:
    """The series without what is empty at its ends."""
    filled = [index for index, entry in enumerate(series) if _count(entry)]
    return series[filled[0] : filled[-1] + 1] if filled else ()


def _count(entry: Raw) -> int:
    return sum(entry[name] for name in LOOKS)


def _bar(entry: Raw, scale: float) -> Text:
    """A part for each status that has jobs, one character wide at least: a single failure is seen among thousands."""
    from rich.text import Text

    bar = Text()
    for name, look in LOOKS.items():
        if entry[name]:
            bar.append(look.block * max(1, round(entry[name] * scale)), style=look.style)
    return bar
