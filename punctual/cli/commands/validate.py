"""`punctual validate`: what the service would say of a job."""

from __future__ import annotations

from typing import Any

from punctual.cli.arguments import JOB, REQUEST, TRYING, WHEN, options, taken_apart
from punctual.cli.program import command
from punctual.cli.scheduling import planned
from punctual.cli.session import Session
from punctual.cli.verdicts import judge


@command(
    "validate",
    examples=[
        ("Judge a job by every criterion", 'punctual validate POST https://example.com/hook --at "tomorrow 9:00"'),
        ("Names of what is not met", "punctual validate http://localhost/ --in 5m --quiet"),
    ],
    prepare=taken_apart,
)
@options(REQUEST, WHEN, JOB, TRYING)
def main(session: Session, **given: Any) -> None:
    """It takes what `punctual schedule` takes, and schedules nothing: there is a tick or a cross for each criterion,
    with the reason. It ends with 4 if the job would be refused.
    """
    judge(session, planned(session, given))
