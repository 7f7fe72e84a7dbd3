"""What the service says of a job without making it: a tick or a cross for each criterion, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from punctual.cli.errors import NotAccepted
from punctual.cli.faults import place_of
from punctual.cli.plain import plain
from punctual.cli.scheduling import Planned
from punctual.cli.session import Session
from punctual.models import Criterion

if TYPE_CHECKING:
    from rich.text import Text

TICK, CROSS = "✓", "✗"


def judge(session: Session, plan: Planned) -> None:
    """Ask the service, and show what it says. Raises NotAccepted if it would refuse the job."""
    from rich.text import Text

    validation = session.client.validate(plan.request.url, **plan.fields)
    failed = validation.failed
    session.terminal.answer(
        validation.raw,
        ids=[criterion.name for criterion in failed],
        shown=lambda: session.terminal.show(Text("\n").join(_lines(validation.criteria))),
    )
    if not validation.valid:
        raise NotAccepted(f"It would be refused: {len(failed)} of {len(validation.criteria)} criteria are not met.")
    met = "what is not met does not keep it from being scheduled" if failed else "all criteria are met"
    session.terminal.say(f"It would be accepted: {met}. Nothing is scheduled.")


def _lines(criteria: tuple[Criterion, ...]) -> Iterator[Text]:
    from rich.text import Text

    for criterion in criteria:
        if criterion.passed:
            yield Text.assemble((TICK, "green"), f" {plain(criterion.description)}")
            continue
        yield Text.assemble((CROSS, "bold red"), f" {plain(criterion.description)}")
        where = f"{place_of(criterion.field)}: " if criterion.field else ""
        if criterion.detail:
            yield Text(f"    {where}{plain(criterion.detail)}", style="red")
