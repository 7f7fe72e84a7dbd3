"""What people type who know other programs, and what it is called here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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


def called_here(command: str, word: str) -> Iterator[str]:
    """Command lines that may be meant by `word` after `command`."""
    if command == "punctual" and (word in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") or "://" in word):
        yield f"punctual schedule {word}"
    for name, others in WORDS.get(command, {}).items():
        if word.lower() == name or word.lower() in others.split():
            yield f"{command} {name}"
