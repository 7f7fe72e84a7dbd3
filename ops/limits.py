"""Show an owner's use and the limits that are theirs alone, and set these; the functions go by them within a minute."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lambdas.adapters.dynamodb_usage import DynamoDbUsage
from lambdas.jobs.errors import SettingInvalid
from lambdas.jobs.limits import MINUTE_MS, NAMES, Counter, OwnerLimits
from ops import place

EXAMPLES = """\
  python -m ops.limits OWNER                                                # what they have and use, here
  python -m ops.limits --stack Punctual-prod OWNER requests_per_minute=60 --write
  python -m ops.limits --stack Punctual-prod OWNER requests_per_minute= --write  # as everybody again"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the owner uses and each limit of their own, as it is or would be."""
    options = place.parser("ops.limits", __doc__, EXAMPLES)
    options.add_argument("owner", help="the subject of their tokens, which alerts and logs name")
    options.add_argument(
        "changes", nargs="*", metavar="NAME=NUMBER", help=f"{', '.join(NAMES)}; without a number: as everybody"
    )
    options.add_argument("--write", action="store_true", help="set them; without it they are only shown")
    return place.run(work, options, arguments)


def work(at: place.Place, given: argparse.Namespace) -> int:
    usage = DynamoDbUsage(at.dynamodb, at.table_name)
    now_ms = at.now_ms()
    standing = usage.standing(given.owner, now_ms=now_ms)
    requests = usage.taken(Counter(given.owner, "", now_ms - now_ms % MINUTE_MS))
    print(f"{standing.upcoming} jobs upcoming, {requests} requests counted in this minute.", file=sys.stderr)
    limits = changed(dict(standing.limits), given.changes)
    for name, value in limits.items():
        print(f"{name}={value}")
    if not limits:
        print("No limits of their own: those of the stage.", file=sys.stderr)
    if given.changes and given.write:
        usage.set_limits(given.owner, limits)
        print("Written. The functions go by it within a minute.", file=sys.stderr)
    elif given.changes:
        print("Nothing is written without --write.", file=sys.stderr)
    return 0


def changed(limits: dict[str, int], changes: Sequence[str]) -> dict[str, int]:
    """The limits with each `name=number` set and each `name=` gone. Raises SettingInvalid."""
    for change in changes:
        name, equals, value = change.partition("=")
        if name not in NAMES or not equals:
            raise SettingInvalid(f"{change!r} is not NAME=NUMBER; the names are {', '.join(NAMES)}")
        limits.pop(name, None)
        if value:
            limits[name] = getattr(OwnerLimits.from_setting(change), name)
    return limits


if __name__ == "__main__":
    sys.exit(main())
