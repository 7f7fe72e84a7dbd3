"""The value of an option that names a time zone."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from punctual.cli.errors import Misused


class Zone(click.ParamType[str]):
    """A name of the IANA database, in capitals or not, as the database spells it."""

    name = "zone"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from punctual.cli.times import zone_named

        try:
            return zone_named(value)
        except Misused as error:
            self.fail(f"{error} {error.hint}", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from punctual.cli.times.zones import names

        start = incomplete.casefold()
        return [CompletionItem(name) for folded, name in sorted(names().items()) if folded.startswith(start)]
