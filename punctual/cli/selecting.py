"""Which jobs are meant: by status, due time, name and host. The same options in every command that takes many."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

import click

from punctual.cli.errors import Misused

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from punctual.cli.session import Session
    from punctual.client import Client
    from punctual.models import Job

Order = Literal["asc", "desc"]
Function = TypeVar("Function", bound=Callable[..., Any])

PAGE_SIZE = 100
"""The most that the service gives at once."""

MEANINGS: dict[str, tuple[str, ...]] = {
    "upcoming": ("scheduled", "running"),
    "finished": ("succeeded", "failed", "cancelled"),
    **{status: (status,) for status in ("scheduled", "running", "succeeded", "failed", "cancelled")},
}
"""What `--status` takes → the statuses of the service."""


class Statuses(click.ParamType[tuple[str, ...]]):
    """One or several statuses, separated by commas."""

    name = "STATUS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        found: list[str] = []
        for word in str(value).lower().split(","):
            name = word.strip()
            if name not in MEANINGS:
                near = difflib.get_close_matches(name, MEANINGS, n=1)
                meant = f"Did you mean `{near[0]}`?" if near else f"There are: {', '.join(MEANINGS)}."
                self.fail(f"`{name}` is not a status. {meant}", param, ctx)
            found += MEANINGS[name]
        return tuple(found)

    def shell_complete(self, _: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        before, comma, begun = incomplete.rpartition(",")
        return [CompletionItem(f"{before}{comma}{name}") for name in MEANINGS if name.startswith(begun.lower())]


@dataclass(slots=True)
class Seen:
    """What was met while jobs were looked for: how many were looked at, and ids of those the service cannot read."""

    jobs: int = 0
    damaged: list[str] = field(default_factory=list)
    tell: Callable[[int], object] | None = None
    """Called now and then with how many were looked at."""

    def look_at(self, _: Job) -> None:
        self.jobs += 1
        if self.tell is not None and self.jobs % PAGE_SIZE == 0:
            self.tell(self.jobs)

    def note_damaged(self, job_id: str) -> None:
        if job_id not in self.damaged:
            self.damaged.append(job_id)


@dataclass(frozen=True, slots=True)
class Selection:
    """The jobs with one of `statuses` (none: all), `start` ≤ due time < `end` (UTC), a name and a host like these.

    The service searches for names and for whole hosts. It knows no patterns and no ports: jobs are looked at here for
    these, and `seen` tells what that took.
    """

    statuses: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    name: str | None = None
    host: str | None = None
    seen: Seen = field(default_factory=Seen, compare=False)

    @property
    def searches(self) -> bool:
        """Whether jobs must be looked at here to tell whether they are meant."""
        return self.host is not None and bool(set(self.host) & set("*?[:"))

    @property
    def narrows(self) -> bool:
        """Whether it is about some jobs only."""
        return bool(self.statuses) or any(part is not None for part in (self.name, self.host, self.start, self.end))

    def fits(self, job: Job) -> bool:
        """Whether the host is one that is meant, where the service could not tell."""
        if self.host is None or not self.searches:
            return True
        parts, wanted = urlsplit(job.request.url), self.host.lower()
        return fnmatchcase(parts.hostname or "", wanted) or fnmatchcase(parts.netloc, wanted)

    def walk(self, client: Client, *, order: Order = "asc", page_size: int = PAGE_SIZE) -> Iterator[Job]:
        """The jobs by due time, page by page as they are asked for."""
        if self.start is not None and self.end is not None and self.start >= self.end:
            return
        found = client.jobs(
            status=self.statuses,
            from_=self.start,
            to=self.end,
            name=self.name,
            host=None if self.searches else self.host,
            order=order,
            page_size=PAGE_SIZE if self.searches else page_size,
            damaged=self.seen.note_damaged,
        )
        for job in found:
            self.seen.look_at(job)
            if self.fits(job):
                yield job

    def before(self, moment: datetime) -> Selection:
        """Those of them that are due before this."""
        return replace(self, end=moment if self.end is None else min(self.end, moment))

    def since(self, moment: datetime) -> Selection:
        """Those of them that are due at this or later."""
        return replace(self, start=moment if self.start is None else max(self.start, moment))


@contextlib.contextmanager
def looking(session: Session, selection: Selection, *, briefly: bool = True) -> Iterator[None]:
    """Within it the person in front of the terminal sees how many jobs were looked at.

    `briefly`: that takes no while, unless they must be searched.
    """
    if not session.terminal.draws or (briefly and not selection.searches):
        yield
        return
    with session.terminal.err.status("Looking through your jobs …") as status:
        selection.seen.tell = lambda count: status.update(f"Looked through {count:,} jobs …")
        yield


def selecting(function: Function) -> Function:
    """The options by which jobs are chosen; `selected` makes a Selection of their values."""
    options = [
        click.option(
            "-s",
            "--status",
            "statuses",
            type=Statuses(),
            multiple=True,
            help=f"Only these: {', '.join(MEANINGS)}; several with commas.",
        ),
        click.option("--when", metavar="RANGE", help="Due in this range: `today`, `last 7 days`, `next 2 hours`."),
        click.option("--from", "from_", metavar="TIME", help="Due at this time or later."),
        click.option("--to", metavar="TIME", help="Due before this time; of a day or a month, up to its end."),
        click.option("--name", metavar="PREFIX", help="With a name that begins so, letter by letter."),
        click.option("--host", metavar="HOST", help="To this host; `*.example.com` is all below it."),
    ]
    return reduce(lambda decorated, option: option(decorated), reversed(options), function)


def bounds(
    session: Session, when: str | None, from_: str | None, to: str | None, *, zone: str | None = None
) -> tuple[datetime | None, datetime | None]:
    """From when and up to when, in UTC, None for no bound: a range in words, or --from and --to, read in the zone.
    That is the machine's if none is given.

    In UTC, as datetimes of one zone are compared by what its clocks show, which is wrong when they are put back.
    Raises Misused for times that cannot be understood, and for both at once.
    """
    from punctual.cli.times import bound, span

    if when is not None and (from_, to) != (None, None):
        raise Misused("Give a range in words, or --from and --to.")
    if (when, from_, to) == (None, None, None):
        return None, None
    now, zone = session.now(), zone or session.zone
    if when is not None:
        found = span(when, now, zone)
        start, end = found.start, found.end
    else:
        start = bound(from_, now=now, zone=zone) if from_ is not None else None
        end = bound(to, now=now, zone=zone, end=True) if to is not None else None
    return start and start.astimezone(UTC), end and end.astimezone(UTC)


def selected(
    session: Session,
    *,
    statuses: tuple[tuple[str, ...], ...],
    when: str | None,
    from_: str | None,
    to: str | None,
    name: str | None,
    host: str | None,
) -> Selection:
    """What the options mean. Raises Misused for times that cannot be understood or do not go together."""
    for option, value in (("--name", name), ("--host", host)):
        if value == "":
            raise Misused(f"{option} is empty: leave it out if any will do.")
    start, end = bounds(session, when, from_, to)
    if start and end and start >= end:
        raise Misused("--from must be before --to.")
    unique = tuple(dict.fromkeys(status for group in statuses for status in group))
    return Selection(unique, start, end, name, host)


def selected_in(session: Session, words: tuple[str, ...], *, when: str | None, **chosen: Any) -> Selection:
    """The same, with the range also as words that stand alone: `punctual list last 7 days`."""
    if words and when:
        raise Misused("Give the range once: as words, or with --when.")
    if near := [word for word in words if word in MEANINGS]:
        raise Misused(f"`{near[0]}` is a status, not a range of time.", hint=f"Did you mean --status {near[0]}?")
    return selected(session, when=" ".join(words) or when, **chosen)
