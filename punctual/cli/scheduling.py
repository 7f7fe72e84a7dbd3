"""A job as a command line plans it: the request, its moment, how it is tried. Told before it is sent, and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from punctual.cli.arguments import job_fields, written
from punctual.cli.composing import Composed, composed
from punctual.cli.errors import Misused
from punctual.cli.plain import plain
from punctual.cli.session import Session

if TYPE_CHECKING:
    from punctual.cli.times import Moment
    from punctual.models import Job


@dataclass(frozen=True, slots=True)
class Planned:
    """What was understood. `fields` are for the client's `schedule` and `validate`."""

    request: Composed
    moment: Moment
    fields: Mapping[str, Any]


def planned(session: Session, given: dict[str, Any]) -> Planned:
    """The job that was written, told to the user in full. `given` is what REQUEST, WHEN, JOB and TRYING declare.

    Raises Misused, or what punctual.cli.times raises.
    """
    _check_when(given)
    moment = _moment(session, given.pop("at"), given.pop("delay"), given.pop("timezone"))
    request = composed(written(given))
    fields = {**request.fields(), **moment.fields, **job_fields(given)}
    for line in _understood(session, request, moment):
        session.terminal.say(line)
    return Planned(request, moment, fields)


def told_of(session: Session, job: Job, moment: Moment) -> Iterator[str]:
    """What the service has confirmed, in lines."""
    from punctual.cli.times import told, told_apart

    now = session.now()
    name = f" ({plain(job.name)})" if job.name else ""
    if job.status == "scheduled":
        yield f"Scheduled {plain(job.id)}{name}"
    else:  # the same idempotency key, later: the job is shown as it is now
        yield f"Scheduled before, and {job.status} now: {plain(job.id)}{name}"
    yield f"  {plain(job.request.method)} {plain(job.request.url)}"
    yield f"  {told(job.due_at, now, job.timezone)}"
    yield from (f"  Note: {plain(note.message)}" for note in job.notes)
    if apart := told_apart(moment, job.due_at, now):
        yield f"  Note: {apart}"


def sent(request: Composed) -> str:
    """Method and URL, how many headers, and how large the body is; no value of either, as these may be secret."""
    parts = []
    if request.headers:
        parts.append(f"{len(request.headers)} header{'s' if len(request.headers) > 1 else ''}")
    if request.body is not None:
        parts.append(_size(request.body))
    carrying = f" with {' and '.join(parts)}" if parts else ""
    return plain(f"{request.method} {request.url}{carrying}")


def _check_when(given: Mapping[str, Any]) -> None:
    """Raise Misused unless there is one time. What there is of a request is looked at for what may be wrong with it."""
    if given["at"] is not None and given["delay"] is not None:
        raise Misused("Give --at or --in, not both.")
    if given["at"] is not None or given["delay"] is not None:
        return
    if not (given["words"] or given["curl"] or given["fields"]):
        raise Misused(
            "It is not said what to send, and when.", hint="As in: punctual schedule POST https://example.com --in 10m"
        )
    if among := [word for word in given["curl"] if word.partition("=")[0] in ("--at", "--in")]:
        raise Misused(
            f"{among[0].partition('=')[0]} stands among curl's own options.",
            hint="What curl does not know goes before `--`: punctual schedule --in 10m -- curl https://example.com",
        )
    raise Misused("It is not said when.", hint='Give --at "sunday 1am", or --in 10m. Now is --in 0s.')


def _moment(session: Session, at: str | None, delay: str | None, timezone: str | None) -> Moment:
    from punctual.cli import times

    if at is not None:
        return times.moment(at, now=session.now(), zone=timezone or session.zone)
    return times.after(delay or "", now=session.now(), zone=timezone or session.zone_shown)


def _understood(session: Session, request: Composed, moment: Moment) -> Iterator[str]:
    from punctual.cli.times import told

    yield sent(request)
    at, now = moment.at, session.now()
    if moment.delay is not None:  # the service's clock will say, so milliseconds of this one's are for nothing
        at = at.replace(microsecond=0)
        now = at - moment.delay
    yield f"  {told(at, now, moment.zone)}"
    yield from (f"  Note: {note}" for note in moment.notes)
    yield from (f"  Note: {plain(note)}" for note in request.notes)


def _size(body: Any) -> str:
    if isinstance(body, str | bytes):
        count = len(body if isinstance(body, bytes) else body.encode())
        return f"{count:,} byte{'' if count == 1 else 's'}"
    return "a JSON body"
