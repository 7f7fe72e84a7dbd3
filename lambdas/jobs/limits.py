"""Limits: how much of the service one owner may use. Pure values; `limiting.py` holds owners to them.

All are tuples with names: the api imports this, and a data class takes many times as long to be made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lambdas.jobs.errors import SettingInvalid

MINUTE_MS = 60_000

HIGHEST = 10**9
"""No limit is higher; whoever wants none at all sets this."""


class OwnerLimits(NamedTuple):
    """What one owner may do. A minute is one of the clock's: it begins with its second 0, in UTC.

    The defaults are `standard`: 30,000 requests are half of what the partition of an owner takes in DynamoDB, which is
    1,000 writes a second.
    """

    requests_per_minute: int = 30_000
    """Requests that make or move jobs, refused ones too; each job of a batch is one."""
    reads_per_minute: int = 60_000
    """All other requests, counted by each process of the api for itself."""
    upcoming_jobs: int = 10_000_000
    """Jobs that are scheduled or running at one time."""
    due_per_minute: int = 60_000
    """Jobs that are due in one minute."""
    due_per_host_minute: int = 20_000
    """Jobs that are due at one host in one minute."""

    @classmethod
    def from_setting(cls, setting: str) -> OwnerLimits:
        """The limits of a setting: `standard`, `starter`, or either with changes, `starter,requests_per_minute=60`.

        Raises SettingInvalid.
        """
        limits, changes = cls(), dict[str, int]()
        for entry in filter(None, (part.strip() for part in setting.split(","))):
            name, equals, value = entry.partition("=")
            if equals:
                changes[name.strip()] = _whole(name.strip(), value.strip())
            elif entry in PRESETS:
                limits = PRESETS[entry]
            else:
                raise SettingInvalid(f"limits: {entry!r} is neither one of {', '.join(PRESETS)} nor name=number")
        return limits.changed(changes)

    def changed(self, changes: Mapping[str, int]) -> OwnerLimits:
        """These limits with some of them set otherwise. Raises SettingInvalid for names and figures that are none."""
        for name, value in changes.items():
            if name not in NAMES:
                raise SettingInvalid(f"limits: there is no {name}; there are {', '.join(NAMES)}")
            if not 1 <= value <= HIGHEST:
                raise SettingInvalid(f"limits: {name} is {value}; it must be from 1 to {HIGHEST}")
        return self._replace(**changes)


NAMES = OwnerLimits._fields

PRESETS = {
    "standard": OwnerLimits(),
    "starter": OwnerLimits(
        requests_per_minute=10, reads_per_minute=600, upcoming_jobs=1_000, due_per_minute=100, due_per_host_minute=60
    ),
}


def _whole(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 10:
        raise SettingInvalid(f"limits: {name} is {value!r}; it must be a whole number")
    return int(value)


class Meter(NamedTuple):
    """How an owner stands with one limit, as answers tell it (`RateLimit` and `RateLimit-Policy`).

    `remaining` is what this process knows of; others may have taken from it since. Without a window (None) the limit
    is on what there is at one time.
    """

    name: str
    quota: int
    remaining: int
    window_seconds: int | None = None
    reset_seconds: int | None = None


class Counter(NamedTuple):
    """What counts an owner's requests in a minute, or their jobs at a host in a minute.

    `host` is "" for requests; `minute_ms` is when the minute begins (epoch ms).
    """

    owner: str
    host: str
    minute_ms: int


class Taken(NamedTuple):
    """What a counter gave: so many units, and how many it could still give after that."""

    units: int
    room: int


class Used(NamedTuple):
    """An owner's limits and what they use of them: requests of this minute that were counted so far, and jobs that
    were upcoming when they were looked at, at most a minute ago; None if nobody could look."""

    limits: OwnerLimits
    requests: int
    upcoming: int | None


class Standing(NamedTuple):
    """What is stored about an owner: limits that are theirs alone, and how many jobs of theirs are unfinished.

    The jobs may be those of some seconds ago.
    """

    limits: Mapping[str, int]
    upcoming: int
