"""The commands by name, and how one is declared: what all have in common is said here once."""

from __future__ import annotations

import difflib
import importlib
import inspect
import keyword
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from punctual.cli.plain import plain
from punctual.cli.session import Session
from punctual.cli.terminal import Terminal
from punctual.errors import PunctualError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Schedule": {
        "schedule": "Schedule a request for a moment that you name.",
        "test": "Send a request once, now, and compare the answer with what you expect.",
        "validate": "See whether a job would be accepted, and what speaks against it.",
        "criteria": "List all that a job must fulfil.",
    },
    "Jobs": {
        "list": "List jobs, those around now unless you say which.",
        "get": "Show everything about a job.",
        "history": "Show a job's attempts and what came back.",
        "watch": "See jobs come, run and end, as it happens.",
        "update": "Change a job that is still scheduled.",
        "cancel": "Cancel jobs: those you name, or all that match.",
        "run": "Send a scheduled job's request now.",
        "rerun": "Make a new job, due now, like one that has ended.",
    },
    "What there is": {
        "stats": "Count jobs by status, and by hour or day of their due time.",
        "targets": "Show hosts that are in trouble, and let jobs call them again.",
    },
    "Many jobs": {
        "import": "Schedule the jobs of a CSV or JSON Lines file.",
        "export": "Write jobs to a file that can be imported again.",
    },
    "Account": {
        "login": "Sign in to a service.",
        "logout": "Sign out.",
        "whoami": "Show who is signed in, where, and what they may use.",
        "profiles": "List the services that you are signed in to, and choose one.",
        "keys": "Make, list and revoke API keys for programs.",
        "completion": "Print what makes the tab key complete commands, options and ids.",
    },
}
"""Section of the help → command → its first sentence. A command is `main` in the module of its name (`import_`)."""

Prepare = Callable[[list[str]], tuple[list[str], Mapping[str, Any]]]
"""Takes words out that click would not understand: those that are left, and what was taken as arguments by name."""

SUMMARIES = {name: summary for commands in SECTIONS.values() for name, summary in commands.items()}


