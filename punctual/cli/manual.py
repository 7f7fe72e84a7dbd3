"""The pages of docs/cli.md that come from the commands themselves: what `--help` says, in Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

import click

from punctual.cli.errors import ExitCode
from punctual.cli.main import program
from punctual.cli.program import SECTIONS, SUMMARIES, Command, common_options, own_of

MARK = "<!-- What follows is made by `make manual` from the commands themselves. -->"
"""In docs/cli.md what is above it is written by hand."""


MEANINGS = {
    ExitCode.DONE: "Done as asked.",
    ExitCode.JOB_FAILED: "The job that was waited for failed or was cancelled, or a test did not pass.",
    ExitCode.MISUSED: "The command line is wrong, or a time in it cannot be understood.",
    ExitCode.NOT_SIGNED_IN: "Nobody is signed in, or the token does not count any more.",
    ExitCode.REFUSED: "The service refused; what was wrong is told beside the option that it came from.",
    ExitCode.NOT_FOUND: "There is no such job, key or host, or it is not yours.",
    ExitCode.CONFLICT: "The job runs, has ended, or has changed since the version that was named.",
    ExitCode.UNREACHABLE: "The service gave no answer, or failed, after all retries.",
    ExitCode.BROKEN: "A mistake in `punctual` itself, which is shown.",
    ExitCode.NOT_WRITTEN: "A file, or the output, cannot be read or written: the disk is full, or it is not permitted.",
    ExitCode.INTERRUPTED: "Ctrl-C.",
    ExitCode.PIPE_CLOSED: "Whoever read the output went away, as `head` does.",
}
"""What docs/cli.md says of each exit code."""

_JOB = "the [job](api.md#reading-a-job)"
_JOBS = "each [job](api.md#reading-a-job)"
PRINTED = {
    "schedule": f"{_JOB}, with `--wait` as it has ended; with `--dry-run` what `validate` prints",
    "validate": "the [validation](api.md#before-you-schedule): `valid`, `criteria`, `job`",
    "test": "the [result](api.md#before-you-schedule): `passed`, `checks`, `response`, `error`",
    "criteria": "each criterion: `name`, `description`, `field`",
    "list": f"{_JOBS}, without its body",
    "get": _JOB,
    "history": "each attempt, as the job has it",
    "watch": f"each change: `at`, `change`, `job` ({_JOB})",
    "update": f"{_JOB}, changed",
    "cancel": _JOBS,
    "run": f"{_JOBS}, with `--wait` as it has ended",
    "rerun": f"{_JOBS}, the new one, with `--wait` as it has ended",
    "stats": "the [counts](api.md#counting-jobs): `totals`, `series` and the range",
    "targets": "each host: `host`, `state`, `reason`, `until`",
    "import": "for each row its `row`, the line in the file, and its part of the [batch](api.md#many-at-once): "
    "`status`, and `job` or `problem`; with `--dry-run` its `row` and the validation",
    "export": f"each document that would schedule the job again; with `--whole` {_JOBS}",
    "login": "`profile`, `api_url`, `owner`, `default`",
    "logout": "`profile`, `api_url`, `revoked`, and the profile that is the `default` now",
    "whoami": "what `GET /v1/me` says, and `api_url`, `profile`, `signed_in_by`, `signed_in_until`",
    "profiles": "each profile: `profile`, `api_url`, `signed_in_by`, `secrets`, `default`",
    "keys": "each [key](api.md#api-keys), that of `create` with `key`; of `revoke` each `id` and `revoked`",
    "completion": "`shell`, `script`",
}
"""What docs/cli.md says that a command prints with --json, one object a line."""


def manual() -> str:
    """All commands, as Markdown."""
    return "\n".join([MARK, "", *_printed(), *_exit_codes(), *_sections()]).rstrip() + "\n"


def _printed() -> Iterator[str]:
    yield from ("## What `--json` prints", "")
    yield from ("One JSON object a line. Fields may be added in a later version; none is taken away.", "")
    yield from ("| command | an object for |", "|---|---|")
    yield from (f"| `{name}` | {PRINTED[name]} |" for name in SUMMARIES)
    yield ""


def _exit_codes() -> Iterator[str]:
    yield from ("## Exit codes", "", "| code | |", "|---|---|")
    for code in ExitCode:
        yield f"| {code.value} | {MEANINGS[code]} |"
    yield ""


def _sections() -> Iterator[str]:
    context = click.Context(program(), info_name="punctual")
    for title, commands in SECTIONS.items():
        yield from (f"## {title}", "")
        for name in commands:
            command = program().get_command(context, name)
            assert command is not None
            yield from _pages(command, context)
    yield from ("## Options of every command", "", *_options(common_options(), context))


def _pages(command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=command.name, parent=parent)
    level = "###" if parent.parent is None else "####"
    yield from (f"{level} {context.command_path}", "", *_prose(command.help or ""), "")
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from _pages(below, context)
        return
    usage = " ".join(command.collect_usage_pieces(context))
    yield from ("```", f"{context.command_path} {usage}".rstrip(), "```", "")
    yield from _options(own_of(command.params), context)
    if isinstance(command, Command):
        for sentence, line in command.examples:
            yield from (f"{sentence}:", "", "```sh", line, "```", "")


def _prose(text: str) -> Iterator[str]:
    yield from inspect.cleandoc(text).replace("\b\n", "").splitlines()


def _options(params: Sequence[click.Parameter], context: click.Context) -> Iterator[str]:
    records = [record for param in params if (record := param.get_help_record(context))]
    if records:
        yield from ("| option | |", "|---|---|")
        yield from (f"| `{_cell(names)}` | {_cell(text)} |" for names, text in records)
        yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
