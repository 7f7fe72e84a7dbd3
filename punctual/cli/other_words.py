"""What people type who know other programs, and what it is called here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

WORDS: Mapping[str, Mapping[str, str]] = {
    "punctual": {
        "schedule": "create add new at in send call request curl",
        "cancel": "delete del rm remove kill stop abort unschedule",
        "get": "show view info inspect describe status job",
        "list": "ls jobs find search",
        "history": "log logs attempts",
        "watch": "tail follow monitor top",
        "update": "edit change modify patch set move reschedule",
        "run": "trigger fire start now execute",
        "rerun": "retry redo repeat again",
        "validate": "check lint",
        "test": "try",
        "stats": "count counts statistics",
        "targets": "target hosts host",
        "keys": "key token tokens apikey",
        "profiles": "config configure",
        "login": "auth signin sign-in",
        "logout": "signout sign-out",
        "whoami": "me account user",
        "import": "load",
        "export": "dump backup",
        "--version": "version",
    },
    "punctual keys": {
        "create": "add new make generate",
        "revoke": "delete del rm remove",
        "list": "ls show get",
    },
    "punctual targets": {"allow": "resume unpause lift clear reset release", "list": "ls show get"},
    "punctual profiles": {"use": "switch select set default", "list": "ls show get"},
}
"""Command → what may come after it → other words for that, with blanks between."""


OPTIONS: Mapping[str, str] = {
    "--in": "--after --delay",
    "--at": "--when --time --date --due --on --schedule",
    "--timezone": "--tz --zone --time-zone",
    "--data": "--body --data-raw --data-binary --data-ascii --raw",
    "--header": "--auth --user --cookie -u -a -b -A",
    "--idempotency-key": "--key",
    "--yes": "--force -f --no-confirm",
    "--json": "--output --format -o",
}
"""Option → other words for it, with blanks between."""


def called_here(command: str, word: str) -> Iterator[str]:
    """Command lines that may be meant by `word` after `command`."""
    if command == "punctual" and (word in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") or "://" in word):
        yield f"punctual schedule {word}"
    for name, others in WORDS.get(command, {}).items():
        if word.lower() == name or word.lower() in others.split():
            yield f"{command} {name}"


def option_meant(
    unknown: click.NoSuchOption, names: Sequence[str], ctx: click.Context, *, takes_curl: bool
) -> click.UsageError:
    """What is said of an option that a command with those `names` has not. `takes_curl`: it takes curl commands too."""
    from punctual.cli.curl_options import BY_NAME, BY_SHORT

    given = unknown.option_name
    meant = [name for name, others in OPTIONS.items() if name in names and given in others.split()]
    if meant:
        return click.UsageError(f"No such option {given!r}. Did you mean {meant[0]!r}?", ctx)
    if takes_curl and (given.removeprefix("--") in BY_NAME or given.removeprefix("-") in BY_SHORT):
        return click.UsageError(f"No such option {given!r}. It is curl's: a whole curl command goes after `--`.", ctx)
    return unknown
