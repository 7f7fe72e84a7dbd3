"""How a command can end, as one tree, and the exit code of each.

CommandFailed            the base: a sentence, and what to do about it
├── Misused          2   the command line is wrong; click's own usage errors end alike
├── NotSignedIn      3   there is no service or no token to use
├── NotAccepted      4   what was given is understood, and nothing can be made of it
└── JobFailed        1   the job that was waited for failed, or a test did not pass

What the client raises has codes too: see `exit_code_of`.
"""

from __future__ import annotations

from enum import IntEnum

from punctual.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    Problem,
    PunctualError,
    ServiceFailed,
    SignInRefused,
    Unauthenticated,
)


class ExitCode(IntEnum):
    """What a script can go by (docs/cli.md)."""

    DONE = 0
    JOB_FAILED = 1
    MISUSED = 2
    NOT_SIGNED_IN = 3
    REFUSED = 4
    NOT_FOUND = 5
    CONFLICT = 6
    UNREACHABLE = 7
    BROKEN = 70
    """A mistake in the program, by the number that sysexits.h has for it."""
    NOT_WRITTEN = 74
    """A file or a stream fails, by the same."""
    INTERRUPTED = 130
    """Ctrl-C, as shells say it."""
    PIPE_CLOSED = 141
    """Nobody reads any more (`| head`), as shells say it."""


class CommandFailed(Exception):
    """A command that ended otherwise than asked. `hint` is what to do, "" if there is nothing to add."""

    exit_code = ExitCode.REFUSED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Misused(CommandFailed):
    """The command line is wrong."""

    exit_code = ExitCode.MISUSED


class NotSignedIn(CommandFailed):
    """There is no service or no token to use."""

    exit_code = ExitCode.NOT_SIGNED_IN


class NotAccepted(CommandFailed):
    """What was given is understood, and nothing can be made of it."""

    exit_code = ExitCode.REFUSED


class JobFailed(CommandFailed):
    """The job that was waited for failed, or a test did not pass."""

    exit_code = ExitCode.JOB_FAILED


def exit_code_of(error: CommandFailed | PunctualError) -> ExitCode:
    """The exit code that stands for an error."""
    match error:
        case CommandFailed():
            return error.exit_code
        case Unauthenticated() | SignInRefused():
            return ExitCode.NOT_SIGNED_IN
        case NotFound():
            return ExitCode.NOT_FOUND
        case Conflict() | PreconditionFailed():
            return ExitCode.CONFLICT
        case ServiceFailed():
            return ExitCode.UNREACHABLE
        case Problem():
            return ExitCode.REFUSED
    return ExitCode.UNREACHABLE
