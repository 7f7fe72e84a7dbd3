"""A phrase read to one moment, or refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from punctual.cli.times.amounts import AMOUNT, LONGEST, amount_of
from punctual.cli.times.errors import Past, TimeNotUnderstood, TimeRefused, TwoMoments, quoted
from punctual.cli.times.instants import Instant, from_now, instants_of
from punctual.cli.times.phrase import Phrase, normal
from punctual.cli.times.readings import other_weekday
from punctual.cli.times.telling import clock, day_of, told
from punctual.cli.times.understanding import understood
from punctual.cli.times.zones import instants, offset, zone_of
from punctual.fields import JobFields

_GRACE = timedelta(seconds=60)
"""What is past by no more, the service takes for now."""

_TOLD = re.compile(
    r"(?P<local>[a-z]+ \d\d? [a-z]+ \d{4}, \d\d:\d\d[\d:.]* [^ ,]+), (?:now|in [^,]+|[^,]+ ago)"
    r"(?:, (?P<utc>\d\d:\d\d[\d:.]* utc(?: on [^,]+)?))?",
    re.ASCII,
)
"""What `told` says, in one case."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that a phrase names. `at` is aware, in `zone`, where it is to be shown; to the millisecond.

    `delay`: it was named as so long from now, and what is sent is that. `written`: what is sent as `at` otherwise.
    `notes` are sentences for the user.
    """

    at: datetime
    zone: str
    written: str
    delay: timedelta | None = None
    notes: tuple[str, ...] = ()

    @property
    def fields(self) -> JobFields:
        """What to schedule with: local time and its zone, so that the service's history has both."""
        if self.delay is not None:
            return {"delay": self.delay, "timezone": self.zone}
        return {"at": self.written, "timezone": self.zone}


def moment(text: str, *, now: datetime, zone: str, ahead: bool = True) -> Moment:
    """The moment that a text names, read in the zone of this name unless it says another.

    `ahead`: it is one to come. Otherwise (the bounds of a range) a phrase that could be past or to come is refused.
    Raises TimeNotUnderstood, TwoMoments, Past, TimeRefused, or Misused for an unknown zone.
    """
    found = _read(text, now=now, zone=zone, ahead=ahead)
    away = found.at.astimezone(UTC) - now.astimezone(UTC)
    if ahead and away < -_GRACE:
        here = now.astimezone(found.at.tzinfo)
        raise Past(
            f"{quoted(text)} is past: {told(found.at, now)}.",
            hint=f"It is {clock(here.replace(second=0, microsecond=0))} on {day_of(here)} in {found.zone}.",
        )
    if ahead and away > LONGEST:
        raise TimeRefused(f"{quoted(text)} is more than 100 years ahead: {told(found.at, now)}.")
    return found


def after(text: str, *, now: datetime, zone: str) -> Moment:
    """The moment that is so long from now, as `duration` reads it."""
    delay = duration(text)
    at = from_now(delay, now).astimezone(zone_of(zone))
    notes: tuple[str, ...] = ()
    if delay >= timedelta(days=1) and offset(at) != offset(now.astimezone(at.tzinfo)):
        notes = ("Clocks change before that; a day is taken as 24 hours.",)
    return Moment(at, zone, written(at), delay, notes)


def duration(text: str) -> timedelta:
    """An amount of time, such as "5s", "90 minutes", "1h30m", "2 days" (of 24 hours) or "in 10m".

    Raises TimeNotUnderstood, or TimeRefused beyond 100 years.
    """
    plain = normal(text).removeprefix("in ").removeprefix("+").strip()
    if not re.fullmatch(AMOUNT, plain, re.ASCII):
        raise TimeNotUnderstood(
            f"{quoted(text)} is no amount of time.",
            hint='Write "5s", "90 minutes", "1h30m" or "2 days"; a day or a time of day goes with --at.',
        )
    amount = amount_of(plain)
    if amount.months:
        raise TimeNotUnderstood(
            f"{quoted(text)}: months and years are not all equally long.", hint=f'Write --at "in {plain}", or in days.'
        )
    return amount.time


def told_apart(chosen: Moment, due_at: datetime, now: datetime) -> str | None:
    """What to say if the service understood another moment than this machine, as its zone data differ; else None."""
    if chosen.delay is not None or due_at.astimezone(UTC) == chosen.at.astimezone(UTC):
        return None
    return (
        f"The service takes this for {told(due_at, now, chosen.zone)}, and this machine for {told(chosen.at, now)}. "
        "Their time zone data differ; an offset (+01:00) leaves no doubt."
    )


def _read(text: str, *, now: datetime, zone: str, ahead: bool) -> Moment:
    plain = normal(text)
    said = _TOLD.fullmatch(plain)
    if said and not said["utc"] and not said["local"].endswith(" utc"):
        said = None
    phrase = understood(said["local"] if said else plain, shown=text)
    found = instants_of(phrase, now=now, zone=zone, ahead=ahead)
    if said and said["utc"]:
        # What `told` said: the time in UTC decides which of two it is. How far away it was then is passed over.
        found = [one for one in found if _in_utc(one.at, phrase) == said["utc"]]
        if not found:
            raise TimeRefused(f"{quoted(said['local'])} is not {quoted(said['utc'])}.")
    if len(found) > 1:
        raise _two(text, found, now)
    (one,) = found
    at = one.at.replace(microsecond=one.at.microsecond // 1000 * 1000)
    return Moment(at, one.zone, written(at), one.delay, tuple(_notes(phrase, one, now)))


def written(moment: datetime) -> str:
    """The time as the API takes it: local if the zone's clocks show it once, with its offset otherwise."""
    wall = moment.replace(tzinfo=None)
    once = len(instants(wall, zone_of(str(moment.tzinfo)))) == 1
    precision = "milliseconds" if wall.microsecond else "seconds" if wall.second else "minutes"
    return (wall if once else moment).isoformat(timespec=precision)


def _two(text: str, found: list[Instant], now: datetime) -> TwoMoments:
    lines = [f"  {told(one.at, now)}: write {written(one.at)}" for one in found]
    count = {2: "two", 3: "three"}.get(len(found), str(len(found)))
    message = "\n".join([f"{quoted(text)} could mean {count} moments:", *lines])
    return TwoMoments(message, [one.at for one in found])


def _notes(phrase: Phrase, chosen: Instant, now: datetime) -> Iterator[str]:
    if phrase.english:
        yield f"{quoted(phrase.text)} is taken for {quoted(phrase.english)}."
    if other := other_weekday(phrase, chosen.at.date(), now.astimezone(chosen.at.tzinfo).date()):
        later = chosen.at.replace(year=other.year, month=other.month, day=other.day)
        yield f"To some, {quoted(phrase.said['weekday'])} is {day_of(later)}: write {written(later)} for that."


def _in_utc(moment: datetime, phrase: Phrase) -> str:
    """As `told` has it after the local time, in one case."""
    utc = moment.astimezone(UTC)
    is_same_day = phrase.dates == (utc.date(),)
    return f"{clock(utc)} utc" + ("" if is_same_day else f" on {day_of(utc)}".casefold())
