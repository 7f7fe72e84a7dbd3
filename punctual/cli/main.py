"""The program `punctual`: runs a command, and turns whatever ended it into words and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import click

from punctual.cli.errors import CommandFailed, ExitCode, exit_code_of
from punctual.cli.plain import plain
from punctual.cli.program import COMPLETE_VARIABLE, Program
from punctual.errors import PunctualError

EPILOG = "Start with: punctual schedule GET https://example.com --in 10m --wait"


def program() -> Program:
    """All of it, as click has it."""
    group = Program(
        name="punctual",
        help="Makes an HTTP request at the moment you name.",
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    return click.version_option(_version(), prog_name="punctual", message="%(prog)s %(version)s")(group)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program. Returns the exit code."""
    _open_what_is_closed()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        if isinstance(stream, io.TextIOWrapper):  # a letter that an old encoding does not have is written out
            stream.reconfigure(errors="backslashreplace")
    try:
        _run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
        return ExitCode.DONE
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.MISUSED
    except CommandFailed as error:
        _tell(f"Error: {error}", error.hint)
        return error.exit_code
    except PunctualError as error:
        from punctual.cli.faults import told

        _tell(*told(error))
        return exit_code_of(error)
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo(err=True)  # what was typed stands there as ^C
        return ExitCode.INTERRUPTED
    except Exception as error:
        return _ended_by(error)


def _ended_by(error: Exception) -> int:
    """Of what no command is expected to raise. Nothing of it is a failed job."""
    if isinstance(error, BrokenPipeError):
        _leave_unwritten()
        return ExitCode.PIPE_CLOSED
    if isinstance(error, OSError):  # of a file or a stream: what the network does is the client's own
        _leave_unwritten()
        _tell(f"Error: {plain(str(error.filename or 'The output'))}: {error.strerror or error}.")
        return ExitCode.NOT_WRITTEN
    if isinstance(error, UnicodeEncodeError):
        _tell("Error: What was given holds bytes or characters that are no text.", "Bytes are sent by --data @file.")
        return ExitCode.MISUSED
    from traceback import format_exception

    _tell("".join(format_exception(error)), "Error: This is a mistake in punctual itself; please report it.")
    return ExitCode.BROKEN


def _open_what_is_closed() -> None:
    """A stream that was closed before the start goes nowhere. Else the next file, or the connection, would be it."""
    if sys.stdin is None:  # stays None: nobody takes it for one that is empty
        os.open(os.devnull, os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays open to the end
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _leave_unwritten() -> None:
    """What is still in the buffer cannot be written, and Python would complain about that while it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: list[str]) -> None:
    # Not click's `main`: it ends with 1 when nobody reads any more, and that would be a failed job.
    group = program()
    if COMPLETE_VARIABLE in os.environ:
        group.main(arguments, "punctual")
    with group.make_context("punctual", arguments) as ctx:
        group.invoke(ctx)


def _tell(*lines: str) -> None:
    for line in filter(None, lines):
        click.echo(plain(line, lines=True), err=True)  # what files hold, for one, is quoted in them


def _version() -> str:
    from punctual.version import VERSION

    return VERSION


if __name__ == "__main__":
    sys.exit(main())