class Command(click.Command):
    """A command whose help shows what to type first: examples are what most people read of it."""

    def __init__(
        self, *args: Any, examples: Sequence[tuple[str, str]] = (), prepare: Prepare | None = None, **kwargs: Any
    ) -> None:
        """`examples` are pairs of a sentence and a command line. `prepare` sees the words before click does."""
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.prepare = prepare

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        taken: Mapping[str, Any] = {}
        if self.prepare is not None and not ctx.resilient_parsing:  # half a line, while the tab key asks, is no mistake
            args, taken = self.prepare(args)
        try:
            left = super().parse_args(ctx, args)
        except click.NoSuchOption as unknown:
            from punctual.cli.other_words import option_meant

            names = [name for param in self.params for name in param.opts]
            raise option_meant(unknown, names, ctx, takes_curl=self.prepare is not None) from None
        ctx.params.update(taken)
        return left

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_examples(formatter, self.examples)
        super().format_epilog(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        params = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        parts = (("Options", own_of(params)), ("Options of every command", [p for p in params if _is_common(p)]))
        for heading, some in parts:
            records = [record for param in some if (record := param.get_help_record(ctx))]
            if records:
                with formatter.section(_heading(heading)):
                    formatter.write_dl(records)


def own_of(params: Sequence[click.Parameter]) -> list[click.Parameter]:
    """Options and arguments that are this command's own and have something said about them."""
    return [
        param
        for param in params
        if not _is_common(param) and (isinstance(param, click.Option) or getattr(param, "help", None))
    ]


def _is_common(param: click.Parameter) -> bool:
    return param.name in COMMON or "--help" in param.opts


class Program(click.Group):
    """All commands. Each is imported when it is given, so that none pays for the others."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _command_first(args))

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUMMARIES:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"punctual.cli.commands.{name}")
        found: click.Command = module.main
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in SUMMARIES and not args[0].startswith("-"):
            _no_such_command(ctx, args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, SUMMARIES))
        for heading, commands in SECTIONS.items():
            with formatter.section(_heading(heading)):
                formatter.write_dl([(name.ljust(widest), summary) for name, summary in commands.items()])


class Group(click.Group):
    """Commands about one kind of thing. Without any, the first is meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args = _command_first(args)
        only_options = bool(args) and args[0].startswith("-") and args[0] not in ctx.help_option_names
        if only_options or not (args or ctx.resilient_parsing):  # the tab key asks for the commands themselves
            args = [next(iter(self.commands)), *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if incomplete.startswith("-"):
            return next(iter(self.commands.values())).shell_complete(ctx, incomplete)
        return super().shell_complete(ctx, incomplete)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            _no_such_command(ctx, args[0])
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        examples = [pair for one in self.commands.values() if isinstance(one, Command) for pair in one.examples]
        _write_examples(formatter, examples)


def group(name: str, *commands: Command, description: str = "") -> Group:
    """The command `name`, which is several: each is declared by `command`, with its own `summary`."""
    return Group(
        name,
        commands={one.name: one for one in commands if one.name},
        help=f"{SUMMARIES[name]}\n\n{description}",
        short_help=SUMMARIES[name],
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _no_such_command(ctx: click.Context, name: str) -> NoReturn:
    from punctual.cli.other_words import called_here

    path = ctx.command_path
    names = ctx.command.list_commands(ctx) if isinstance(ctx.command, click.Group) else []
    alike = [f"{path} {one}" for one in difflib.get_close_matches(name, names, n=3, cutoff=0.6)]
    near = list(called_here(path, name)) or alike
    meant = f" Did you mean {' or '.join(f'`{plain(one)}`' for one in near)}?" if near else ""
    raise click.UsageError(f"There is no command `{path} {plain(name)}`.{meant}", ctx)


def _command_first(args: list[str]) -> list[str]:
    """The words with options of every command behind the command, where it takes them, and with `help` as the option.

    `--profile work list` is `list --profile work`, and `help list` is `list --help`: other programs take both.
    """
    at = 0
    while at < len(args) and (args[at] in (*COMMON_FLAGS, "--profile") or args[at].startswith("--profile=")):
        at += 2 if args[at] == "--profile" else 1
    options, words = args[:at], args[at:]
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    return [*words[:1], *options, *words[1:]]


def _write_examples(formatter: click.HelpFormatter, examples: Sequence[tuple[str, str]]) -> None:
    if examples:
        with formatter.section(_heading("Examples")):
            for sentence, line in examples:
                formatter.write_text(f"{sentence}:")
                formatter.write(f"{'':>{formatter.current_indent + 2}}{line}\n\n")


def _heading(text: str) -> str:
    return click.style(text, bold=True)


COMPLETE_VARIABLE = "_PUNCTUAL_COMPLETE"
"""The shell's completion asks by this one; the name is click's."""


def command(
    name: str, *, summary: str = "", examples: Sequence[tuple[str, str]] = (), prepare: Prepare | None = None
) -> Callable[[Callable[..., None]], Command]:
    """Declare the function as the command `name`. It takes a Session, then its own arguments and options by name.

    Its help is a first sentence (that of SECTIONS, or `summary` for a command below another) and the docstring.
    """
    summary = summary or SUMMARIES[name]

    def declare(function: Callable[..., None]) -> Command:
        def run(*, as_json: bool, quiet: bool, profile: str | None, colour: bool | None, **given: Any) -> None:
            if profile == "":  # a variable that was not set must not choose the service
                raise click.UsageError("--profile is empty: leave it out for the one that you use.")
            ctx = click.get_current_context()
            session = ctx.obj = ctx.obj or Session(
                Terminal(as_json=as_json, quiet=quiet, colour=colour), profile=profile
            )
            ctx.call_on_close(session.close)
            try:
                function(session, **given)
            except PunctualError as error:
                session.advise(error)
                raise

        own = list(reversed(getattr(function, "__click_params__", [])))
        return Command(
            name,
            callback=run,
            params=[*own, *common_options()],
            help=f"{summary}\n\n{inspect.cleandoc(function.__doc__ or '')}",
            short_help=summary,
            examples=examples,
            prepare=prepare,
            context_settings={"help_option_names": ["-h", "--help"]},
        )

    return declare


def common_options() -> list[click.Option]:
    """What every command has besides its own."""
    return [
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON, one object a line."),
        click.Option(["-q", "--quiet"], is_flag=True, help="Print ids only."),
        click.Option(
            ["--profile"], metavar="NAME", envvar="PUNCTUAL_PROFILE", help="Use this profile (PUNCTUAL_PROFILE)."
        ),
        click.Option(["--color/--no-color", "colour"], default=None, help="Colours, or none, whatever is printed to."),
    ]


COMMON = tuple(option.name for option in common_options())
COMMON_FLAGS = tuple(
    word for option in common_options() if option.is_flag for word in (*option.opts, *option.secondary_opts)
)
"""Those of them behind which no value stands."""
