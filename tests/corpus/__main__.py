"""`make corpus`: hostile addresses and bad requests, entry by entry, through the real door and the real sender.

Prints a line for each entry that is wrong, then the counts. Exit status: 0 when all is right, 1 when something is
wrong, 2 when a file cannot be read or has another form.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.adapters.sending import CLOCK
from tests.corpus.addresses import AddressChecks
from tests.corpus.files import ADDRESSES, REQUESTS, NotACorpus, read_addresses, read_requests
from tests.corpus.requests import complaints

Checked = Sequence[tuple[str, str, Iterator[str]]]
"""Of each entry its name, what it sends, and what is wrong with what comes of it."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make corpus", description=__doc__)
    parser.add_argument("--ssrf", type=Path, default=ADDRESSES, help="a file of the form of tests/corpus/ssrf.json")
    parser.add_argument("--bad", type=Path, default=REQUESTS, help="one of the form of tests/corpus/bad_requests.json")
    given = parser.parse_args(arguments)
    try:
        addresses, requests = read_addresses(given.ssrf), read_requests(given.bad)
    except NotACorpus as error:
        print(error, file=sys.stderr)
        return 2
    now_ms = int(CLOCK.now_ms())
    checks = AddressChecks(addresses, now_ms=now_ms)
    entries, visible = addresses.entries, [entry for entry in addresses.entries if entry.stage == "api"]
    print(f"{_here(given.ssrf)}: {len(entries)} addresses")
    wrong = _told("door and socket", [(e.id, e.url, checks.whole(e)) for e in entries])
    wrong += _told("the socket's check alone", [(e.id, e.url, checks.sender_alone(e)) for e in entries])
    wrong += _told("the door's check alone", [(e.id, e.url, checks.door_alone(e)) for e in visible])
    print(f"{_here(given.bad)}: {len(requests.bad)} bad requests, {len(requests.valid)} good ones")
    for what, entries_of_kind in (("refused", requests.bad), ("accepted", requests.valid)):
        found = [(e.id, str(e.content)[2:-1], complaints(e, addresses.rules, now_ms=now_ms)) for e in entries_of_kind]
        wrong += _told(what, found)
    print(f"{wrong} wrong" if wrong else "all as it should be")
    return 1 if wrong else 0


def _here(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _told(what: str, entries: Checked) -> int:
    """Print what is wrong with the entries, then how many are right; how many are not."""
    wrong = 0
    for name, sent, found in entries:
        if problems := list(dict.fromkeys(found)):
            wrong += 1
            # In ASCII and escaped: what is in a corpus is not meant for terminals.
            print(f"  {name} {ascii(sent)[:100]} ({what}): {'; '.join(problems).encode('unicode_escape').decode()}")
    print(f"  {what}: {len(entries) - wrong} right, {wrong} wrong")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
