"""`punctual list`: which jobs there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from punctual.cli.errors import Misused
from punctual.cli.printing import print_job
from punctual.cli.program import command
from punctual.cli.selecting import PAGE_SIZE, Order, Selection, looking, selected_in, selecting
from punctual.cli.session import Session

if TYPE_CHECKING:
    from punctual.models import Job

LIMIT = 50


@command(
    "list",
    examples=[
        ("See the jobs around now", "punctual list"),
        ("What failed since midnight", "punctual list today --status failed"),
        ("What is to come, the next first", "punctual list --status upcoming"),
        ("By range and host", "punctual list last 7 days --host shop.example.com"),
        ("All there are, for another program", "punctual list --all --json | jq -r .request.url"),
    ],
)
@click.argument("range_", metavar="[RANGE]...", nargs=-1, help="A range in words: `today`, `last 7 days`, `2026-11`.")
@selecting
@click.option("--order", type=click.Choice(["asc", "desc"]), help="Begin with the first due, or with the last.")
@click.option(
    "-n",
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    help=f"So many at most ({LIMIT}).",
)
@click.option("-a", "--all", "everything", is_flag=True, help="All of them.")
def main(
    session: Session,
    *,
    range_: tuple[str, ...],
    order: Order | None,
    limit: int | None,
    everything: bool,
    **chosen: Any,
) -> None:
    """Shown are those whose due times are nearest to now, in the order of time; with --order those from that end on.
    A host with `*` or a port is compared here, for which all jobs in the range are looked at. When it is not printed to
    a terminal, there is one line for each job, with tabs between id, status, due time, method, URL and name.
    """
    if everything and limit is not None:
        raise Misused("--limit and --all do not go together.")
    selection = selected_in(session, range_, **chosen)
    if everything:
        listing = Listing(selection.walk(session.client, order=order or "asc"))
    else:
        listing = _some(session, selection, order, limit or LIMIT)
    shown = _print(session, listing.jobs)
    _remark(session, selection, listing, shown)


@dataclass
class Listing:
    """Jobs to be shown one by one. `more` says, once they have been, which were left out."""

    jobs: Iterator[Job]
    more: str = ""


def _some(session: Session, selection: Selection, order: Order | None, limit: int) -> Listing:
    size = min(PAGE_SIZE, limit + 1)  # one more tells whether there are more
    if order is None:
        return _nearest(session, selection, limit, size)
    found = selection.walk(session.client, order=order, page_size=size)
    listing = Listing(found)

    def those() -> Iterator[Job]:
        yield from islice(found, limit)
        if next(found, None):
            listing.more = "later" if order == "asc" else "earlier"

    listing.jobs = those()
    return listing


def _nearest(session: Session, selection: Selection, limit: int, size: int) -> Listing:
    """As many from before now as from after it; more from one side if the other has fewer."""
    now = session.now()
    with looking(session, selection):
        past = list(islice(selection.before(now).walk(session.client, order="desc", page_size=size), limit + 1))
        future = list(islice(selection.since(now).walk(session.client, page_size=size), limit + 1))
    to_come = future[: limit - min(len(past), limit // 2)]
    gone = past[: limit - len(to_come)]
    sides = (("earlier", past, gone), ("later", future, to_come))
    left_out = " and ".join(side for side, found, shown in sides if len(found) > len(shown))
    return Listing(iter([*reversed(gone), *to_come]), left_out)


def _print(session: Session, jobs: Iterator[Job]) -> int:
    """Print them, each as soon as it is known. Returns how many there were."""
    terminal, count = session.terminal, 0
    width = terminal.width if terminal.aligns else 0
    for job in jobs:
        if not width or terminal.as_json or terminal.quiet:
            print_job(session, job)
        else:
            from punctual.cli.rows import headline, row

            above = None if count else headline(width)
            for line in filter(None, (above, *row(job, now=session.now(), width=width))):
                terminal.out.print(line, soft_wrap=True)
        count += 1
    return count


def _remark(session: Session, selection: Selection, listing: Listing, shown: int) -> None:
    terminal = session.terminal
    looked = f" Looked through {selection.seen.jobs:,} jobs." if selection.searches else ""
    if not shown:
        terminal.say(("No jobs match." if selection.narrows else "There are no jobs.") + looked)
    elif looked:
        terminal.say(f"{shown:,} {'job matches' if shown == 1 else 'jobs match'}.{looked}")
    if listing.more:
        terminal.warn(f"There are {listing.more} ones: --all shows all of them, --limit N more.")
    if damaged := selection.seen.damaged:
        terminal.warn(f"The service cannot read {', '.join(damaged)}, so that is not shown (`job_damaged`).")
