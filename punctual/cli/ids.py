"""Ids of jobs as people give them, as words or by stdin; and what they may have meant by those that are none."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from punctual.cli.errors import CommandFailed, Misused
from punctual.cli.plain import plain
from punctual.errors import PunctualError

if TYPE_CHECKING:
    from punctual.cli.session import Session
    from punctual.client import Client

LOOKED_AT = 100
"""How many jobs on either side of now are looked at for one whose id is like what was given."""

SHORTEST_PART = 4
"""Hexadecimal digits that a part of an id needs to be looked for."""

_JOB_ID = re.compile(r"job_[0-9a-f]{32}")


def job_id(session: Session, given: str) -> str:
    """The id that was given. Raises Misused, with ids that may have been meant, if it is none."""
    text = given.strip()
    if _JOB_ID.fullmatch(text):
        return text
    raise Misused(f"`{plain(text)}` is not a job's id.", hint=_meant(session, text))


def job_ids(session: Session, given: Sequence[str]) -> list[str]:
    """The ids that were given, each once, in order; `-` stands for those that stdin has.

    Of each line of stdin the first word counts, or the `id` of a JSON object: both forms of `punctual list` can be
    piped in. Raises Misused if any is none, before anything is done to the others.
    """
    words = [word for text in given for word in (_from_stdin() if text == "-" else [text])]
    return list(dict.fromkeys(job_id(session, word) for word in words))


def _from_stdin() -> Iterator[str]:
    for line in sys.stdin or ():
        if text := line.strip():
            yield _id_in_json(text) if text.startswith("{") else text.split()[0]


def _id_in_json(line: str) -> str:
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError):
        raise Misused(f"This line has no job's id: {plain(line[:80])}") from None


def _meant(session: Session, text: str) -> str:
    spelled = _respelled(text)
    found = [spelled] if spelled else _alike(session, text)
    if found:
        return f"Did you mean {' or '.join(found)}?"
    return "An id is `job_` and 32 hexadecimal digits; `punctual list` shows them."


def _respelled(text: str) -> str | None:
    """The id within a longer text (an address, a quoted word), or one written as a UUID or in capitals."""
    written = re.search(r"(?:job_)?([0-9a-f]{32})(?![0-9a-f])", text.lower().replace("-", ""))
    return f"job_{written[1]}" if written else None


def _alike(session: Session, text: str) -> list[str]:
    part = text.lower().removeprefix("job_").strip(".…")
    if len(part) < SHORTEST_PART or not re.fullmatch(r"[0-9a-f]+", part):
        return []
    with contextlib.suppress(PunctualError, CommandFailed):  # the mistake is told all the same
        return list(islice((known for known in _known(session.client, session) if part in known), 3))
    return []


def _known(client: Client, session: Session) -> Iterator[str]:
    """Ids of the jobs nearest to now."""
    now = session.now()
    for jobs in (client.jobs(to=now, order="desc", page_size=LOOKED_AT), client.jobs(from_=now, page_size=LOOKED_AT)):
        yield from (job.id for job in islice(jobs, LOOKED_AT))
