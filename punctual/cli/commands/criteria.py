"""`punctual criteria`: what a job must fulfil."""

from __future__ import annotations

from punctual.cli.program import command
from punctual.cli.session import Session


@command(
    "criteria",
    examples=[
        ("See what is judged", "punctual criteria"),
        ("What is judged of the URL", "punctual criteria --json | jq -r 'select(.field == \"url\") | .description'"),
    ],
)
def main(session: Session) -> None:
    """`punctual validate` judges a job by each of them."""
    criteria = session.client.criteria()
    terminal = session.terminal
    if terminal.as_json:
        for one in criteria:
            terminal.json({"name": one.name, "description": one.description, "field": one.field})
    elif terminal.quiet:
        terminal.ids(one.name for one in criteria)
    else:
        terminal.table(("NAME", "WHAT MUST BE SO"), [(one.name, one.description) for one in criteria])
