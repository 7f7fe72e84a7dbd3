"""`punctual completion`: the tab key."""

from __future__ import annotations

import os
from pathlib import PurePath

import click
from click.shell_completion import get_completion_class

from punctual.cli.errors import Misused
from punctual.cli.program import COMPLETE_VARIABLE, command
from punctual.cli.session import Session

SHELLS = ("bash", "zsh", "fish")


@command(
    "completion",
    examples=[
        ("In bash, from now on: add this to ~/.bashrc", 'eval "$(punctual completion bash)"'),
        ("In zsh: to ~/.zshrc, below compinit", 'eval "$(punctual completion zsh)"'),
        ("In fish", "punctual completion fish > ~/.config/fish/completions/punctual.fish"),
    ],
)
@click.argument("shell", required=False, type=click.Choice(SHELLS))
def main(session: Session, shell: str | None) -> None:
    """SHELL is by default the one that SHELL names. Commands, options and their values are completed, ids of jobs too:
    the service is asked for these.
    """
    shell = shell or PurePath(os.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise Misused("Which shell?", hint=f"Name one: {', '.join(SHELLS)}.")
    writer = get_completion_class(shell)
    assert writer is not None  # click knows these three
    root = click.get_current_context().find_root().command
    script = writer(root, {}, "punctual", COMPLETE_VARIABLE).source()
    session.terminal.answer({"shell": shell, "script": script}, ids=[script], shown=lambda: click.echo(script))
