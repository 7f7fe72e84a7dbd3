"""What the tab key offers that only the service knows: ids of jobs and keys, and hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from punctual.cli.errors import CommandFailed
from punctual.cli.plain import plain
from punctual.cli.session import Session
from punctual.cli.terminal import Terminal
from punctual.errors import PunctualError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from punctual.client import Client

JOBS = 50
"""As many are offered, those that are due next before those that were due last."""
PATIENCE_SECONDS = 3.0
"""Somebody waits with a finger on the key."""

Offer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def _offering(known: Callable[[Client, Session], Iterator[tuple[str, str]]]) -> Offer:
    """What begins as it was typed of these words and what they are. Nothing when the service cannot be asked."""

    def offer(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from punctual.client import Client

        session = Session(Terminal(quiet=True), profile=ctx.params.get("profile"))
        try:
            where = session.credentials
            with Client(where.api_url, where.token, timeout=PATIENCE_SECONDS, retries=0) as client:
                found = [(word, told) for word, told in known(client, session) if word.startswith(incomplete)]
        except (CommandFailed, PunctualError, ValueError):
            return []
        return [CompletionItem(plain(word), help=plain(told)) for word, told in found]

    return offer


def _jobs(client: Client, session: Session) -> Iterator[tuple[str, str]]:
    from punctual.cli.times import relative

    now = session.now()
    coming = islice(client.jobs(from_=now, page_size=JOBS), JOBS)
    gone = islice(client.jobs(to=now, order="desc", page_size=JOBS), JOBS)
    for job in (*coming, *gone):
        said = job.name or f"{job.request.method} {job.request.url}"
        yield job.id, f"{job.status}, {relative(job.due_at, now)}: {said}"


def _keys(client: Client, _session: Session) -> Iterator[tuple[str, str]]:
    known = client.keys()
    return ((key.id, f"{key.name}: {' '.join(key.scopes)}") for key in known)


def _hosts(client: Client, _session: Session) -> Iterator[tuple[str, str]]:
    return ((target.host, target.state) for target in client.targets())


job_ids = _offering(_jobs)
key_ids = _offering(_keys)
hosts = _offering(_hosts)
