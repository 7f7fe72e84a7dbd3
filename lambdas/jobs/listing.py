"""What a list of jobs is asked for, and where its next page begins."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lambdas.jobs.errors import DamagedJob, Fault, RequestRefused
from lambdas.jobs.job import UPCOMING, Job, Status

UPCOMING_GROUP = "upcoming"

SIGNATURE_BYTES = 16


def group_of(status: Status) -> str:
    """The name under which jobs of a status are indexed: `scheduled` and `running` share one, so that a claim and
    a retry change nothing there."""
    return UPCOMING_GROUP if status in UPCOMING else status.value


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group's part of a list goes on: behind this job or, with an empty id, before all of this due time."""

    due_at_ms: int
    job_id: str


@dataclass(frozen=True, slots=True)
class ListQuery:
    """An owner's jobs with one of `statuses`, `from_ms` ≤ due time < `to_ms`, in one order, at most `limit`.

    With `name` only those whose name begins so, with `host` only those that call this host (in canonical form, without
    its port). `after` says for each group where to go on; a group without a position is at its beginning. Empty: the
    first page.
    """

    owner: str
    statuses: frozenset[Status] = frozenset(Status)
    from_ms: int | None = None
    to_ms: int | None = None
    descending: bool = False
    limit: int = 50
    name: str | None = None
    host: str | None = None
    after: Mapping[str, Position] = field(default_factory=dict)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups to be merged, in the order in which they must be read.

        `upcoming` comes first: jobs move from it to the others and never back, so that one that moves while the
        groups are read is seen in one of them at least.
        """
        return tuple(
            sorted({group_of(status) for status in self.statuses}, key=lambda name: (name != UPCOMING_GROUP, name))
        )

    @property
    def searches(self) -> bool:
        """Whether more than state and due time is asked for, which no index is sorted by."""
        return self.name is not None or self.host is not None

    def finds(self, job: Job) -> bool:
        """Whether the job has the name and the host that are asked for."""
        return (self.name is None or (job.name or "").startswith(self.name)) and self.host in (None, job.request.host)


class JobPage(NamedTuple):
    """A page of jobs, and where each group goes on; None when this is the last page.

    `damaged` are jobs of the owner that may belong on the page and cannot be understood.
    """

    jobs: tuple[Job, ...]
    after: Mapping[str, Position] | None
    damaged: tuple[DamagedJob, ...] = ()


def positions_after(query: ListQuery, shown: Sequence[tuple[str, Position]]) -> Mapping[str, Position]:
    """Where the groups go on after a page, given what it has gone through: at least one place, each with its group.

    All groups go on from the due time that the page has come to, also those that had nothing (left): a job that moves
    from one group to another between two pages is then neither lost nor, unless it is of that very millisecond,
    shown twice.
    """
    frontier_ms = shown[-1][1].due_at_ms
    places = {group: Position(frontier_ms, "") for group in query.groups}
    seen = [*query.after.items(), *shown]
    places.update({group: place for group, place in seen if place.due_at_ms == frontier_ms})
    return places


def encode_cursor(query: ListQuery, after: Mapping[str, Position], *, key: bytes) -> str:
    """An opaque cursor that is good for this owner and this question only, signed with the service's `key`."""
    places = {group: [place.due_at_ms, place.job_id] for group, place in after.items()}
    content = json.dumps(places, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_signature(query, content, key) + content).decode().rstrip("=")


def decode_cursor(cursor: str, query: ListQuery, *, key: bytes) -> Mapping[str, Position]:
    """Where a cursor says to go on. Raises RequestRefused (`cursor_invalid`) for anything that was not made by
    `encode_cursor` with this key for the same owner and the same question: nothing of it is looked at before."""
    try:
        signed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        signature, content = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _signature(query, content, key)):
            raise ValueError("not signed by this service for this question")
        return {str(group): _position(place) for group, place in json.loads(content).items()}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        message = "The cursor is not one that this list has given; leave it out to begin at the first page."
        raise RequestRefused(422, "Invalid request", [Fault("cursor", "cursor_invalid", message)]) from error


def _position(place: object) -> Position:
    match place:
        case [int(due_at_ms), str(job_id)] if 0 <= due_at_ms < 10**15 and len(job_id) <= 64:
            return Position(due_at_ms, job_id)
    raise ValueError("not a position")


def _signature(query: ListQuery, content: bytes, key: bytes) -> bytes:
    """What binds a cursor's content: whose list it is, and of what. Nobody but the service has the key."""
    asked = [query.owner, sorted(query.statuses), query.from_ms, query.to_ms, query.descending, query.name, query.host]
    return hmac.digest(key, json.dumps(asked).encode() + b"\0" + content, "sha256")[:SIGNATURE_BYTES]
